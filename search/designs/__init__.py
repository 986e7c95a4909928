"""From expressions to measured designs and their Pareto front."""
