"""Numba-compiled loops over pixels that replace several numpy passes over memory.

Results equal those of the numpy expressions, to the last bit except in `squares`, and do not
depend on the processor or on the shape of the array: sums are never reordered.

A compiled loop must not call one of another file: numba caches compiled code by the text of
its own file, and would keep using an outdated version of the other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numba
import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

Loop = TypeVar("Loop", bound=Callable[..., object])


def compiled_loop(function: Loop) -> Loop:
    """Return a function of arrays compiled by numba; cached on disk, runs without the GIL."""
    compile_it: Callable[[Loop], Loop] = numba.njit(cache=True, nogil=True, error_model="numpy")
    return compile_it(function)
