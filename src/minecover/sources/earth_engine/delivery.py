"""Pixels as an image service delivers them: asked for in pieces, checked, and joined again."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import numpy as np

from minecover.core.cube import F32
from minecover.core.errors import SceneError
from minecover.core.grid import Grid
from minecover.sources.earth_engine.refusals import SlowError, TooMuchError
from minecover.sources.throttle import PassingError

Item = TypeVar("Item")

#: What Earth Engine delivers in one answer at most.
#: developers.google.com/earth-engine/reference/rest/v1/projects.image/computePixels
MOST_BYTES, MOST_PLANES, MOST_PX = 50_331_648, 1024, 32_768
#: Bytes of a plane's pixel: the widest kind that is asked for.
PIXEL_BYTES = 4
#: Room for the names of all planes, which NumPy by itself does not leave.
HEADER_BYTES = 256 * MOST_PLANES


def in_pieces(
    ask: Callable[[Sequence[Item], Grid], F32],
    items: Sequence[Item],
    grid: Grid,
    *,
    planes_each: int,
) -> F32:
    """Ask for everything at once, and for halves where that is too much.

    Items (scenes) are dealt out before the grid's rows. The pieces are joined as if they had
    come in one, so that the result does not depend on how the service felt.

    Parameters
    ----------
    ask : callable
        Delivers some items on a part of the grid, (item, plane, row, col).
    items, grid
        What to ask for, at least one; where.
    planes_each : int
        Planes of one item.

    Raises
    ------
    SceneError
        If one row of one item is still too much.
    """
    refused = f"{len(items) * planes_each} planes of {grid.shape} pixels"
    if is_within_limits(len(items) * planes_each, grid):
        try:
            return _asked_twice_if_slow(ask, items, grid)
        except TooMuchError as error:
            refused = str(error)
    if len(items) == grid.shape[0] == 1:
        raise SceneError(
            f"even one row of one scene is too much: {refused}. "
            "Lower sites.layouts.*.size_px or halo_px."
        )
    pieces = [
        in_pieces(ask, some, part, planes_each=planes_each)
        for some, part in _halves(items, grid)
    ]
    return np.concatenate(pieces, axis=0 if len(items) > 1 else 2)


def _halves(items: Sequence[Item], grid: Grid) -> list[tuple[Sequence[Item], Grid]]:
    """Halve the items or, where there is one, the rows."""
    if len(items) > 1:
        half = len(items) // 2
        return [(items[:half], grid), (items[half:], grid)]
    rows, cols = grid.shape
    half = rows // 2
    return [(items, grid.cut(0, 0, half, cols)), (items, grid.cut(half, 0, rows, cols))]


def is_within_limits(planes: int, grid: Grid) -> bool:
    """Whether one answer holds so many planes of the grid."""
    rows, cols = grid.shape
    n_bytes = planes * rows * cols * PIXEL_BYTES
    return n_bytes <= MOST_BYTES and planes <= MOST_PLANES and max(rows, cols) <= MOST_PX


def unpacked(body: bytes, kinds: Mapping[str, str], grid: Grid) -> F32:
    """Check an answer and give its planes.

    Parameters
    ----------
    body : bytes
        An NPY file of one structured array, a field a plane.
    kinds : mapping of str to str
        The fields in order, with NumPy's letters of the kinds they may have: ``"f"`` for
        floats, ``"ui"`` for integers.
    grid : Grid
        That was asked for.

    Returns
    -------
    (plane, row, col) float32
        Holds every uint16 exactly.

    Raises
    ------
    PassingError
        If it is anything else: a second delivery may be whole.
    """
    try:
        table = np.load(io.BytesIO(body), max_header_size=HEADER_BYTES)
    except (ValueError, EOFError, OSError) as error:
        raise PassingError(
            f"the delivered pixels cannot be read, found {len(body)} bytes "
            f"({str(error).splitlines()[0].rstrip('.')})."
        ) from error
    found = {name: field[0] for name, field in (table.dtype.fields or {}).items()}
    are_kinds = list(found) == list(kinds) and all(
        found[name].kind in kind for name, kind in kinds.items()
    )
    if table.shape != grid.shape or not are_kinds:
        raise PassingError(
            f"the delivered pixels should be {len(kinds)} planes of {grid.shape} "
            f"({_shown(kinds)}), found {len(found)} of {table.shape} ({_shown(found)})."
        )
    return np.stack([table[name].astype(np.float32) for name in kinds])


def _asked_twice_if_slow(
    ask: Callable[[Sequence[Item], Grid], F32], items: Sequence[Item], grid: Grid
) -> F32:
    try:
        return ask(items, grid)
    except SlowError:
        return ask(items, grid)


def _shown(fields: Mapping[str, object]) -> str:
    """Name the first fields and what they are."""
    names = [f"{name} {kind}" for name, kind in list(fields.items())[:3]]
    return ", ".join(names) + (" ..." if len(fields) > 3 else "")
