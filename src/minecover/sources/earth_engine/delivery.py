"""Pixels delivered by Earth Engine: requested in pieces, checked, and joined."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import numpy as np

from minecover.core.cube import F32
from minecover.core.errors import SceneError
from minecover.core.grid import Grid
from minecover.sources.earth_engine.service_errors import SlowError, TooMuchError
from minecover.sources.throttle import TransientError

Item = TypeVar("Item")

#: Limits of one response of Earth Engine: size, planes, and pixels per side.
#: developers.google.com/earth-engine/reference/rest/v1/projects.image/computePixels
MOST_BYTES, MOST_PLANES, MOST_PX = 50_331_648, 1024, 32_768
#: Bytes per pixel of a plane, for the largest dtype that is requested.
PIXEL_BYTES = 4
#: Largest NPY header to accept, as NumPy's default is too short for the names of all planes.
HEADER_BYTES = 256 * MOST_PLANES


def fetch_in_pieces(
    request: Callable[[Sequence[Item], Grid], F32],
    items: Sequence[Item],
    grid: Grid,
    *,
    planes_each: int,
) -> F32:
    """Return the planes of items on a grid, in halves where one request is too much.

    Items (scenes) are divided first, then the rows of the grid. The result does not depend on
    how it was divided.

    Parameters
    ----------
    request : callable
        Returns the planes of some items on a part of the grid, (item, plane, row, col).
    items : sequence
        Arguments of `request`, at least one.
    grid : Grid
        Grid of the result.
    planes_each : int
        Number of planes per item.

    Returns
    -------
    (item, plane, row, col) float32
        The planes.

    Raises
    ------
    SceneError
        If one row of one item is still too much.
    """
    refused = f"{len(items) * planes_each} planes of {grid.shape} pixels"
    if is_within_limits(len(items) * planes_each, grid):
        try:
            return _retry_if_slow(request, items, grid)
        except TooMuchError as error:
            refused = str(error)
    if len(items) == grid.shape[0] == 1:
        raise SceneError(
            f"even one row of one scene is too much: {refused}. "
            "Lower sites.layouts.*.size_px or halo_px."
        )
    pieces = [
        fetch_in_pieces(request, some, part, planes_each=planes_each)
        for some, part in _halves(items, grid)
    ]
    return np.concatenate(pieces, axis=0 if len(items) > 1 else 2)


def _halves(items: Sequence[Item], grid: Grid) -> list[tuple[Sequence[Item], Grid]]:
    """Return two halves of the items or, if there is only one, of the rows."""
    if len(items) > 1:
        half = len(items) // 2
        return [(items[:half], grid), (items[half:], grid)]
    rows, cols = grid.shape
    half = rows // 2
    return [(items, grid.cut(0, 0, half, cols)), (items, grid.cut(half, 0, rows, cols))]


def is_within_limits(planes: int, grid: Grid) -> bool:
    """Return whether a number of planes on a grid fits into one response."""
    rows, cols = grid.shape
    n_bytes = planes * rows * cols * PIXEL_BYTES
    return n_bytes <= MOST_BYTES and planes <= MOST_PLANES and max(rows, cols) <= MOST_PX


def unpack_planes(body: bytes, kinds: Mapping[str, str], grid: Grid) -> F32:
    """Return the planes of a response, after checking them.

    Parameters
    ----------
    body : bytes
        An NPY file of a structured array with one field per plane.
    kinds : mapping of str to str
        Allowed NumPy kinds by field, in order: ``"f"`` for floats, ``"ui"`` for integers.
    grid : Grid
        The requested grid.

    Returns
    -------
    (plane, row, col) float32
        The planes; float32 represents every uint16 exactly.

    Raises
    ------
    TransientError
        If the content is anything else; a retry may succeed.
    """
    try:
        table = np.load(io.BytesIO(body), max_header_size=HEADER_BYTES)
    except (ValueError, EOFError, OSError) as error:
        raise TransientError(
            f"the delivered pixels cannot be read, found {len(body)} bytes "
            f"({str(error).splitlines()[0].rstrip('.')})."
        ) from error
    found = {name: field[0] for name, field in (table.dtype.fields or {}).items()}
    are_kinds = list(found) == list(kinds) and all(
        found[name].kind in kind for name, kind in kinds.items()
    )
    if table.shape != grid.shape or not are_kinds:
        raise TransientError(
            f"the delivered pixels must be {len(kinds)} planes of {grid.shape} "
            f"({_described(kinds)}), found {len(found)} of {table.shape} ({_described(found)})."
        )
    return np.stack([table[name].astype(np.float32) for name in kinds])


def _retry_if_slow(
    request: Callable[[Sequence[Item], Grid], F32], items: Sequence[Item], grid: Grid
) -> F32:
    try:
        return request(items, grid)
    except SlowError:
        return request(items, grid)


def _described(fields: Mapping[str, object]) -> str:
    """Return the names and kinds of the first fields as text."""
    names = [f"{name} {kind}" for name, kind in list(fields.items())[:3]]
    return ", ".join(names) + (" ..." if len(fields) > 3 else "")
