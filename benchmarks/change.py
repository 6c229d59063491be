"""Mines through time, on simulated ground of which everything is known.

    python benchmarks/change.py --model models/model.pkl --maps maps.npz

Maps simulated sites in each of eight years with Landsat 5, 7, 8 and Sentinel-2 in turn, follows
the mines, and compares them with their true lives: the year in which they open, their area,
openings where nothing opened, growth of mines that do not change. Each row is a way to smooth
over the years; intervals are bootstraps over the sites. `--maps` keeps the maps for the next
run. The model takes six bands: features=[spectral,temporal,neighbourhood].
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, label
from tqdm import tqdm

from minecover.core.config import composed
from minecover.core.cube import F32
from minecover.core.errors import NotCoveredError
from minecover.core.sites import Site
from minecover.evaluation import Bootstrap
from minecover.evaluation.change import (
    ChangeRule,
    Tracks,
    area_noise,
    follow,
    growth_of,
    smoothed,
)
from minecover.prediction.bundle import ModelBundle
from minecover.sources.simulated_years import SimulatedYears

F64 = NDArray[np.float64]
Bools = NDArray[np.bool_]
YEARS = np.arange(2010, 2018)
MIDDLES: F64 = YEARS.astype(np.float64) + 0.5
#: Mines count from this size on [ha], years from this area on [ha], pixels are so large [ha].
LARGE_HA, LEAST_HA, PIXEL_HA = 2.0, 0.5, 0.09
#: Smallest object [px], and neighbours of a pixel.
MIN_PX, AROUND = 3, np.ones((3, 3), np.bool_)
#: What is counted, in the order of the columns.
COLUMNS = {
    "start": "start within one year",
    "start_inside": "of those that opened in these years",
    "area": "median error of area, as outlined",
    "area_bare": "as bare ground and ponds",
    "false": "false openings per 100 km2 and year",
    "steady": "intervals of unchanged mines that hold 0",
    "grew": "intervals above 0 of mines that opened or grew",
}


@dataclass(frozen=True, slots=True, eq=False)
class Maps:
    """Maps of sites: probability and number of valid dates, (site, year, row, col)."""

    probability: F32
    valid_dates: NDArray[np.uint8]
    threshold: float


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


def main() -> None:
    """Map, follow, compare, print."""
    options = _options()
    source = composed(
        ["source=simulated_years", f"seed={options.seed}", f"world.n_sites={options.sites}"]
    ).build("source.scenes")
    maps = _mapped(source, options)
    truths = [_truth(source, name) for name in source.world.sites()]
    rule: ChangeRule = composed().build("change")
    bootstrap: Bootstrap = composed().build("metrics.bootstrap")
    print(f"| smoothing over years | {' | '.join(COLUMNS.values())} |")
    print("|---" * (len(COLUMNS) + 1) + "|")
    for name, own in _ways(rule).items():
        smooth = _mean_of_three if name.startswith("mean") else smoothed
        followed = [
            _followed(probability, valid_dates, smooth, maps.threshold, own)
            for probability, valid_dates in zip(maps.probability, maps.valid_dates, strict=True)
        ]
        noise = area_noise(
            np.concatenate([one.on_map_px for one in followed], axis=1),
            np.concatenate([one.tracks.area_px for one in followed], axis=1).astype(np.float64),
            np.concatenate([one.tracks.observed for one in followed], axis=1),
        )
        counts = [
            _counts(one, truth, noise=noise, level=own.level)
            for one, truth in zip(followed, truths, strict=True)
        ]
        print(f"| {name} | {' | '.join(_cells(counts, bootstrap))} |", flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="models/model.pkl")
    parser.add_argument(
        "--maps", type=Path, required=True, help="file of maps, made if missing"
    )
    parser.add_argument("--sites", type=int, default=60)
    parser.add_argument("--seed", type=int, default=11, help="of a world not trained on")
    return parser.parse_args()


def _ways(rule: ChangeRule) -> dict[str, ChangeRule]:
    """Return the ways to smooth, and the rule of each."""
    ways = {
        "none": replace(rule, most_evidence=0),
        "mean log odds of three years": rule,
        "hidden Markov (default)": rule,
    }
    ways |= {
        f"hidden Markov, most_evidence={most:g}": replace(rule, most_evidence=most)
        for most in (1, 2, 4, 6)
    }
    ways |= {
        f"hidden Markov, opens={opens:g} closes={closes:g}": replace(
            rule, opens=opens, closes=closes
        )
        for opens, closes in ((0.005, 0.02), (0.02, 0.05), (0.1, 0.1), (0.2, 0.2))
    }
    return ways | {
        f"hidden Markov, min_dates={n}": replace(rule, min_dates=n) for n in (1, 2, 3, 4)
    }


def _mapped(source: SimulatedYears, options: argparse.Namespace) -> Maps:
    """Return the maps of all sites, from the file if it is there."""
    if not options.maps.is_file():
        bundle = ModelBundle.find(options.model)
        detector, sites = bundle.detector(), source.world.sites()
        shape = (len(sites), len(YEARS), *next(iter(sites.values())).shape)
        probability = np.full(shape, np.nan, np.float32)
        valid_dates = np.zeros(shape, np.uint8)
        for k, (name, grid) in enumerate(tqdm(sites.items())):
            for at, year in enumerate(YEARS):
                one = replace(source, first_day=f"{year}-01-01", last_day=f"{year}-12-31")
                try:
                    cube = one.scenes(Site(name, "", grid, bundle.card.halo_px))
                except NotCoveredError:
                    continue
                found = detector.maps(cube, {})
                probability[k, at] = found["probability"]
                valid_dates[k, at] = found["valid_dates"]
        np.savez_compressed(
            options.maps,
            probability=probability,
            valid_dates=valid_dates,
            threshold=detector.threshold,
        )
    found = np.load(options.maps)
    return Maps(found["probability"], found["valid_dates"], float(found["threshold"]))


def _truth(source: SimulatedYears, name: str) -> Truth:
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


def _mean_of_three(probability: F32, *, threshold: float, rule: ChangeRule) -> F32:
    """Return the mean evidence of a year and its neighbours as a probability."""
    alone = smoothed(probability, threshold=threshold, rule=replace(rule, most_evidence=0))
    with np.errstate(divide="ignore"):
        odds = np.clip(
            np.log(alone) - np.log1p(-alone), -rule.most_evidence, rule.most_evidence
        )
    beside = np.full((1, *odds.shape[1:]), np.nan, np.float32)
    stack = np.stack(
        [np.concatenate([beside, odds[:-1]]), odds, np.concatenate([odds[1:], beside])]
    )
    seen = ~np.isnan(stack)
    with np.errstate(invalid="ignore"):
        mean = np.where(seen, stack, 0).sum(axis=0) / seen.sum(axis=0)
    return np.asarray(1 / (1 + np.exp(-mean)), np.float32)


def _followed(
    probability: F32,
    valid_dates: NDArray[np.uint8],
    smooth: Callable[..., F32],
    threshold: float,
    rule: ChangeRule,
) -> Followed:
    """Return the mines of a site, followed over the years."""
    some = np.where(valid_dates >= rule.min_dates, probability, np.nan).astype(np.float32)
    on_map = np.nan_to_num(some) >= threshold
    mined = np.nan_to_num(smooth(some, threshold=threshold, rule=rule)) >= 0.5
    mined &= on_map.any(axis=0)
    on_map = np.where(np.isnan(some), mined, on_map)
    row, col = np.nonzero(mined.any(axis=0) | on_map.any(axis=0))
    seen = ~np.isnan(some)[:, row, col]
    tracks = follow(row, col, mined[:, row, col], seen, min_px=MIN_PX)
    number = np.full(probability.shape[1:], -1)
    number[row, col] = tracks.number
    inside = number >= 0
    on_map_px = [np.bincount(number[inside & now], minlength=len(tracks)) for now in on_map]
    return Followed(number, tracks, np.array(on_map_px, np.float64))


def _counts(
    followed: Followed, truth: Truth, *, noise: float, level: float
) -> dict[str, list[float]]:
    """Return what is counted at one site, by the names of `COLUMNS`."""
    number, tracks = followed.number, followed.tracks
    found = _mines(number, tracks, truth)
    found["false"] = [float(_false_openings(number, tracks, truth))]
    found["km2_years"] = [truth.mine.size * 900 / 1e6 * (len(YEARS) - 1)]
    found["steady"], found["grew"] = _intervals(followed, truth, noise=noise, level=level)
    return found


def _cells(counts: Sequence[Mapping[str, list[float]]], bootstrap: Bootstrap) -> list[str]:
    """Return each figure with its interval, by a bootstrap over the sites."""
    rng = np.random.default_rng(bootstrap.seed)
    draws = [rng.integers(len(counts), size=len(counts)) for _ in range(bootstrap.replicates)]
    cells = []
    for name in COLUMNS:
        every = [_figure([counts[k] for k in draw], name) for draw in draws]
        low, high = np.nanquantile(
            every, [(1 - bootstrap.level) / 2, (1 + bootstrap.level) / 2]
        )
        cells.append(f"{_figure(counts, name):.2f} [{low:.2f}, {high:.2f}]")
    return cells


def _figure(counts: Sequence[Mapping[str, list[float]]], name: str) -> float:
    """Return one figure of some sites."""
    values = [value for of_site in counts for value in of_site[name]]
    if name == "false":
        return 100 * sum(values) / sum(one["km2_years"][0] for one in counts)
    if not values:
        return float("nan")
    return float(np.median(values) if name.startswith("area") else np.mean(values))


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


def _false_openings(number: NDArray[np.int64], tracks: Tracks, truth: Truth) -> int:
    """Return how often a mine is said to open where none did, from two years before on."""
    n_false = 0
    for track in range(len(tracks)):
        near = binary_dilation(number == track, AROUND, iterations=2)
        was_there, was_seen = False, False
        for at in np.flatnonzero(tracks.observed[:, track]):
            is_there = bool(tracks.area_px[at, track])
            if is_there and was_seen and not was_there:
                before = truth.active[max(int(at) - 2, 0)]
                later = truth.active[at : at + 2].any(axis=0)
                n_false += not (later & ~before & near).any()
            was_there, was_seen = is_there, True
    return n_false


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


if __name__ == "__main__":
    main()
