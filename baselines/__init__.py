"""Room: `baselines`."""
