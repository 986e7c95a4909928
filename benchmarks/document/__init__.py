"""The words and the published figures of docs/benchmarks.md."""
