"""Compiled loops over pixels: what numpy does in several passes over memory, done in one.

Each gives what its numpy sentence gives, and all but `squares` to the last bit; neither the
processor nor the shape of the array matters. Sums keep their order, nothing is reassociated.

A compiled loop calls none of another file: what is compiled is kept by the text of its own
file, and would go on with the other's old one.
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


def looped(function: Loop) -> Loop:
    """Compile a function of arrays once a machine; it runs without Python's lock."""
    compile_it: Callable[[Loop], Loop] = numba.njit(cache=True, nogil=True, error_model="numpy")
    return compile_it(function)
