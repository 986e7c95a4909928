"""Equations in the forms of other programs: LaTeX, MathML, arrays, torch."""
