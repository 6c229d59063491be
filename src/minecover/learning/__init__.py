"""Learning from tables: folds, leakage audit, model families, training, applicability."""
