"""Deep symbolic regression: the policy network and its training."""
