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
from change_truth import MIN_PX, PIXEL_HA, YEARS, Followed, counts_of, true_mines
from numpy.typing import NDArray
from tqdm import tqdm

from minecover.core.config import composed
from minecover.core.cube import F32
from minecover.core.errors import NotCoveredError
from minecover.core.sites import Site
from minecover.evaluation import Bootstrap
from minecover.evaluation.change import (
    ChangeRule,
    area_noise,
    areas,
    follow,
    smoothed,
)
from minecover.prediction.bundle import ModelBundle
from minecover.sources.simulated_years import SimulatedYears

F64 = NDArray[np.float64]
Bools = NDArray[np.bool_]
#: What is counted, in the order of the columns.
COLUMNS = {
    "start": "start within one year",
    "start_inside": "of those that opened in these years",
    "area": "median error of area, as outlined",
    "area_bare": "as bare ground and ponds",
    "false": "false openings per 100 km2 and year",
    "beside": "openings where a mine stood per 100 km2 and year",
    "steady": "intervals of unchanged mines that hold 0",
    "grew": "intervals above 0 of mines that opened or grew",
}


@dataclass(frozen=True, slots=True, eq=False)
class Maps:
    """Maps of sites: probability and number of valid dates, (site, year, row, col)."""

    probability: F32
    valid_dates: NDArray[np.uint8]
    threshold: float


def main() -> None:
    """Map, follow, compare, print."""
    options = _options()
    source = composed(
        ["source=simulated_years", f"seed={options.seed}", f"world.n_sites={options.sites}"]
    ).build("source.scenes")
    maps = _mapped(source, options)
    truths = [true_mines(source, name) for name in source.world.sites()]
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
            counts_of(one, truth, noise=noise, level=own.level)
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
    ways |= {
        f"hidden Markov, separate_ha={area:g}": replace(rule, separate_ha=area)
        for area in (0, 0.5, 1, 2, 5, 10)
    }
    ways |= {
        f"hidden Markov, edge_share={share:g}": replace(rule, edge_share=share)
        for share in (0.5, 0.75, 1)
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
    tracks = follow(
        row,
        col,
        mined[:, row, col],
        seen,
        min_px=MIN_PX,
        separate_px=rule.separate_ha / PIXEL_HA,
    )
    n, share = len(tracks), rule.edge_share
    area_px, on_map_px = (
        areas(row, col, tracks.number, maps[:, row, col], n, edge_share=share)
        for maps in (mined, on_map)
    )
    number = np.full(probability.shape[1:], -1)
    number[row, col] = tracks.number
    return Followed(number, replace(tracks, area_px=area_px), on_map_px)


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
    if name in ("false", "beside"):
        return 100 * sum(values) / sum(one["km2_years"][0] for one in counts)
    if not values:
        return float("nan")
    return float(np.median(values) if name.startswith("area") else np.mean(values))


if __name__ == "__main__":
    main()
