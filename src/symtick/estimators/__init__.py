"""The search in scikit-learn's conventions."""
