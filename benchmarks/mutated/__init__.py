"""What `benchmarks/mutations.py` draws, mutates, runs and checks."""
