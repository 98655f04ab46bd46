"""Callback endpoints, ready for a web framework."""
