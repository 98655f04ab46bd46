"""The migrations of qpaykit's tables."""
