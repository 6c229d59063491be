"""Pixel-wise arithmetic: scaling, masking, normalised differences and ratios."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from minecover.core.kernels import F32, Bools, compiled_loop


def physics(dn: NDArray[np.uint16], scale: F32, offset: F32) -> F32:
    """Return scaled digital numbers.

    Parameters
    ----------
    dn : (n, row, col) uint16
        Digital numbers; 0 is fill.
    scale, offset : (n,) float32
        Scaling of each plane.

    Returns
    -------
    (n, row, col) float32
        ``dn * scale + offset``, NaN for fill.
    """
    flat = np.ascontiguousarray(dn).reshape(len(dn), -1)
    return _physics(flat, scale, offset).reshape(dn.shape)


@compiled_loop
def _physics(dn: NDArray[np.uint16], scale: F32, offset: F32) -> F32:
    values = np.empty(dn.shape, np.float32)
    for k in range(len(dn)):
        row, out, a, b = dn[k], values[k], scale[k], offset[k]
        for x in range(len(row)):
            value = np.float32(row[x]) * a + b
            out[x] = value if row[x] != 0 else np.float32(np.nan)
    return values


@compiled_loop
def mask_invalid(values: F32, valid: Bools) -> None:
    """Set values (plane, time, row, col) to NaN in place unless `valid` (time, row, col)."""
    for k in range(values.shape[0]):
        for t in range(values.shape[1]):
            for r in range(values.shape[2]):
                row, is_valid = values[k, t, r], valid[t, r]
                for x in range(len(row)):
                    row[x] = row[x] if is_valid[x] else np.float32(np.nan)


def normalised_difference(a: F32, b: F32) -> F32:
    """Return (a - b) / (a + b), clipped to -1 ... 1; NaN unless the sum is positive."""
    return _elementwise(_normalised_difference, a, b)


@compiled_loop
def _normalised_difference(a: F32, b: F32) -> F32:
    found = np.empty(len(a), np.float32)
    for x in range(len(a)):
        total = a[x] + b[x]
        value = (a[x] - b[x]) / total if total > np.float32(0) else np.float32(np.nan)
        value = np.float32(-1) if value < np.float32(-1) else value
        found[x] = np.float32(1) if value > np.float32(1) else value
    return found


def ratio(a: F32, b: F32) -> F32:
    """Return a / b, clipped to 0 ... 10; NaN unless `b` is positive."""
    return _elementwise(_ratio, a, b)


@compiled_loop
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
