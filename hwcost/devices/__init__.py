"""Device files: what operations cost on a part, and how they are fitted."""
