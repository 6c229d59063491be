"""Scenes of a piece of ground, from which pictures of every date are drawn in one stretch."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from matplotlib import colormaps
from matplotlib.image import imread, imsave
from numpy.typing import NDArray

from minecover.core.cube import F32, Cube
from minecover.core.grid import Grid
from minecover.reporting.figures.composites import (
    TRUE_COLOUR,
    fill_missing,
    infrared_bands,
    stretch_limits,
    stretched,
)
from minecover.reporting.figures.site import PROBABILITY_COLOURS

Colours = NDArray[np.uint8]
#: Names of the pictures of a date, and of the one over all dates.
TRUE, INFRARED, PROBABILITY = "true colour", "infrared", "probability"
#: Largest number of dates with pictures: those on which the most of the ground is valid.
MAX_DATES = 24
#: Quality of the lossy pictures, 0 ... 100.
QUALITY = 90


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """Scenes of a piece of ground, without halo.

    Parameters
    ----------
    grid : Grid
        Grid of all planes.
    dates : tuple of date
        Acquisition dates, ascending.
    values : mapping of str to (time, row, col) float32
        Reflectance by band; NaN where there is no data.
    usable : (time, row, col) bool
        Whether an observation is valid.
    looks_mined : (time, row, col) bool or None
        See `minecover.core.surroundings.Surroundings`.
    probability : (row, col) float32
        Probability of a mine; NaN where not observed.
    """

    grid: Grid
    dates: tuple[date, ...]
    values: Mapping[str, F32]
    usable: NDArray[np.bool_]
    looks_mined: NDArray[np.bool_] | None
    probability: F32

    @classmethod
    def of_cube(
        cls,
        cube: Cube,
        usable: NDArray[np.bool_],
        looks_mined: NDArray[np.bool_] | None,
        probability: F32,
    ) -> Ground:
        """Return the ground of a cube; the other planes are without its halo."""
        wanted = dict.fromkeys([*TRUE_COLOUR, *infrared_bands(cube.bands)])
        bands = [band for band in wanted if band in cube.bands]
        return cls(
            grid=cube.grid.grown(-cube.halo_px),
            dates=cube.dates,
            values={band: cube.core(cube.values(band)[:, 0]) for band in bands},
            usable=usable,
            looks_mined=looks_mined,
            probability=probability,
        )

    def on(self, grid: Grid, others: Sequence[Ground] = ()) -> Ground:
        """Return the ground of another grid of the same lattice.

        Parameters
        ----------
        grid : Grid
            Where this ground does not reach, `others` are taken.
        others : sequence of Ground
            Ground beside it, on the same lattice.
        """
        parts = [*others, self]
        dates = tuple(sorted({day for part in parts for day in part.dates}))
        values = {
            band: np.full((len(dates), *grid.shape), np.nan, np.float32) for band in self.values
        }
        usable = np.zeros((len(dates), *grid.shape), np.bool_)
        looks_mined = None if self.looks_mined is None else np.zeros_like(usable)
        probability = np.full(grid.shape, np.nan, np.float32)
        for part in parts:
            into, out = _overlap(part.grid, grid)
            times = [dates.index(day) for day in part.dates]
            for band, planes in values.items():
                if band in part.values:
                    planes[(times, *into)] = part.values[band][:, *out]
            usable[(times, *into)] = part.usable[:, *out]
            if looks_mined is not None and part.looks_mined is not None:
                looks_mined[(times, *into)] = part.looks_mined[:, *out]
            probability[into] = part.probability[out]
        return Ground(grid, dates, values, usable, looks_mined, probability)

    def thinned(self, n: int) -> Ground:
        """Return every n-th pixel."""
        if n == 1:
            return self
        rows, cols = (side // n * n for side in self.grid.shape)
        part = (..., slice(n // 2, rows, n), slice(n // 2, cols, n))
        return Ground(
            self.grid.merged(n),
            self.dates,
            {band: planes[part] for band, planes in self.values.items()},
            self.usable[part],
            None if self.looks_mined is None else self.looks_mined[part],
            self.probability[part],
        )


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A picture: its name, its date (None for all dates together), and its pixels."""

    name: str
    day: date | None
    colours: Colours


def date_pictures(ground: Ground) -> list[Picture]:
    """Draw every date in true colour and in infrared, each in one stretch, and probability.

    Parameters
    ----------
    ground : Ground
        The ground; dates without a valid pixel and without data are left out.

    Returns
    -------
    list of Picture
        All dates in true colour, then all in infrared, then the probability; (row, col, 3)
        uint8. Composites whose bands the scenes lack are left out. Grey is not observed.
    """
    seen = [np.isfinite(planes).any(axis=(1, 2)) for planes in ground.values.values()]
    times = np.flatnonzero(np.any(seen, axis=0)) if seen else np.zeros(0, np.intp)
    most = np.argsort(-ground.usable[times].sum(axis=(1, 2)), kind="stable")[:MAX_DATES]
    times = np.sort(times[most])
    pictures = []
    for name, bands in ((TRUE, TRUE_COLOUR), (INFRARED, infrared_bands(list(ground.values)))):
        if not set(bands) <= set(ground.values):
            continue
        planes = [_stretched(ground.values[band], ground.usable) for band in bands]
        for time in times:
            colours = np.stack([plane[time] for plane in planes], axis=-1)
            pictures.append(Picture(name, ground.dates[time], as_bytes(colours)))
    shown = as_bytes(probability_colours(ground.probability))
    return [*pictures, Picture(PROBABILITY, None, shown)]


def probability_colours(plane: F32) -> F32:
    """Return the colours of probabilities, (row, col, 3) of 0 ... 1; NaN where there is none.

    Parameters
    ----------
    plane : (row, col) float32
        Probabilities; NaN where not observed.
    """
    colours = colormaps[PROBABILITY_COLOURS](np.nan_to_num(plane))[..., :3]
    return np.where(np.isfinite(plane)[..., None], colours, np.nan).astype(np.float32)


def as_bytes(colours: F32) -> Colours:
    """Return colours of 0 ... 1 as 0 ... 255, grey where there are none."""
    return np.round(255 * fill_missing(colours)).astype(np.uint8)


def webp(colours: Colours, *, quality: int = QUALITY) -> bytes:
    """Encode (row, col, 3 or 4) colours as WebP; equal pictures give equal bytes.

    Parameters
    ----------
    colours : (row, col, 3 or 4) uint8
        Red, green, blue and, if there is a fourth plane, opacity.
    quality : int
        0 ... 100.
    """
    stream = io.BytesIO()
    options = {"quality": quality, "method": 4}
    imsave(stream, np.ascontiguousarray(colours), format="webp", pil_kwargs=options)
    return stream.getvalue()


def read_webp(image: bytes) -> Colours:
    """Return the (row, col, 3) colours of an image that `webp` encoded."""
    colours: Colours = imread(io.BytesIO(image), format="webp")[..., :3]
    return colours


def png_of(colours: Colours) -> bytes:
    """Encode (row, col, 3) colours as PNG; equal pictures give equal bytes."""
    stream = io.BytesIO()
    imsave(stream, np.ascontiguousarray(colours), format="png", metadata={"Software": ""})
    return stream.getvalue()


def _stretched(planes: F32, usable: NDArray[np.bool_]) -> F32:
    """Stretch a band by its valid pixels on all dates; by all where none is valid."""
    seen = np.where(usable, planes, np.nan)
    limits = stretch_limits(seen if np.isfinite(seen).any() else planes)
    return stretched(planes, *limits)


def _overlap(part: Grid, whole: Grid) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Return where a grid lies in another one of its lattice, and which of its pixels do."""
    corner = whole.rowcol(*part.xy(0, 0))
    into, out = [], []
    for start, length, size in zip(corner, part.shape, whole.shape, strict=True):
        first = min(max(start, 0), size)
        last = max(min(start + length, size), first)
        into.append(slice(first, last))
        out.append(slice(first - start, last - start))
    return (into[0], into[1]), (out[0], out[1])
