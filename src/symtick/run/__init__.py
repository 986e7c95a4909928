"""The run folder: distil, tune, compare, and what they leave behind."""
