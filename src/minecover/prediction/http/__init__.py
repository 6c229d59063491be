"""A served model: the door that questions come through, and how they are read and answered."""

from minecover.prediction.http.invocations import answer_with
from minecover.prediction.http.request_body import MAX_BYTES, MAX_ROWS, Scorer, read_question

__all__ = ["MAX_BYTES", "MAX_ROWS", "Scorer", "answer_with", "read_question"]
