"""Device files from measurements: with open tools, or from a user's own reports."""
