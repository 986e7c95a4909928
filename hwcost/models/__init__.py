"""Cost models of graph nodes, estimates of whole designs, and budgets."""
