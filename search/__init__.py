"""Room: `search`."""
