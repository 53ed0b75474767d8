"""The formulas of `python -m benchmarks.bounds`, on small numbers."""
