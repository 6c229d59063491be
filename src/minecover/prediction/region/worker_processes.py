"""Start worker processes quickly: import what they need once, in the process they fork from."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import forkserver, get_all_start_methods, get_context

#: How Dask starts workers: forked where the system can, as new interpreters otherwise.
METHOD = "forkserver" if "forkserver" in get_all_start_methods() else "spawn"
#: Environment variables of workers, which libraries read when they are loaded.
ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    # The next window takes the memory that this one frees. Returned to the system, each page
    # would have to be requested again, which takes longer than all computations on it.
    "MALLOC_TRIM_THRESHOLD_": str(2**30),
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_ARENA_MAX": "1",
    # Every pixel is read once: a cache of blocks would only take memory [MB].
    "GDAL_CACHEMAX": "32",
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
}


def prepare(*modules: str) -> None:
    """Start to import modules in the process that workers are forked from, and return.

    Imports are most of a worker's starting time. Here they run once for all workers, beside
    the imports of this process, and workers share their memory. Without it workers only start
    more slowly.

    Parameters
    ----------
    *modules : str
        Names of modules. A missing one is skipped here, and an error in the worker.
    """
    if METHOD == "forkserver":
        forkserver.set_forkserver_preload([*modules])
        with _environment(ENVIRONMENT):
            forkserver.ensure_running()


def one_worker(*modules: str) -> ProcessPoolExecutor:
    """Return a pool of one process that is started as workers are, to time their work.

    Parameters
    ----------
    *modules : str
        Names of modules that it imports first, see `prepare`.
    """
    prepare(*modules)
    return ProcessPoolExecutor(1, get_context(METHOD))


@contextmanager
def _environment(wanted: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables for child processes that start within the block."""
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
