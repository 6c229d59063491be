"""What becomes of each pixel by itself."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from minecover.core.kernels import F32, Bools, looped


def physics(dn: NDArray[np.uint16], scale: F32, offset: F32) -> F32:
    """Turn numbers (n, row, col) into ``dn * scale + offset``, each (n,); 0 into NaN."""
    flat = np.ascontiguousarray(dn).reshape(len(dn), -1)
    return _physics(flat, scale, offset).reshape(dn.shape)


@looped
def _physics(dn: NDArray[np.uint16], scale: F32, offset: F32) -> F32:
    values = np.empty(dn.shape, np.float32)
    for k in range(len(dn)):
        row, out, a, b = dn[k], values[k], scale[k], offset[k]
        for x in range(len(row)):
            value = np.float32(row[x]) * a + b
            out[x] = value if row[x] != 0 else np.float32(np.nan)
    return values


@looped
def hide(values: F32, valid: Bools) -> None:
    """Put NaN into values (plane, time, row, col) where they are not valid (time, row, col)."""
    for k in range(values.shape[0]):
        for t in range(values.shape[1]):
            for r in range(values.shape[2]):
                row, is_valid = values[k, t, r], valid[t, r]
                for x in range(len(row)):
                    row[x] = row[x] if is_valid[x] else np.float32(np.nan)


def normalised_difference(a: F32, b: F32) -> F32:
    """Give (a - b) / (a + b), clipped to -1 ... 1; NaN unless the sum is positive."""
    return _elementwise(_normalised_difference, a, b)


@looped
def _normalised_difference(a: F32, b: F32) -> F32:
    found = np.empty(len(a), np.float32)
    for x in range(len(a)):
        total = a[x] + b[x]
        value = (a[x] - b[x]) / total if total > np.float32(0) else np.float32(np.nan)
        value = np.float32(-1) if value < np.float32(-1) else value
        found[x] = np.float32(1) if value > np.float32(1) else value
    return found


def ratio(a: F32, b: F32) -> F32:
    """Give a / b, clipped to 0 ... 10; NaN unless `b` is positive."""
    return _elementwise(_ratio, a, b)


@looped
def _ratio(a: F32, b: F32) -> F32:
    found = np.empty(len(a), np.float32)
    for x in range(len(a)):
        value = a[x] / b[x] if b[x] > np.float32(0) else np.float32(np.nan)
        value = np.float32(0) if value < np.float32(0) else value
        found[x] = np.float32(10) if value > np.float32(10) else value
    return found


def _elementwise(formula: Callable[[F32, F32], F32], a: F32, b: F32) -> F32:
    """Apply a compiled formula of two arrays of one shape."""
    left, right = (np.ascontiguousarray(each, np.float32) for each in (a, b))
    return formula(left.ravel(), right.ravel()).reshape(left.shape)
