"""The door of Dask: a cluster of this machine or an existing one, and tiles done on it."""

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

#: A scheduler answers within this time [s], or is not there.
ANSWER_S = 10
#: What a future says when the scheduler is gone.
LOST = (CancelledError, CommClosedError, TimeoutError)
#: Tasks that are with the scheduler at once: enough to keep every worker busy, and no more.
IN_FLIGHT_A_THREAD, MOST_IN_FLIGHT = 4, 9_000
#: How Dask behaves here. Results are a line each: a worker near its limit has a leak, and is
#: started anew rather than paused.
SETTINGS = {
    "distributed.comm.timeouts.connect": f"{ANSWER_S}s",
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
    """Where tiles are done.

    Parameters
    ----------
    scheduler : str or None
        Address of an existing cluster, ``tcp://host:port``; None starts one on this machine.
    processes : int
        Workers to start on this machine, one thread each.
    memory_gb : float
        What each may take before it is started anew [GB].
    """

    scheduler: str | None
    processes: int
    memory_gb: float

    def __post_init__(self) -> None:
        """Refuse no workers, and workers without memory."""
        if self.processes < 1 or self.memory_gb <= 0:
            raise ConfigError(
                f"there is at least one worker with some memory, found {self.processes} with "
                f"{self.memory_gb:g} GB. Fix --workers or --memory."
            )


@contextmanager
def connected(workers: Workers) -> Iterator[Client]:
    """Connect to a cluster, or start one that ends with the block.

    Raises
    ------
    RegionError
        If no scheduler answers.
    """
    # Dask tells of every connection; what a user must know is said here.
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
                yield client
            return
        try:
            client = Client(workers.scheduler, timeout=f"{ANSWER_S}s")
        except (OSError, ValueError) as error:
            raise RegionError(
                f"no scheduler at {workers.scheduler} answers within {ANSWER_S} s. Start one "
                "(`dask scheduler`) and workers (`dask worker <address>`), correct "
                "--scheduler, or leave it out to work on this machine alone."
            ) from error
        with client:
            yield client


def begin(client: Client, work: Callable[[], None]) -> None:
    """Do once, on every worker that is there, what the first tile would otherwise wait for.

    What fails here fails again in a tile, and is told there.
    """
    with suppress(*LOST):
        client.run(work, on_error="ignore")


def outcomes(
    client: Client, work: Callable[[Tile], Outcome], tiles: Sequence[Tile]
) -> Iterator[Outcome]:
    """Do tiles, and give what became of each as soon as it is known.

    A worker that is lost costs the tiles that it was doing, which others do again; a tile that
    kills its workers is failed.

    Raises
    ------
    RegionError
        If the scheduler is lost.
    MinecoverError
        What a tile raises, since it would befall the others too.
    """
    try:
        yield from _outcomes(client, work, tiles)
    except LOST as error:
        raise RegionError(
            "the scheduler was lost. What was finished is kept: start the same command again, "
            f"and it goes on from there ({type(error).__name__})."
        ) from error


def _outcomes(
    client: Client, work: Callable[[Tile], Outcome], tiles: Sequence[Tile]
) -> Iterator[Outcome]:
    """Keep the scheduler supplied, and hand on what comes back."""
    waiting = iter(tiles)
    width = min(IN_FLIGHT_A_THREAD * max(sum(client.nthreads().values()), 1), MOST_IN_FLIGHT)
    tile_of: dict[str, Tile] = {}

    def submit() -> list[Future]:
        tile = next(waiting, None)
        if tile is None:
            return []
        future = client.submit(work, tile, key=f"map-{tile.tile_id}", pure=False)
        tile_of[future.key] = tile
        return [future]

    done = as_completed([future for _ in range(width) for future in submit()])
    for future in done:
        tile = tile_of.pop(future.key)
        yield _outcome(future, tile)
        for more in submit():
            done.add(more)


def _outcome(future: Future, tile: Tile) -> Outcome:
    """Take a finished task's result; what befalls one tile alone makes it a failed one."""
    # Of a future that was cancelled, which all are when the scheduler dies, both raise that.
    error = None if future.status == "finished" else future.exception()
    if error is None:
        result: Outcome = future.result()
        return result
    if isinstance(error, (MinecoverError, *LOST)):
        raise error
    text = str(error) if isinstance(error, KilledWorker) else f"{type(error).__name__}: {error}"
    return Outcome(tile.tile_id, FAILED, tile.locations, 0, 0, "", 0.0, text)
