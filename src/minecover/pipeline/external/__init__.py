"""External validation: a finished model on ground that it never saw."""
