"""The route /invocations of MLflow's scoring server, with our own reader of request bodies."""

from __future__ import annotations

import asyncio

from fastapi import FastAPI, Request, Response

from minecover.prediction.http.checks import MAX_BYTES
from minecover.prediction.http.request_body import JSON
from minecover.prediction.http.scorer import Scorer

ROUTE = "/invocations"


def replace_invocations(app: FastAPI, scorer: Scorer) -> None:
    """Let a scorer respond at the route /invocations of MLflow's scoring server.

    MLflow's own route decodes JSON twice and row by row, and responds to a bad request with the
    text of a Python error.

    Parameters
    ----------
    app : FastAPI
        MLflow's server; changed in place.
    scorer : Scorer
        The model that responds.
    """
    routes = app.router.routes
    routes[:] = [route for route in routes if getattr(route, "path", "") != ROUTE]

    @app.post(ROUTE)
    async def invocations(request: Request) -> Response:
        body = await _body(request)
        content_type = request.headers.get("content-type", "")
        status, response = await asyncio.to_thread(scorer.respond, body, content_type)
        return Response(response, status, media_type=JSON)


async def _body(request: Request) -> bytes:
    """Read all that is sent, but store at most `MAX_BYTES` and one more byte.

    A client that is still sending reads no response, so reading does not stop there.
    """
    stored = bytearray()
    async for part in request.stream():
        stored += part[: MAX_BYTES + 1 - len(stored)]
    return bytes(stored)
