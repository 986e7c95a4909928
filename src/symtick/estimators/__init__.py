"""The search in scikit-learn's conventions: `SymbolicDistiller` and `SymbolicRegressor`."""
