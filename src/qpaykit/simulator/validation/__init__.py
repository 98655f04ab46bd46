"""What QPay refuses in a request before it does anything, one module for each theme."""
