"""Genetic programming in the kernel: the engine and its settings."""
