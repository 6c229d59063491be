"""Runs, models and the registry: the only package that imports MLflow."""

from minecover.tracking.client import connect
from minecover.tracking.log import log_model, log_run
from minecover.tracking.record import Dataset, Record
from minecover.tracking.serving import scoring_app, serve_ui
from minecover.tracking.types import Tracking

__all__ = [
    "Dataset",
    "Record",
    "Tracking",
    "connect",
    "log_model",
    "log_run",
    "scoring_app",
    "serve_ui",
]
