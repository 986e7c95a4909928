"""Enumeration of every function up to a size, and bidirectional enumeration of exact laws."""
