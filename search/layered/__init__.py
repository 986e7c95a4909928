"""Sums of univariate functions of sums: fitted, then reduced by backward elimination."""
