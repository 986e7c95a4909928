"""Shorter formulas: constants of a fitted formula go, the others are refitted."""
