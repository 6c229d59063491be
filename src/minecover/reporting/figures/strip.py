"""Draw strips: small pictures of one place in colour, as probability, and on every date."""

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
    clearest_date_index,
    fill_missing,
    infrared_bands,
    stretch_band,
)

#: Side of a picture [px]: 1.7 km on the ground.
WINDOW_PX = 56
#: Largest number of dates in a strip: those with the most valid pixels.
MAX_DATES = 12

Colours = NDArray[np.uint8]


def strip_dates(view: SiteView) -> list[int]:
    """Return the indices of the dates that the strips of a site show, ascending.

    Parameters
    ----------
    view : SiteView
        Data of the site.

    Returns
    -------
    list of int
        At most `MAX_DATES` indices into `view.cube.dates`.
    """
    n_valid = view.valid.sum(axis=(1, 2))
    return sorted(np.argsort(-n_valid, kind="stable")[:MAX_DATES].tolist())


def strip_pictures(view: SiteView, near: Sequence[SiteView]) -> tuple[list[str], Colours]:
    """Draw the pictures that all strips of a site are cut from.

    Parameters
    ----------
    view : SiteView
        Data of the site.
    near : sequence of SiteView
        Data of sites on the same lattice, to fill the margin around the site.

    Returns
    -------
    captions : list of str
        Captions of the n pictures: the clearest date in true colour and in infrared, all dates
        together, and each date.
    pictures : (n, row + WINDOW_PX, col + WINDOW_PX, 3) uint8
        The site with a margin of half a window on every side. A date shows its own probability
        or, in the location design, its true colours. Grey is not observed, white is outside
        of all sites.
    """
    mosaic = _Mosaic(view, near)
    covered = mosaic.plane(lambda one: np.ones(one.label.shape, np.float32)) == 1
    pictures = dict(_draw_pictures(view, mosaic))
    stack = np.round(255 * np.stack([fill_missing(one) for one in pictures.values()]))
    return list(pictures), np.where(covered[:, :, None], stack, 255).astype(np.uint8)


def cut_window(pictures: Colours, row: int, col: int) -> Colours:
    """Return the window around a pixel of the site, cut out of `strip_pictures`.

    Parameters
    ----------
    pictures : (n, row + WINDOW_PX, col + WINDOW_PX, 3) uint8
        Pictures of the site with its margin.
    row, col : int
        Pixel of the site whose upper left corner is the centre of the window.

    Returns
    -------
    (n, WINDOW_PX, WINDOW_PX, 3) uint8
        A view of the pictures.
    """
    return pictures[:, row : row + WINDOW_PX, col : col + WINDOW_PX]


def stack_png(pictures: Colours) -> bytes:
    """Return pictures as one PNG, below each other.

    Parameters
    ----------
    pictures : (n, row, col, 3) uint8
        Pictures of equal size.

    Returns
    -------
    bytes
        PNG of n * row rows; equal for equal pictures.
    """
    stream = io.BytesIO()
    stacked = np.ascontiguousarray(pictures.reshape(-1, *pictures.shape[2:]))
    imsave(stream, stacked, format="png", pil_kwargs={"compress_level": 9})
    return stream.getvalue()


@dataclass(frozen=True, slots=True)
class _Mosaic:
    """A site with a margin of half a window, filled from its neighbours."""

    view: SiteView
    near: Sequence[SiteView]

    def plane(self, of_site: Callable[[SiteView], F32]) -> F32:
        """Merge a plane of all sites, the site itself on top; NaN outside of all sites."""
        cube = self.view.cube
        wide = cube.grid.grown(WINDOW_PX // 2 - cube.halo_px)
        merged = np.full(wide.shape, np.nan, np.float32)
        for one in (*self.near, self.view):
            values = of_site(one)
            corner = one.cube.grid.grown(-one.cube.halo_px).xy(0, 0)
            top, left = wide.rowcol(*corner)
            into, out = zip(*map(_overlap, (top, left), values.shape, wide.shape), strict=True)
            merged[into] = values[out]
        return merged

    def colours(self, day: date, bands: tuple[str, str, str]) -> F32:
        """Return a composite of one date, stretched by the valid pixels of the site itself."""
        own = self.view.valid[self.view.cube.dates.index(day)].astype(np.float32)
        stretch_by = self.plane(
            lambda one: own if one is self.view else np.zeros(one.label.shape, np.float32)
        )
        planes = [self.plane(partial(_band_on, day=day, band=band)) for band in bands]
        return np.stack([stretch_band(plane, stretch_by == 1) for plane in planes], axis=-1)

    def probability(self, day: date) -> F32:
        """Return the colours of the probability on one date."""
        return _probability_colours(self.plane(partial(_probability_on, day=day)))


def _draw_pictures(view: SiteView, mosaic: _Mosaic) -> Iterator[tuple[str, F32]]:
    """Yield caption and colours of 0 ... 1 of each picture of a site."""
    days = view.cube.dates
    clear = days[clearest_date_index(view.valid)]
    infrared = infrared_bands(view.cube.bands)
    yield f"true colour, {clear:%d %b %Y}", mosaic.colours(clear, TRUE_COLOUR)
    yield f"infrared, {clear:%d %b %Y}", mosaic.colours(clear, infrared)
    aggregated = mosaic.plane(lambda one: one.location_probability)
    yield "all dates together", _probability_colours(aggregated)
    for time in strip_dates(view):
        day = days[time]
        by_date = view.probability is not None
        picture = mosaic.probability(day) if by_date else mosaic.colours(day, TRUE_COLOUR)
        yield f"{day:%d %b %Y}", picture


def _band_on(view: SiteView, day: date, band: str) -> F32:
    """Return a band on a date; NaN if the site has no scene of that date."""
    if day not in view.cube.dates:
        return np.full_like(view.location_probability, np.nan)
    return view.cube.core(view.cube.values(band)[view.cube.dates.index(day), 0])


def _probability_on(view: SiteView, day: date) -> F32:
    """Return the probability on a date; NaN if the site has no scene of that date."""
    if view.probability is None or day not in view.cube.dates:
        return np.full_like(view.location_probability, np.nan)
    plane: F32 = view.probability[view.cube.dates.index(day)]
    return plane


def _overlap(start: int, length: int, size: int) -> tuple[slice, slice]:
    """Return where a run of pixels lies in an axis of a given size, and which of its pixels."""
    first, last = max(start, 0), max(min(start + length, size), 0)
    last = max(last, first)
    return slice(first, last), slice(first - start, last - start)


def _probability_colours(plane: F32) -> F32:
    """Return the colours of probabilities; NaN where there is none."""
    colours = colormaps[PROBABILITY_COLOURS](np.nan_to_num(plane))[..., :3]
    return np.where(np.isfinite(plane)[..., None], colours, np.nan).astype(np.float32)
