"""Which pipeline stage each node runs in."""
