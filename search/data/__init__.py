"""Rows, targets and metrics: what a search is scored on."""
