"""Sends operations: token, retries, connections. The only package that touches the network."""
