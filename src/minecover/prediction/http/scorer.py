"""Score the rows of a request body and write the response body."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

import numpy as np
import orjson
from sklearn.pipeline import Pipeline

from minecover.core.cube import F32
from minecover.core.probabilities import row_classes, row_probabilities
from minecover.learning.known_dates import KnownDates
from minecover.prediction.http.checks import RequestError
from minecover.prediction.http.json_body import read_output
from minecover.prediction.http.request_body import JSON, read_request
from minecover.tracking.flavor import OUTPUTS

#: Feature that is the number of valid dates of a row.
DATES = "dates_seen"


@dataclass(frozen=True, slots=True, eq=False)
class Scorer:
    """A model that responds to request bodies.

    Parameters
    ----------
    model : fitted Pipeline
        A classifier of two classes, the second of them a mine.
    features : sequence of str
        Its columns, in order. A request may have them in any order.
    threshold : float
        Probability from which on a row is a mine, where a request asks for classes.
    known : KnownDates
        How many valid dates a location had in training.
    """

    model: Pipeline
    features: Sequence[str]
    threshold: float
    known: KnownDates

    def respond(self, body: bytes, content_type: str) -> tuple[int, bytes]:
        """Score one request.

        Parameters
        ----------
        body : bytes
            See `minecover.prediction.http.request_body.read_request`.
        content_type : str
            HTTP header Content-Type; decides how the body is read.

        Returns
        -------
        status : int
            HTTP status: 200, or 4xx.
        response : bytes
            JSON with ``predictions``, the probability of a mine for each row (or its class),
            ``null`` where every value is undefined, and ``warnings``, one sentence if rows have
            fewer dates (`DATES`) than the model knows; or with ``error_code`` and ``message``,
            one sentence that says what is wrong with the request.
        """
        try:
            X = read_request(body, content_type, self.features)
            # Looking for a word is quicker than reading JSON twice.
            is_asked = b'"params"' in body and content_type.lower().startswith(JSON)
            output = read_output(body) if is_asked else OUTPUTS[0]
        except RequestError as error:
            code = HTTPStatus(error.status).name
            return error.status, orjson.dumps({"error_code": code, "message": str(error)})
        answers = row_probabilities(self.model, X)
        if output == "class":
            answers = row_classes(answers, self.threshold)
        content: dict[str, object] = {"predictions": answers}  # NaN is written as null
        if warning := self._warning(X):
            content["warnings"] = [warning]
        return 200, orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY)

    def _warning(self, X: F32) -> str:
        """Return one sentence if rows have fewer dates than the model knows; else nothing."""
        if DATES not in self.features:
            return ""
        few = X[:, self.features.index(DATES)] < self.known.fewest
        return self.known.warning(int(np.count_nonzero(few)), len(X), "rows")
