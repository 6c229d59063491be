"""Score the rows of a request body and write the response body."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

import numpy as np
import orjson
from sklearn.pipeline import Pipeline

from minecover.learning.fitting import DECIMALS
from minecover.prediction.http.checks import RequestError
from minecover.prediction.http.request_body import read_request


@dataclass(frozen=True, slots=True, eq=False)
class Scorer:
    """A model that responds to request bodies.

    Parameters
    ----------
    model : fitted Pipeline
        A classifier of two classes, the second of them a mine.
    features : sequence of str
        Its columns, in order. A request may have them in any order.
    """

    model: Pipeline
    features: Sequence[str]

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
            JSON with ``predictions``, the probability of a mine for each row, ``null`` where
            every value is undefined; or with ``error_code`` and ``message``, one sentence that
            says what is wrong with the request.
        """
        try:
            X = read_request(body, content_type, self.features)
        except RequestError as error:
            code = HTTPStatus(error.status).name
            return error.status, orjson.dumps({"error_code": code, "message": str(error)})
        # Not `fitting.probability`: looking for threads to limit takes longer than one row.
        probability = self.model.predict_proba(X)[:, 1].round(DECIMALS)
        # A location that was not observed has no probability; NaN is written as null.
        probability[np.isnan(X).all(axis=1)] = np.nan
        content = {"predictions": probability}
        return 200, orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY)
