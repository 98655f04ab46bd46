"""Compares qpaykit with hand-written code; run by `python -m benchmarks`."""
