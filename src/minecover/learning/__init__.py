"""Learn from the tables: folds, the leakage audit, model families, training, applicability."""
