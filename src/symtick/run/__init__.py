"""Runs: a job distilled into a folder of designs, and what can be done with them."""
