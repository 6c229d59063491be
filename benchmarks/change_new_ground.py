"""Growth, or a mine of its own: new ground that touches a mine, on simulated lives of mines.

    python benchmarks/change_new_ground.py --seed 11

Takes the true mines of simulated sites in eight years, with outlines that flip from year to
year, and follows them with several values of `change.separate_ha`. Counts how often growth of
a mine is said to be an opening, and how often a mine that was moved until it touches an older
one is said to open in its year or the one beside.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from change_truth import AROUND, MIN_PX, PIXEL_HA, YEARS
from numpy.typing import NDArray
from scipy import ndimage

from minecover.core.config import composed
from minecover.evaluation.change import Tracks, follow
from minecover.sources.simulated_years import SimulatedYears

I64 = NDArray[np.int64]
Bools = NDArray[np.bool_]
#: Values of `change.separate_ha`, sizes of new mines [ha], older ones that each is moved to.
AREAS_HA, SIZES_HA, N_OLDER = (0, 0.3, 1, 2, 5, 10), ((0.5, 2), (2, 5), (5, 100)), 20


@dataclass(frozen=True, slots=True, eq=False)
class Alone:
    """A mine that touches no other: where it is mapped in each year, and when it opens."""

    mapped: Bools
    opens: int
    size_ha: float


def main() -> None:
    """Follow simulated lives, count, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sites", type=int, default=60)
    parser.add_argument("--seed", type=int, default=11)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    source = composed(
        ["source=simulated_years", f"seed={options.seed}", f"world.n_sites={options.sites}"]
    ).build("source.scenes")
    sites = [lives for lives in map(_Lives(source), source.world.sites()) if lives]
    maps = [_with_noise(np.any(lives, axis=0), rng) for lives in sites]
    alone = [one for pair in zip(sites, maps, strict=True) for one in _alone(*pair)]
    new, old = [one for one in alone if one.opens > 1], [one for one in alone if not one.opens]
    pairs = [
        (one, _beside(one.mapped, old[at].mapped, rng))
        for one in new
        for at in rng.choice(len(old), min(N_OLDER, len(old)), replace=False)
    ]
    headings = " | ".join(f"{low}-{high} ha" for low, high in SIZES_HA)
    print(f"{len(new)} new mines, {len(old)} older ones")
    print(f"| separate_ha | growth said to be an opening | {headings} |")
    print("|---" * (len(SIZES_HA) + 2) + "|")
    for area in AREAS_HA:
        n_wrong = sum(_wrong(*pair, area) for pair in zip(sites, maps, strict=True))
        found = [(one.size_ha, _is_found(one, planes, area)) for one, planes in pairs]
        shares = [
            np.mean([is_found for size, is_found in found if low <= size < high])
            for low, high in SIZES_HA
        ]
        print(f"| {area} | {n_wrong} | {' | '.join(f'{share:.2f}' for share in shares)} |")


@dataclass(frozen=True, slots=True)
class _Lives:
    """Returns where each mine of a site is in each year."""

    source: SimulatedYears

    def __call__(self, name: str) -> list[Bools]:
        grid = self.source.world.sites()[name]
        plot = self.source.world.plot_under(grid)
        here = plot.slices(grid)
        lives = self.source.mine_lives(plot)
        return [np.stack([one.at(y + 0.5).active[here] for y in YEARS]) for one in lives]


def _with_noise(mined: Bools, rng: np.random.Generator) -> Bools:
    """Return maps whose outlines flip, together within a year and each pixel for itself."""
    found = mined.copy()
    for plane in found:
        edge = ndimage.binary_dilation(plane, AROUND) & ~ndimage.binary_erosion(plane, AROUND)
        noise = ndimage.gaussian_filter(rng.standard_normal(plane.shape), 1.5)
        level = np.where(plane, 0.7, -0.7) + noise / noise.std() + rng.uniform(-0.75, 0.75)
        plane[edge] = level[edge] > 0
    return found


def _tracks(mined: Bools, area_ha: float) -> tuple[Tracks, I64]:
    """Return the mines, and the number of that at each pixel."""
    row, col = np.nonzero(mined.any(axis=0))
    here = mined[:, row, col]
    tracks = follow(
        row, col, here, np.ones_like(here), min_px=MIN_PX, separate_px=area_ha / PIXEL_HA
    )
    number = np.full(mined.shape[1:], -1)
    number[row, col] = tracks.number
    return tracks, number


def _opening(tracks: Tracks, track: int) -> int:
    """Return the number of the year in which a mine opens; 0 if it is there in the first."""
    return int((tracks.area_px[:, track] > 0).argmax())


def _wrong(lives: Sequence[Bools], mined: Bools, area_ha: float) -> int:
    """Return how many mines are said to open on the ground of older ones alone."""
    tracks, number = _tracks(mined, area_ha)
    n_wrong = 0
    for track in range(len(tracks)):
        at = _opening(tracks, track)
        near = ndimage.binary_dilation(number == track, AROUND)
        here = [life.sum(axis=(1, 2)) for life in lives if (life.any(axis=0) & near).any()]
        old, now = max(at - 2, 0), min(at + 1, len(YEARS) - 1)
        opened = [size[old] < MIN_PX <= size[now] for size in here]
        stood = [size[old] >= MIN_PX for size in here]
        n_wrong += bool(at and any(stood) and not any(opened))
    return n_wrong


def _alone(lives: Sequence[Bools], mined: Bools) -> list[Alone]:
    """Return the mines that the map shows apart from all others."""
    label, _ = ndimage.label(mined.any(axis=0), AROUND)
    found = []
    for life in lives:
        ever = ndimage.binary_dilation(life.any(axis=0), AROUND)
        ground = np.isin(label, np.setdiff1d(label[ever], 0))
        around = ndimage.binary_dilation(ground, AROUND)
        others = [one for one in lives if one is not life and (one.any(axis=0) & around).any()]
        mapped, size = mined & ground, life.sum(axis=(1, 2))
        opens = int((size >= MIN_PX).argmax())
        # New ones that are mapped before they open, and older ones that are not, teach nothing.
        is_clear = not mapped[: opens - 1].any() if opens else mapped[0].sum() >= MIN_PX
        if ground.any() and not others and size.max() >= 2 * MIN_PX and opens != 1 and is_clear:
            rows, cols = np.nonzero(ground)
            inside = np.s_[:, rows.min() : rows.max() + 1, cols.min() : cols.max() + 1]
            found.append(Alone(mapped[inside], opens, float(size.max()) * PIXEL_HA))
    return found


def _beside(new: Bools, old: Bools, rng: np.random.Generator) -> tuple[Bools, Bools]:
    """Move one mine towards another from a random side until they touch; each on its plane."""
    side = 2 * max(*new.shape[1:], *old.shape[1:]) + 4
    shape = (len(old), 2 * side, 2 * side)
    placed = np.zeros(shape, np.bool_)
    top, left = (side - n // 2 for n in old.shape[1:])
    placed[:, top : top + old.shape[1], left : left + old.shape[2]] = old
    around = ndimage.binary_dilation(placed.any(axis=0), AROUND)
    angle = rng.uniform(0, 2 * np.pi)
    moved = np.zeros(shape, np.bool_)
    for step in range(side // 2, -1, -1):
        row = round(side - new.shape[1] / 2 + step * np.sin(angle))
        col = round(side - new.shape[2] / 2 + step * np.cos(angle))
        moved[:] = False
        moved[:, row : row + new.shape[1], col : col + new.shape[2]] = new
        if (moved.any(axis=0) & around).any():
            break
    return moved, placed


def _is_found(one: Alone, planes: tuple[Bools, Bools], area_ha: float) -> bool:
    """Return whether the mine on most of new ground is said to open in its year or beside."""
    new, old = planes
    tracks, number = _tracks(new | old, area_ha)
    own = number[new.any(axis=0) & ~old.any(axis=0)]
    own = own[own >= 0]
    if not len(own):
        return False
    at = _opening(tracks, int(np.bincount(own).argmax()))
    return at > 0 and abs(at - one.opens) <= 1


if __name__ == "__main__":
    main()
