"""Width tuning: narrower signals within a stated loss."""
