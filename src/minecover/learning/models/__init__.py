"""Model families: one file each, from its yaml keys to an unfitted scikit-learn Pipeline."""
