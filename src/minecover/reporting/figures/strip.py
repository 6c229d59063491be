"""A strip of small pictures of one place: its colours, what the model says, every date."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

import numpy as np
from matplotlib import colormaps
from matplotlib.image import imsave
from numpy.typing import NDArray

from minecover.core.cube import F32
from minecover.reporting.figures.site import (
    PROBABILITY_COLOURS,
    TRUE_COLOUR,
    SiteView,
    clearest,
    filled,
    infrared,
    stretched_plane,
)

#: Side of a picture [pixels of the ground]: 1.7 km.
WINDOW_PX = 56
#: Dates in a strip. Of more, those are shown on which most is valid.
MAX_DATES = 12

Colours = NDArray[np.uint8]


def strip_dates(view: SiteView) -> list[int]:
    """Choose the dates that a strip of a site shows, in their order."""
    n_valid = view.valid.sum(axis=(1, 2))
    return sorted(np.argsort(-n_valid, kind="stable")[:MAX_DATES].tolist())


def strip_pictures(view: SiteView, near: Sequence[SiteView]) -> tuple[list[str], Colours]:
    """Colour a site, and half a window round it, as its strips show them.

    Parameters
    ----------
    view : SiteView
        The site.
    near : sequence of SiteView
        Sites on the same lattice that may show the ground round it.

    Returns
    -------
    captions : list of str
        The clearest date in true colour and in infrared, all dates together, each date.
    pictures : (n, row + WINDOW_PX, col + WINDOW_PX, 3) uint8
        A date shows its own probability, or its true colour where it has none of its own.
        Grey was not observed, white lies outside of the sites.
    """
    sheet = _Sheet(view, near)
    covered = sheet.laid(lambda one: np.ones(one.location.shape, np.float32)) == 1
    drawn = dict(_drawn(view, sheet))
    stack = np.round(255 * np.stack([filled(picture) for picture in drawn.values()]))
    return list(drawn), np.where(covered[:, :, None], stack, 255).astype(np.uint8)


def windowed(pictures: Colours, row: int, col: int) -> Colours:
    """Cut the window round a pixel of the site out of `strip_pictures`.

    Parameters
    ----------
    pictures : (n, row + WINDOW_PX, col + WINDOW_PX, 3) uint8
    row, col : int
        The pixel of the site that lies right and below of the window's middle.

    Returns
    -------
    (n, WINDOW_PX, WINDOW_PX, 3) uint8
    """
    return pictures[:, row : row + WINDOW_PX, col : col + WINDOW_PX]


def stacked_png(pictures: Colours) -> bytes:
    """Encode pictures, one below the other, as one PNG; the same give the same bytes."""
    stream = io.BytesIO()
    sheet = np.ascontiguousarray(pictures.reshape(-1, *pictures.shape[2:]))
    imsave(
        stream,
        sheet,
        format="png",
        pil_kwargs={"compress_level": 9},
    )
    return stream.getvalue()


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A site with half a window round it, onto which it and its neighbours are laid."""

    view: SiteView
    near: Sequence[SiteView]

    def laid(self, plane: Callable[[SiteView], F32]) -> F32:
        """Lay a plane of all sites, the site itself on top; NaN where no site has one."""
        cube = self.view.cube
        wide = cube.grid.grown(WINDOW_PX // 2 - cube.halo_px)
        sheet = np.full(wide.shape, np.nan, np.float32)
        for one in (*self.near, self.view):
            values = plane(one)
            corner = one.cube.grid.grown(-one.cube.halo_px).xy(0, 0)
            top, left = wide.rowcol(*corner)
            into, out = zip(*map(_overlap, (top, left), values.shape, wide.shape), strict=True)
            sheet[into] = values[out]
        return sheet

    def colours(self, day: date, bands: tuple[str, str, str]) -> F32:
        """Colour a date, stretched by the valid pixels of the site itself."""
        own = self.view.valid[self.view.cube.dates.index(day)].astype(np.float32)
        stretch_by = self.laid(
            lambda one: own if one is self.view else np.zeros_like(one.location)
        )
        planes = [self.laid(partial(_band, day=day, band=band)) for band in bands]
        return np.stack([stretched_plane(plane, stretch_by == 1) for plane in planes], axis=-1)

    def probability(self, day: date) -> F32:
        """Colour the probability of one date."""
        return _probability(self.laid(partial(_on, day=day)))


def _drawn(view: SiteView, sheet: _Sheet) -> Iterator[tuple[str, F32]]:
    """Draw the pictures of a site, red, green and blue 0 ... 1."""
    days = view.cube.dates
    clear = days[clearest(view.valid)]
    yield f"true colour, {clear:%d %b %Y}", sheet.colours(clear, TRUE_COLOUR)
    yield f"infrared, {clear:%d %b %Y}", sheet.colours(clear, infrared(view.cube.bands))
    yield "all dates together", _probability(sheet.laid(lambda one: one.location))
    for time in strip_dates(view):
        day = days[time]
        by_date = view.probability is not None
        picture = sheet.probability(day) if by_date else sheet.colours(day, TRUE_COLOUR)
        yield f"{day:%d %b %Y}", picture


def _band(view: SiteView, day: date, band: str) -> F32:
    """Give a band on a date; NaN where the site has no such date."""
    if day not in view.cube.dates:
        return np.full_like(view.location, np.nan)
    return view.cube.core(view.cube.values(band)[view.cube.dates.index(day), 0])


def _on(view: SiteView, day: date) -> F32:
    """Give the probability on a date; NaN where the site has no such date."""
    if view.probability is None or day not in view.cube.dates:
        return np.full_like(view.location, np.nan)
    plane: F32 = view.probability[view.cube.dates.index(day)]
    return plane


def _overlap(start: int, length: int, room: int) -> tuple[slice, slice]:
    """Place a run of pixels: which of the room it fills, and with which of its own."""
    first, last = max(start, 0), max(min(start + length, room), 0)
    last = max(last, first)
    return slice(first, last), slice(first - start, last - start)


def _probability(plane: F32) -> F32:
    """Colour probabilities; NaN where there is none."""
    colours = colormaps[PROBABILITY_COLOURS](np.nan_to_num(plane))[..., :3]
    return np.where(np.isfinite(plane)[..., None], colours, np.nan).astype(np.float32)
