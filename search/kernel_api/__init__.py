"""Typed access to the C++ kernel: rows, losses, fitting, evaluation."""
