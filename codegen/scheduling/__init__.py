"""Scheduling: the pipeline stage of each node."""
