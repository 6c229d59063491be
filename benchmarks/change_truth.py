"""True lives of simulated mines, and what was said of them by maps of every year."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, label

from minecover.evaluation.change import Tracks, growth_of
from minecover.sources.simulated_years import SimulatedYears

F64 = NDArray[np.float64]
Bools = NDArray[np.bool_]
YEARS = np.arange(2010, 2018)
MIDDLES: F64 = YEARS.astype(np.float64) + 0.5
#: Mines count from this size on [ha], years from this area on [ha], pixels are so large [ha].
LARGE_HA, LEAST_HA, PIXEL_HA = 2.0, 0.5, 0.09
#: Smallest object [px], and neighbours of a pixel.
MIN_PX, AROUND = 3, np.ones((3, 3), np.bool_)


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """True mines of a site, one plane for each year, and how much larger outlines are.

    Parameters
    ----------
    active : (year, row, col) bool
        Bare ground and ponds in the middle of each year.
    mine : (row, col) int
        Number of the mine at each pixel, from 1 on; 0 where there never is one.
    outlined : (mine,) float64
        Area of its outline, as an annotator draws it, per area of bare ground and ponds.
    is_steady, has_grown : (mine,) bool
        Whether it never changes, and whether it has grown by half from the first to the last
        year.
    """

    active: Bools
    mine: NDArray[np.int64]
    outlined: F64
    is_steady: Bools
    has_grown: Bools


@dataclass(frozen=True, slots=True, eq=False)
class Followed:
    """Mines of a site that were followed.

    Parameters
    ----------
    number : (row, col) int64
        Number of the track at each pixel; -1 where there is none.
    tracks : Tracks
        Its mines.
    on_map_px : (year, track) float64
        Area of each on the map of each year alone [px].
    """

    number: NDArray[np.int64]
    tracks: Tracks
    on_map_px: F64


def true_mines(source: SimulatedYears, name: str) -> Truth:
    """Return the true mines of a site."""
    grid = source.world.sites()[name]
    plot = source.world.plot_under(grid)
    here = plot.slices(grid)
    lives = source.mine_lives(plot)
    whole = source.world.mines(plot, source.world.network(plot))
    active = np.stack([source.is_mine(plot, year + 0.5)[here] for year in YEARS])
    mine, n = label(active.any(axis=0), AROUND)
    outlined, is_steady = np.ones(n), np.ones(n, np.bool_)
    for number in range(n):
        touching = [
            (one, full)
            for one, full in zip(lives, whole, strict=True)
            if (np.isfinite(one.opened) | (one.opened < 0))[here][mine == number + 1].any()
        ]
        drawn = sum(full.outline.sum() for _, full in touching if full.outline.any())
        bare = sum(full.active.sum() for _, full in touching if full.outline.any())
        # A mine that was never outlined is a seventh larger than what is not green.
        outlined[number] = drawn / bare if bare else 1 / 0.85
        is_steady[number] = all(one.kind == "steady" for one, _ in touching)
    area = np.array([np.bincount(mine[now], minlength=n + 1)[1:] for now in active])
    has_grown = (area[-1] >= 1.5 * area[0]) & (area[-1] >= area[0] + MIN_PX)
    return Truth(active, mine, outlined, is_steady, has_grown)


def counts_of(
    followed: Followed, truth: Truth, *, noise: float, level: float
) -> dict[str, list[float]]:
    """Return what is counted at one site, by the names of `COLUMNS`."""
    number, tracks = followed.number, followed.tracks
    found = _mines(number, tracks, truth)
    found["false"], found["beside"] = (
        [float(n)] for n in _wrong_openings(number, tracks, truth)
    )
    found["km2_years"] = [truth.mine.size * 900 / 1e6 * (len(YEARS) - 1)]
    found["steady"], found["grew"] = _intervals(followed, truth, noise=noise, level=level)
    return found


def _mines(number: NDArray[np.int64], tracks: Tracks, truth: Truth) -> dict[str, list[float]]:
    """Return whether each large mine was seen to open in its year, and the errors of areas."""
    found: dict[str, list[float]] = {
        name: [] for name in ("start", "start_inside", "area", "area_bare")
    }
    for at in range(1, len(truth.outlined) + 1):
        here = truth.mine == at
        bare_px = (truth.active & here).sum(axis=(1, 2))
        if bare_px.max() * PIXEL_HA < LARGE_HA:
            continue
        ids = np.unique(number[binary_dilation(here, AROUND)])
        ids = ids[ids >= 0]
        area_px = tracks.area_px[:, ids].sum(axis=1)
        seen = tracks.observed[:, ids].any(axis=1)
        start = int((bare_px >= MIN_PX).argmax())
        there = seen & (area_px > 0)
        is_near = bool(there.any()) and abs(int(there.argmax()) - start) <= 1
        found["start"].append(is_near)
        if start > 0:
            found["start_inside"].append(is_near)
        for name, true_px in (
            ("area", bare_px * truth.outlined[at - 1]),
            ("area_bare", bare_px),
        ):
            counted = seen & (true_px * PIXEL_HA >= LEAST_HA)
            found[name] += list(abs(area_px - true_px)[counted] / true_px[counted])
    return found


def _wrong_openings(number: NDArray[np.int64], tracks: Tracks, truth: Truth) -> tuple[int, int]:
    """Return how often a mine is said to open where none did, and where one stood before.

    Before is two years before; the first of the two counts where none opened since then.
    """
    n_false, n_beside = 0, 0
    for track in range(len(tracks)):
        near = binary_dilation(number == track, AROUND, iterations=2)
        was_there, was_seen = False, False
        for at in np.flatnonzero(tracks.observed[:, track]):
            is_there = bool(tracks.area_px[at, track])
            if is_there and was_seen and not was_there:
                before = truth.active[max(int(at) - 2, 0)]
                later = truth.active[at : at + 2].any(axis=0)
                n_false += not (later & ~before & near).any()
                n_beside += bool((before & near).any())
            was_there, was_seen = is_there, True
    return n_false, n_beside


def _intervals(
    followed: Followed, truth: Truth, *, noise: float, level: float
) -> tuple[list[float], list[float]]:
    """Return of which unchanged mines the interval holds 0, and of which others it does not."""
    tracks = followed.tracks
    area: F64 = tracks.area_px.astype(np.float64)
    found = growth_of(area, tracks.observed, MIDDLES, noise=noise, level=level)
    holds, above = list[float](), list[float]()
    for track in range(len(tracks)):
        mines = np.unique(truth.mine[binary_dilation(followed.number == track, AROUND)])
        mines = mines[mines > 0] - 1
        if not len(mines) or np.isnan(found.low[track]):
            continue
        if truth.is_steady[mines].all():
            holds.append(float(found.low[track] <= 0 <= found.high[track]))
        elif truth.has_grown[mines].all():
            above.append(float(found.low[track] > 0))
    return holds, above
