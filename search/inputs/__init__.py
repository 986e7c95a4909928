"""From features to what a design reads: words and their slices, or scaled features."""
