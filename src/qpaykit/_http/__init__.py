"""The only rooms that touch the network."""
