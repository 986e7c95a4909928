"""Room: `sim`."""
