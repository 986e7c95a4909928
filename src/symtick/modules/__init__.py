"""Modules inside a network replaced by formulas, one after another."""
