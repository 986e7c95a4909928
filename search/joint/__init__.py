"""One model for all outputs: sums of short terms that they share, grown and cut on one loss."""
