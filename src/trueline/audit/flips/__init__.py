"""How few rows to remove, relabel or add to change what a coefficient says."""
