"""Typed access to the C++ kernel, and the protocol of every search."""
