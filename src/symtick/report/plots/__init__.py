"""Plots as SVG or PNG."""
