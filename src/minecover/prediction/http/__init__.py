"""Serve a model over HTTP: read a request body, score its rows, respond."""

from minecover.prediction.http.checks import MAX_BYTES, MAX_ROWS, RequestError
from minecover.prediction.http.invocations import replace_invocations
from minecover.prediction.http.request_body import read_request
from minecover.prediction.http.scorer import Scorer

__all__ = [
    "MAX_BYTES",
    "MAX_ROWS",
    "RequestError",
    "Scorer",
    "read_request",
    "replace_invocations",
]
