"""What qpaykit costs, beside what one would write by hand; run by `python -m benchmarks`."""
