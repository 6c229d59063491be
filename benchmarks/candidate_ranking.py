"""Would another order put true mines first? Candidates of a build, ranked by several rules.

    python benchmarks/candidate_ranking.py

Reads the build in the working folder: its out-of-fold probabilities and threshold. A candidate
is right if it touches a mine in truth, which only simulated ground has. Printed for each rule:
average precision of the order, the share of right ones among the first 50, 100 and 200, and the
share of the mined area of all right ones that these hold; in brackets differences to the order
that is used, with intervals by bootstrap over sites.
"""

from __future__ import annotations

from collections.abc import Callable

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from minecover.core.config import composed
from minecover.reporting.candidates import SiteMap, find_candidates, touches
from minecover.reporting.scored_sites import ScoredSites

F64 = NDArray[np.float64]
TOPS = (50, 100, 200)
#: What candidates are ranked by, largest first, from their table and the threshold.
RULES: dict[str, Callable[[pd.DataFrame, float], pd.Series]] = {
    "expected area (as it is)": lambda found, _: found["area_ha"] * found["mean_probability"],
    "highest probability": lambda found, _: found["max_probability"],
    "mean probability": lambda found, _: found["mean_probability"],
    "expected area above the threshold": lambda found, threshold: (
        found["area_ha"] * (found["mean_probability"] - threshold)
    ),
    "mean probability times root of area": lambda found, _: (
        np.sqrt(found["area_ha"]) * found["mean_probability"]
    ),
}


def ordered(found: pd.DataFrame, rule: str, threshold: float) -> NDArray[np.int64]:
    """Return the positions of candidates in the order of a rule; ties stay as they are."""
    values = RULES[rule](found, threshold).to_numpy(np.float64)
    return np.argsort(-values, kind="stable").astype(np.int64)


def scores(is_right: NDArray[np.bool_], area_ha: F64, weight: F64) -> dict[str, F64]:
    """Score one order of candidates, on the sites as they are and on every draw of them.

    Parameters
    ----------
    is_right : (n,) bool
        In the order of rank.
    area_ha : (n,) float64
    weight : (draw, n) float64
        How often the site of each candidate was drawn.
    """
    count, right = np.cumsum(weight, axis=1), weight * is_right
    precision = np.cumsum(right, axis=1) / np.maximum(count, 1)
    found = {"AP": (right * precision).sum(axis=1) / right.sum(axis=1)}
    for top in TOPS:
        taken = np.clip(top - (count - weight), 0, weight) * is_right
        found[f"right of {top}"] = taken.sum(axis=1) / top
        found[f"area in {top}"] = (taken @ area_ha) / (right @ area_ha)
    return found


def main() -> None:
    """Rank the candidates of the build in the working folder, and print the table."""
    params = composed([])
    scored = ScoredSites.read(params.build("aggregation"))
    threshold = float(scored.card.value("threshold"))
    maps = [
        SiteMap(name, scored.sites[name].grid, probability)
        for name, probability in scored.location_probability.items()
    ]
    min_px = params.build("metrics.objects").min_px
    found = find_candidates(maps, scored.labels, threshold=threshold, min_px=min_px)
    truth: gpd.GeoDataFrame = scored.labels_of("truth")
    is_right = touches(found, truth)
    bootstrap = params.build("metrics.bootstrap")
    place = {name: index for index, name in enumerate(sorted(scored.sites))}
    draws = bootstrap.draws(len(place))[:, found["site_id"].map(place).to_numpy()]
    print(
        f"{len(found)} candidates from {threshold:.3f} on, {is_right.mean():.3f} of them right"
    )
    beside: dict[str, F64] = {}
    for rule in RULES:
        order = ordered(found, rule, threshold)
        area_ha = found["area_ha"].to_numpy(np.float64)[order]
        one = scores(is_right[order], area_ha, draws[:, order].astype(np.float64))
        beside = beside or one
        cells = []
        for name, values in one.items():
            low, high = bootstrap.interval((values - beside[name])[1:])
            more = values[0] - beside[name][0]
            cells.append(f"{name} {values[0]:.3f} ({more:+.3f} [{low:+.3f}, {high:+.3f}])")
        print(f"{rule} | {' | '.join(cells)}")


if __name__ == "__main__":
    main()
