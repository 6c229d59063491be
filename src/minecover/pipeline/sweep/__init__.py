"""Sweeps: one MLflow run a job over the tables that DVC built, none of them twice."""
