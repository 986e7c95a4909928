"""Benchmarks of the search: problems, judges, and one command for each comparison.

Run from the project's root folder, as `python -m benchmarks.recovery`. Nothing in the package
imports these modules.
"""
