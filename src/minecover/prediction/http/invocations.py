"""The door /invocations of MLflow's scoring server, with our own reader of questions."""

from __future__ import annotations

import asyncio

from fastapi import FastAPI, Request, Response

from minecover.prediction.http.request_body import JSON, MAX_BYTES, Scorer

DOOR = "/invocations"


def answer_with(app: FastAPI, scorer: Scorer) -> None:
    """Let a scorer answer what comes through the door of MLflow's scoring server.

    MLflow's own reader decodes JSON twice and row by row, and takes a Python error for the
    sentence that says what is wrong.

    Parameters
    ----------
    app : FastAPI
        MLflow's server; changed in place.
    scorer : Scorer
    """
    routes = app.router.routes
    routes[:] = [route for route in routes if getattr(route, "path", "") != DOOR]

    @app.post(DOOR)
    async def invocations(request: Request) -> Response:
        body = await _body(request)
        kind = request.headers.get("content-type", "")
        status, answer = await asyncio.to_thread(scorer.answer, body, kind)
        return Response(answer, status, media_type=JSON)


async def _body(request: Request) -> bytes:
    """Read all that is sent and keep no more than one byte too many.

    A client that is still sending does not read an answer, so that one is not cut short.
    """
    kept = bytearray()
    async for part in request.stream():
        kept += part[: MAX_BYTES + 1 - len(kept)]
    return bytes(kept)
