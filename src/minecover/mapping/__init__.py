"""Map a region with a registered model: what a run does, and what a worker does of it."""
