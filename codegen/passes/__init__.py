"""Graph to graph: the same values at less cost."""
