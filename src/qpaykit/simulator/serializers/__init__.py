"""The JSON of QPay's answers; types and names of the same field differ by endpoint."""
