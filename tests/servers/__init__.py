"""Local servers that speak the real protocols, for tests without a network."""
