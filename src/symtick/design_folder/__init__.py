"""A design on disk: written, read, compiled from text, estimated, tuned, verified, synthesised."""
