"""Map tiles on a Dask cluster, started on this machine or already running elsewhere."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import dask
from distributed import (
    CancelledError,
    Client,
    Future,
    KilledWorker,
    LocalCluster,
    as_completed,
)
from distributed.comm import CommClosedError

from minecover.core.errors import ConfigError, MinecoverError, RegionError
from minecover.prediction.region import worker_processes
from minecover.prediction.region.tile_ledger import FAILED, Outcome
from minecover.prediction.region.tiles import Tile

log = logging.getLogger(__name__)

#: Time within which a scheduler has to respond [s].
TIMEOUT_S = 10
#: Errors of a future whose scheduler is lost.
LOST = (CancelledError, CommClosedError, TimeoutError)
#: Tasks submitted to the scheduler at once: enough to keep every worker busy, and no more.
TASKS_PER_THREAD, MAX_TASKS = 4, 9_000
#: Dask's configuration. A result is a few numbers, so a worker near its memory limit has a
#: leak, and is restarted rather than paused.
SETTINGS = {
    "distributed.comm.timeouts.connect": f"{TIMEOUT_S}s",
    "distributed.comm.retry.count": 1,
    "distributed.scheduler.allowed-failures": 3,
    "distributed.scheduler.worker-ttl": "60s",
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.nanny.pre-spawn-environ": worker_processes.ENVIRONMENT,
    "distributed.worker.profile.enabled": False,
    "distributed.worker.multiprocessing-method": worker_processes.METHOD,
}


@dataclass(frozen=True, slots=True)
class Workers:
    """The workers that map tiles.

    Parameters
    ----------
    scheduler : str or None
        Address of a running scheduler, ``tcp://host:port``; None starts one on this machine.
    processes : int
        Number of worker processes to start on this machine, one thread each.
    memory_gb : float
        Memory limit of each; above it the worker is restarted [GB].
    """

    scheduler: str | None
    processes: int
    memory_gb: float

    def __post_init__(self) -> None:
        """Refuse less than one worker, or workers without memory."""
        if self.processes < 1 or self.memory_gb <= 0:
            raise ConfigError(
                "a map needs at least one worker with some memory, found "
                f"{self.processes} with {self.memory_gb:g} GB. Fix --workers or --memory."
            )


@contextmanager
def connect(workers: Workers) -> Iterator[Client]:
    """Connect to a cluster, or start one that ends with the block.

    Parameters
    ----------
    workers : Workers
        Address of the scheduler, or the workers to start.

    Yields
    ------
    distributed.Client

    Raises
    ------
    RegionError
        If no scheduler responds.
    """
    # Dask logs every connection; errors that a user must know are raised here.
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    with dask.config.set(SETTINGS):
        if workers.scheduler is None:
            with (
                LocalCluster(
                    n_workers=workers.processes,
                    threads_per_worker=1,
                    memory_limit=int(workers.memory_gb * 1e9),
                    dashboard_address="127.0.0.1:0",
                    silence_logs=logging.CRITICAL,
                ) as cluster,
                Client(cluster) as client,
            ):
                client.run(_silence_heartbeats)
                yield client
            return
        try:
            client = Client(workers.scheduler, timeout=f"{TIMEOUT_S}s")
        except (OSError, ValueError) as error:
            raise RegionError(
                f"no scheduler at {workers.scheduler} responds within {TIMEOUT_S} s. Start one "
                "(`dask scheduler`) and workers (`dask worker <address>`), correct "
                "--scheduler, or leave it out to work on this machine alone."
            ) from error
        with client:
            yield client


def _silence_heartbeats() -> None:
    """Hide the traceback of a heartbeat that is under way while its worker is closed."""
    logging.getLogger("tornado.application").setLevel(logging.CRITICAL)


def run_on_workers(client: Client, function: Callable[[], None]) -> None:
    """Call a function once on every worker, before the first tile.

    Errors are ignored: what fails here fails again in a tile, and is reported there.

    Parameters
    ----------
    client : distributed.Client
        See `connect`.
    function : callable
        Takes no arguments; must be picklable.
    """
    with suppress(*LOST):
        client.run(function, on_error="ignore")


def outcomes(
    client: Client, function: Callable[[Tile], Outcome], tiles: Sequence[Tile]
) -> Iterator[Outcome]:
    """Map tiles on the workers, and yield the outcome of each as soon as it is known.

    The tiles of a lost worker are mapped again by others; a tile that ends several workers is
    ``failed``.

    Parameters
    ----------
    client : distributed.Client
        See `connect`.
    function : callable
        Maps one tile; must be picklable.
    tiles : sequence of Tile
        In the order of submission.

    Yields
    ------
    Outcome
        One for each tile, in the order of completion.

    Raises
    ------
    RegionError
        If the scheduler is lost.
    MinecoverError
        Raised by a tile: the others would fail in the same way.
    """
    try:
        yield from _outcomes(client, function, tiles)
    except LOST as error:
        raise RegionError(
            f"the scheduler was lost ({type(error).__name__}). Finished tiles are stored: "
            "start the same command again to map the others."
        ) from error


def _outcomes(
    client: Client, function: Callable[[Tile], Outcome], tiles: Sequence[Tile]
) -> Iterator[Outcome]:
    """Submit a new tile for each that is completed."""
    waiting = iter(tiles)
    n_submitted = min(TASKS_PER_THREAD * max(sum(client.nthreads().values()), 1), MAX_TASKS)
    tile_of: dict[str, Tile] = {}

    def submit() -> list[Future]:
        tile = next(waiting, None)
        if tile is None:
            return []
        future = client.submit(function, tile, key=f"map-{tile.tile_id}", pure=False)
        tile_of[future.key] = tile
        return [future]

    done = as_completed([future for _ in range(n_submitted) for future in submit()])
    for future in done:
        tile = tile_of.pop(future.key)
        yield _outcome(future, tile)
        for more in submit():
            done.add(more)


def _outcome(future: Future, tile: Tile) -> Outcome:
    """Return the outcome of a completed task; an error of this tile alone makes it failed."""
    # `exception()` and `result()` of a cancelled future raise: all are when the scheduler dies.
    error = None if future.status == "finished" else future.exception()
    if error is None:
        result: Outcome = future.result()
        return result
    if isinstance(error, (MinecoverError, *LOST)):
        raise error
    text = str(error) if isinstance(error, KilledWorker) else f"{type(error).__name__}: {error}"
    return Outcome(tile.tile_id, FAILED, tile.locations, 0, 0, "", 0, 0.0, text)
