"""Simulated mines, and the outlines that an annotator draws."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from scipy.ndimage import binary_dilation, label

from minecover.core.errors import ConfigError
from minecover.sources.simulation.parameters import Annotator, Mines
from minecover.sources.simulation.streams import F64, Bools, random_field

#: Correlation lengths of the noise in outlines, vegetation and ponds [pixels].
EDGE_PX, VEGETATION_PX, POND_PX = 1.6, 0.8, 1.2
SITE_AREA_PX = 100 * 100


@dataclass(frozen=True, slots=True)
class Mine:
    """One mine, as masks of its plot.

    Parameters
    ----------
    bare, pond : (row, col) bool
        Bare ground and ponds, the true extent of the mine.
    outline : (row, col) bool
        Annotated extent; empty if the mine was not annotated.
    """

    bare: Bools
    pond: Bools
    outline: Bools

    @property
    def active(self) -> Bools:
        """True extent, (row, col) bool."""
        return self.bare | self.pond


@dataclass(frozen=True, slots=True)
class MinePlacer:
    """Places mines and their annotations on a plot.

    Parameters
    ----------
    mines : Mines
        Parameters of mines.
    annotator : Annotator
        Parameters of annotations.
    shapes : tuple of (row, col) bool
        Hand-drawn masks to use as shapes; if empty, shapes are ellipses with rough edges.
    """

    mines: Mines
    annotator: Annotator
    shapes: tuple[Bools, ...]

    def place(
        self, rng: np.random.Generator, shore_px: F64, windows: list[tuple[slice, slice]]
    ) -> tuple[Mine, ...]:
        """Return a mine in each window and a random number of mines anywhere on the plot.

        Parameters
        ----------
        rng : Generator
            Random stream of the plot's mines.
        shore_px : (row, col) float64
            Distance from the nearest water [pixels].
        windows : list of (rows, cols) slices
            Sites on the plot.

        Returns
        -------
        tuple of Mine
            The first mine of each window, then the others.
        """
        near = (shore_px >= 1) & (shore_px <= self.mines.water_max_px)
        odds = np.where(near, np.exp(-shore_px / self.mines.water_decay_px), 0.0)
        # The constant matters only where no pixel of a window is near enough to water.
        odds += 1e-9
        first = [self.first(rng, odds, window, shore_px) for window in windows]
        mean = self.mines.more_per_site * shore_px.size / SITE_AREA_PX
        everywhere = (slice(0, shore_px.shape[0]), slice(0, shore_px.shape[1]))
        more = []
        for _ in range(rng.poisson(mean)):
            body = self._body(rng, _draw_pixel(rng, odds, everywhere), shore_px)
            outline = self._outline(rng, body)
            is_drawn = rng.random() >= self.annotator.unlabelled
            more.append(self.mine(rng, body, outline & is_drawn, shore_px))
        return tuple(self.mine(rng, *pair, shore_px) for pair in first) + tuple(more)

    def first(
        self, rng: np.random.Generator, odds: F64, window: tuple[slice, slice], shore_px: F64
    ) -> tuple[Bools, Bools]:
        """Return extent and outline, (row, col) bool, of a mine annotated in a window."""
        body = self._body(rng, _draw_pixel(rng, odds, window), shore_px)
        outline = self._outline(rng, body)
        return body, outline if outline[window].any() else body

    def _body(self, rng: np.random.Generator, centre: tuple[int, int], shore_px: F64) -> Bools:
        """Return the extent of a mine of random shape, in one piece around its centre."""
        m, shape = self.mines, shore_px.shape
        if self.shapes:
            return _place_shape(rng, self.shapes, centre, shape)
        area = m.median_px * np.exp(m.sigma_ln * rng.standard_normal())
        area = np.clip(area, m.smallest_px, m.largest_px)
        elongation, turn = rng.uniform(1.0, m.elongation_max), rng.uniform(0.0, np.pi)
        dy, dx = (np.arange(n) - c for n, c in zip(shape, centre, strict=True))
        long = np.cos(turn) * dx + np.sin(turn) * dy[:, None]
        wide = -np.sin(turn) * dx + np.cos(turn) * dy[:, None]
        radius = np.sqrt(area / np.pi * elongation)
        reach = np.hypot(long, wide * elongation) / radius
        if m.along_streams and rng.random() < m.along_streams:
            # Alluvial mines: a strip on both sides of the stream, as long as it must be.
            half = float(np.sqrt(area / rng.uniform(3.0, 12.0)))
            away = np.hypot(*np.meshgrid(dx, dy)) / max(area / (4 * half), half)
            reach = np.maximum(away, shore_px / max(half, shore_px[centre] + 0.5))
        body = reach < 1.0 + m.edge_noise * random_field(rng, (shape[0], shape[1]), EDGE_PX)
        body[centre] = True
        parts, _ = label(body)
        whole: Bools = parts == parts[centre]
        return whole

    def _outline(self, rng: np.random.Generator, body: Bools) -> Bools:
        """Return the outline of a mine as annotated: shifted, and sometimes too wide."""
        rows, cols = np.rint(rng.normal(0.0, self.annotator.shift_px, 2)).astype(int)
        is_wide = rng.random() < self.annotator.overdrawn
        outline = _shifted(body, int(rows), int(cols))
        return np.asarray(binary_dilation(outline) if is_wide else outline, bool)

    def mine(
        self, rng: np.random.Generator, body: Bools, outline: Bools, shore_px: F64
    ) -> Mine:
        """Return a mine, its extent divided into bare ground, ponds and other cover."""
        shape = (body.shape[0], body.shape[1])
        green = random_field(rng, shape, VEGETATION_PX)
        is_open = body & (shore_px > 0)
        is_open &= green >= np.quantile(green, self.mines.vegetation_fraction)
        ponds = is_open & (random_field(rng, shape, POND_PX) > self.mines.pond_sigma)
        return Mine(is_open & ~ponds, ponds, outline)


@lru_cache(maxsize=4)
def read_shapes(path: str) -> tuple[Bools, ...]:
    """Return hand-drawn masks, cropped, from all arrays of an .npz file.

    Parameters
    ----------
    path : str
        File with arrays ``(n, row, col)`` of 0 and 1.

    Raises
    ------
    ConfigError
        If the file is missing or has other content.
    """
    fix = "Fix world.mine_masks (null uses random shapes)."
    if not Path(path).is_file():
        raise ConfigError(f"no file of mine masks at {path}. {fix}")
    with np.load(path) as archive:
        stacks = [archive[name] for name in sorted(archive.files)]
    if not stacks or any(s.ndim != 3 or not np.isin(s, (0, 1)).all() for s in stacks):
        found = [(s.shape, str(s.dtype)) for s in stacks]
        raise ConfigError(
            f"{path} must contain (n, row, col) masks of 0 and 1, found {found}. {fix}"
        )
    return tuple(_cropped(mask > 0) for stack in stacks for mask in stack if mask.any())


def _cropped(mask: Bools) -> Bools:
    """Return a mask without its empty border."""
    rows, cols = np.nonzero(mask)
    return mask[rows.min() : rows.max() + 1, cols.min() : cols.max() + 1]


def _place_shape(
    rng: np.random.Generator,
    shapes: tuple[Bools, ...],
    centre: tuple[int, int],
    shape: tuple[int, ...],
) -> Bools:
    """Return a random shape, turned and flipped, with its innermost pixel at the centre."""
    mask = np.rot90(shapes[rng.integers(len(shapes))], int(rng.integers(4)))
    mask = mask[:: rng.choice([-1, 1])]
    at = np.argwhere(mask)
    at = at - at[np.argmin(((at - at.mean(axis=0)) ** 2).sum(axis=1))] + centre
    at = at[((at >= 0) & (at < shape)).all(axis=1)]
    body = np.zeros(shape, bool)
    body[at[:, 0], at[:, 1]] = True
    return body


def _draw_pixel(
    rng: np.random.Generator, odds: F64, window: tuple[slice, slice]
) -> tuple[int, int]:
    """Return a random pixel of a window, (row, col) on the plot."""
    steps = np.cumsum(odds[window].ravel())
    at = int(np.searchsorted(steps, rng.random() * steps[-1], side="right"))
    row, col = divmod(min(at, steps.size - 1), odds[window].shape[1])
    return window[0].start + row, window[1].start + col


def _shifted(mask: Bools, rows: int, cols: int) -> Bools:
    """Return a mask shifted by whole pixels; pixels outside of the plot are lost."""
    at = np.argwhere(mask) + (rows, cols)
    at = at[((at >= 0) & (at < mask.shape)).all(axis=1)]
    moved = np.zeros(mask.shape, bool)
    moved[at[:, 0], at[:, 1]] = True
    return moved
