"""The two faces of every endpoint."""
