"""Lives of simulated mines: they open, grow, move along a river, are left and grow over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date

import numpy as np

from minecover.core.errors import ConfigError
from minecover.sources.simulation.mines import Mine
from minecover.sources.simulation.streams import F64, Bools, Stream, generator, random_field

#: What becomes of a mine, in the order in which their weights are drawn.
KINDS = ("steady", "growing", "moving", "left")
#: Correlation length of the noise in the order in which pixels are mined [pixels], and its
#: standard deviation as a share of the mine's extent.
ORDER_PX, ORDER_NOISE = 1.5, 0.15
#: How much longer than ground ponds stay visible once they are left.
PONDS_LAST = 2.0
#: Days of a year.
YEAR_DAYS = 365.25


@dataclass(frozen=True, slots=True)
class Lives:
    """What becomes of mines; the fields are keys of ``source.scenes.lives``.

    Parameters
    ----------
    first_year, last_year : int
        Calendar years in which mines open, move and are left, both included.
    steady, growing, moving, left : float
        Relative frequencies: mines that stay as they are; that open within these years or up to
        two years before, and grow; that open so and move along the nearest water; that stood
        before, are left, and grow over.
    growing_years : float
        Median of the time from the first pixel to the full size, lognormal [a].
    moving_px : float
        Way of a moving mine in all [pixels].
    worked_years : float
        Time for which a moving mine works one place [a].
    overgrown_years : float
        Mean time from leaving a place until it is grown over [a].
    """

    first_year: int
    last_year: int
    steady: float
    growing: float
    moving: float
    left: float
    growing_years: float
    moving_px: float
    worked_years: float
    overgrown_years: float

    def __post_init__(self) -> None:
        """Check years, frequencies and times."""
        if self.last_year <= self.first_year:
            raise ConfigError(
                f"source.scenes.lives.last_year must follow first_year={self.first_year}, "
                f"found {self.last_year}. Fix source.scenes.lives.last_year."
            )
        low = [f.name for f in fields(self)[2:] if getattr(self, f.name) < 0]
        if low or not sum(getattr(self, kind) for kind in KINDS):
            raise ConfigError(
                "frequencies and times of source.scenes.lives must not be negative, and one "
                f"frequency must be above 0, found {self}. Fix source.scenes.lives."
            )

    def kind(self, rng: np.random.Generator) -> str:
        """Return a random kind of `KINDS`."""
        weights = np.cumsum([getattr(self, kind) for kind in KINDS])
        at = int(np.searchsorted(weights, rng.random() * weights[-1], side="right"))
        return KINDS[at]


@dataclass(frozen=True, slots=True, eq=False)
class Life:
    """When each pixel of a plot belongs to a mine.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    opened, gone : (row, col) float64
        Years from and until which a pixel is mined (2016.5 is the middle of 2016); infinite
        where it never is, and where it was before or stays.
    pond : (row, col) bool
        Where mined pixels are ponds.
    outline : (row, col) bool
        Annotated extent, as in `Mine`.
    """

    kind: str
    opened: F64
    gone: F64
    pond: Bools
    outline: Bools

    def at(self, year: float) -> Mine:
        """Return the mine as it is at a time, in years; it may be empty."""
        active = (self.opened <= year) & (year < self.gone)
        return Mine(active & ~self.pond, active & self.pond, self.outline)


def year_of(day: date) -> float:
    """Return a day in years: 2 July 2016 is about 2016.5."""
    return day.year + (day.timetuple().tm_yday - 1) / YEAR_DAYS


def draw_lives(
    key: tuple[int, int], lives: Lives, mines: Sequence[Mine], shore_px: F64
) -> tuple[Life, ...]:
    """Return random lives of the mines of a plot, in their order.

    Parameters
    ----------
    key : (int, int)
        Seed of the world and number of the ground.
    lives : Lives
        What becomes of mines.
    mines : sequence of Mine
        Mines at their full size, as the world has them.
    shore_px : (row, col) float64
        Distance from the nearest water [pixels].
    """
    return tuple(
        _draw_life(generator(*key, Stream.LIVES, number), lives, mine, shore_px)
        for number, mine in enumerate(mines)
    )


def _draw_life(rng: np.random.Generator, lives: Lives, mine: Mine, shore_px: F64) -> Life:
    """Return a random life of one mine."""
    kind, active = lives.kind(rng), mine.active
    opened = np.where(active, -np.inf, np.inf)
    gone = np.full(active.shape, np.inf)
    start = float(rng.uniform(lives.first_year - 2, lives.last_year + 0.5))
    left = float(rng.uniform(lives.first_year + 1, lives.last_year + 0.5))
    duration = float(lives.growing_years * np.exp(0.6 * rng.standard_normal()))
    overgrown = lives.overgrown_years * (
        1.0 + 0.3 * random_field(rng, (active.shape[0], active.shape[1]), ORDER_PX)
    ).clip(0.2)
    if kind == "growing":
        opened[active] = start + duration * _order(rng, active)
    elif kind == "left":
        gone[active] = left + overgrown[active] * np.where(mine.pond[active], PONDS_LAST, 1.0)
    elif kind == "moving":
        return _moving(lives, mine, shore_px, start, overgrown)
    return Life(kind, opened, gone, mine.pond, mine.outline)


def _order(rng: np.random.Generator, active: Bools) -> F64:
    """Return when each pixel of a mine is reached, 0 ... 1: outward from one of them."""
    rows, cols = np.nonzero(active)
    if not len(rows):
        return np.empty(0)
    start = int(rng.integers(len(rows)))
    away = np.hypot(rows - rows[start], cols - cols[start])
    noise = random_field(rng, (active.shape[0], active.shape[1]), ORDER_PX)[rows, cols]
    rank = np.argsort(np.argsort(away + ORDER_NOISE * np.sqrt(len(rows)) * noise))
    order: F64 = rank / len(rows)
    return order


def _moving(lives: Lives, mine: Mine, shore_px: F64, start: float, overgrown: F64) -> Life:
    """Return the life of a mine that moves along the bank until the last year."""
    rows, cols = np.nonzero(mine.active)
    shape = mine.active.shape
    opened, gone = np.full(shape, np.inf), np.full(shape, np.inf)
    pond = np.zeros(shape, np.bool_)
    if len(rows):
        middle = int(rows.mean()), int(cols.mean())
        away_down, away_right = (
            float(slope[middle]) for slope in np.gradient(np.minimum(shore_px, 1e3))
        )
        along = np.array([away_right, -away_down])
        along = along / np.hypot(*along) if along.any() else np.array([0.0, 1.0])
        n_steps = int(lives.moving_px)
        years_a_step = max(lives.last_year + 1 - start, 1.0) / max(n_steps, 1)
        for step in range(n_steps + 1):
            row, col = (
                np.rint(at + step * part).astype(np.int64)
                for at, part in zip((rows, cols), along, strict=True)
            )
            inside = (row >= 0) & (row < shape[0]) & (col >= 0) & (col < shape[1])
            row, col = row[inside], col[inside]
            is_dry = shore_px[row, col] > 0
            row, col, is_pond = row[is_dry], col[is_dry], mine.pond[rows, cols][inside][is_dry]
            reached = start + step * years_a_step
            is_new = np.isinf(opened[row, col])
            pond[row[is_new], col[is_new]] = is_pond[is_new]
            opened[row, col] = np.minimum(opened[row, col], reached)
            gone[row, col] = reached + lives.worked_years + overgrown[row, col]
    return Life("moving", opened, gone, pond, mine.outline)
