"""Numba-compiled loops over pixels that replace several numpy passes over memory.

Results equal those of the numpy expressions, to the last bit except in `squares`, and do not
depend on the processor or on the shape of the array: sums are never reordered.

A compiled loop must not call one of another file: numba caches compiled code by the text of
its own file, and would keep using an outdated version of the other.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar

import numba
import numpy as np
from numpy.typing import NDArray

log = logging.getLogger(__name__)

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

Loop = TypeVar("Loop", bound=Callable[..., object])


def compiled_loop(function: Loop) -> Loop:
    """Return a function of arrays compiled by numba; cached on disk, runs without the GIL.

    Where no folder can be written that numba would keep it in, it is compiled in every process
    anew.
    """
    try:
        return _compiler(is_kept=True)(function)
    except RuntimeError as error:  # numba's own words: no locator available
        if "cannot cache function" not in str(error):
            raise
        _say_once()
        return _compiler(is_kept=False)(function)


def _compiler(*, is_kept: bool) -> Callable[[Loop], Loop]:
    """Return numba's decorator."""
    decorator: Callable[[Loop], Loop] = numba.njit(
        cache=is_kept, nogil=True, error_model="numpy"
    )
    return decorator


@lru_cache(1)
def _say_once() -> None:
    """Tell that every process will compile anew."""
    log.warning(
        "Compiled loops cannot be kept: neither the package's folder nor the user's cache can "
        "be written. Every start takes some seconds longer; NUMBA_CACHE_DIR names a folder."
    )
