"""Local services with the real protocols, for tests without a network."""
