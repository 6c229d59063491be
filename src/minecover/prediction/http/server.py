"""Serve a registered model over HTTP on this machine."""

from __future__ import annotations

import socket
from collections.abc import Callable

import uvicorn

from minecover.core.config import load_params
from minecover.core.errors import ServingError
from minecover.learning.model_card import ModelCard
from minecover.learning.models.compiled_trees import compile_trees
from minecover.prediction.http import Scorer, replace_invocations
from minecover.tracking import scoring_app
from minecover.tracking.registry import resolve
from minecover.tracking.types import CARD, Tracking

#: Connections that may wait for a server.
BACKLOG = 128


def serve(model: str, *, port: int, ready: Callable[[str], None]) -> None:
    """Serve probabilities of single locations on this machine, until the process ends.

    This is MLflow's scoring server (``/ping``, ``/version``, ``/invocations``), with a reader
    of request bodies that says what is wrong with a bad one.

    Parameters
    ----------
    model : str
        ``models:/name@alias`` or ``models:/name/version``; its bytes are checked before it is
        opened, and nothing is installed for it.
    port : int
        TCP port on 127.0.0.1; 0 takes any free one.
    ready : callable
        Called with the address, ``http://127.0.0.1:<port>``, once the port is taken.

    Raises
    ------
    RegistryError, ModelError
        See `minecover.tracking.registry.resolve`.
    ServingError
        If the port is taken.
    """
    tracking: Tracking = load_params().build("tracking")
    found = resolve(tracking, model)
    app, pipeline = scoring_app(found.folder)
    card = ModelCard(found.card, found.folder / CARD)
    # The same probabilities in a sixth of the time.
    scorer = Scorer(
        compile_trees(pipeline),
        found.features,
        float(card.value("observation_threshold")),
        card.dates,
    )
    replace_invocations(app, scorer)
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        # A client may connect as soon as it reads the address: it waits until the server is up.
        listener.listen(BACKLOG)
    except OSError as error:
        raise ServingError(
            f"port {port} of this machine is taken ({error.strerror}). Choose another: --port, "
            "or --port 0 for any."
        ) from error
    ready(f"http://127.0.0.1:{listener.getsockname()[1]}")
    config = uvicorn.Config(app, log_level="warning", lifespan="off")
    uvicorn.Server(config).run(sockets=[listener])
