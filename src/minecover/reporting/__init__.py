"""What people look at: figures, candidates, the report page and the model card."""
