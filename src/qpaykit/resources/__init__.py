"""The endpoints of QPay, each with a sync and an async method."""
