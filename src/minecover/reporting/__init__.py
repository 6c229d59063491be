"""Figures, candidate mines, the report page and the model card."""
