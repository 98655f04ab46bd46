"""How QPay writes what it knows: text here, numbers there, names that differ by endpoint."""
