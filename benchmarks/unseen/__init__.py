"""Problems that the regressor was not set up on; `python -m benchmarks.unseen`."""
