"""A design on disk: written, read, compiled from text, verified, estimated, synthesised."""
