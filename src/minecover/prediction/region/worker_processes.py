"""The process that workers are forked from: it imports what they need while others still do."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import forkserver, get_all_start_methods, get_context

#: How Dask starts workers: forked where a system can, each from scratch otherwise.
METHOD = "forkserver" if "forkserver" in get_all_start_methods() else "spawn"
#: What libraries of a worker read when they are loaded.
ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    # What a block frees the next one takes again: given back, each page would be asked of
    # the system anew, which takes longer than all that is computed on it.
    "MALLOC_TRIM_THRESHOLD_": str(2**30),
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_ARENA_MAX": "1",
    # Every pixel is read once: a cache of blocks would only hold memory [MB].
    "GDAL_CACHEMAX": "32",
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
}


def prepare(*modules: str) -> None:
    """Begin to import what workers will need, once for all of them, and return at once.

    To import is most of what starting takes: here it is done while this process imports too,
    and what workers never write to they share. Workers need none of this, it is only quicker.

    Parameters
    ----------
    *modules : str
        Names; such as are not there are left to the workers to miss.
    """
    if METHOD == "forkserver":
        forkserver.set_forkserver_preload([*modules])
        with _environment(ENVIRONMENT):
            forkserver.ensure_running()


def one_worker(*modules: str) -> ProcessPoolExecutor:
    """Start one process as workers are, to try something in.

    Parameters
    ----------
    *modules : str
        See `prepare`.
    """
    prepare(*modules)
    return ProcessPoolExecutor(1, get_context(METHOD))


@contextmanager
def _environment(wanted: Mapping[str, str]) -> Iterator[None]:
    """Let child processes have some variables, and this one not."""
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
