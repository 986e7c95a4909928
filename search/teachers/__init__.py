"""Trained networks whose scores the search imitates."""
