"""The tables of qpaykit, version after version."""
