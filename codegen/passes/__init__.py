"""Passes: graphs rewritten to cheaper graphs with the same values."""
