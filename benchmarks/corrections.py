"""Each correction of the 2017 recipe: alone, and after those before it.

    make run && python benchmarks/corrections.py --sites 60

The recipe of 2017 here: a forest of 40 trees on the eleven bands and the month of the report,
fifteen negatives a positive, the report's mask, votes at p > 0.5 (its 0.3 belongs to a forest
that learned from every negative), a tie is a mine. Scores are of locations against the label,
site-grouped and out of fold, on the same sites; differences are paired on the same draws of
them. Data: what is built in the working folder (by default simulated).
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from functools import cache

import pandas as pd
from goals import Recipe, by_score, measures

from minecover.core.config import composed

Changes = Mapping[str, str | None]
OLD: Changes = {
    "experiment": "acceptance",
    "features": "bands,month_poc",
    "aggregation.tie_is_mine": "true",
}
#: A value of None takes a key back; features that begin with a plus are added.
CORRECTIONS: Mapping[str, Changes] = {
    "month as sine and cosine of the day": {"features": "bands,season"},
    "strict mask": {"mask": "strict"},
    "a tie is no mine": {"aggregation.tie_is_mine": "false"},
    "threshold chosen on other folds": {
        "aggregation": "median",
        "aggregation.tie_is_mine": None,
        "design.threshold": "best_f1",
    },
    "one score a location": {"design": "location", "design.calibration": "none"},
    "+ spectral": {"features": "+spectral"},
    "+ normalised": {"features": "+normalised"},
    "+ warmth": {"features": "+warmth"},
    "+ temporal": {"features": "+temporal"},
    "+ neighbourhood": {"features": "+neighbourhood"},
}
#: Overrides that begin so are about scores of dates, and no model learns from them.
JUDGING = ("aggregation", "design.threshold")
SCORES = ("location.f1", "location.average_precision")
#: The two rows that the report compared, and the same where both are counted alike.
SUPPORTS = ("", "common_support.")


def main() -> None:
    """Learn each way, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sites", type=int, default=60, help="use so many sites")
    asked = parser.parse_args()
    old = learned(OLD, asked.sites)
    supports(old)
    print("correction | alone, to 2017: F1 | AP | with those above: F1 | AP", flush=True)
    chain = dict(OLD)
    for name, changes in CORRECTIONS.items():
        alone = compared(old, learned(changed(OLD, changes), asked.sites))
        chain = changed(chain, changes)
        after = compared(old, learned(chain, asked.sites))
        cells = [difference(alone, score) for score in SCORES]
        cells += [f"{after.loc[score, 'b']:.3f}" for score in SCORES]
        print(" | ".join([name, *cells]), flush=True)
    best = compared(old, learned({"experiment": "champion"}, asked.sites))
    cells = [f"{best.loc[score, 'b']:.3f}" for score in SCORES]
    print(" | ".join(["champion (boosted, calibrated)", "-", "-", *cells]), flush=True)


def learned(changes: Changes, n_sites: int) -> Recipe:
    """Learn from some sites with what the default configuration becomes by these changes."""
    overrides = tuple(
        f"{key}=[{value}]" if key == "features" else f"{key}={value}"
        for key, value in changes.items()
        if value is not None
    )
    # How dates vote, and where they are cut, changes no model.
    fitted = tuple(word for word in overrides if not word.startswith(JUDGING))
    return Recipe(composed(overrides), _fitted(fitted, n_sites).learned)


@cache
def _fitted(overrides: tuple[str, ...], n_sites: int) -> Recipe:
    """Learn from some sites, once for all the ways to judge it."""
    return Recipe.of(composed(overrides), n_sites)


def changed(changes: Changes, more: Changes) -> dict[str, str | None]:
    """Put changes upon changes."""
    features = more.get("features")
    if features and features.startswith("+"):
        return {**changes, "features": f"{changes['features']},{features[1:]}"}
    return {**changes, **more}


def compared(old: Recipe, new: Recipe) -> pd.DataFrame:
    """Score two recipes, each cut as it asks for."""
    scored = [recipe.score(recipe.learned.out_of_fold) for recipe in (old, new)]
    return by_score(scored[0], scored[1], measures(new.params))


def difference(table: pd.DataFrame, score: str) -> str:
    """Write one difference with its interval."""
    row = table.loc[score]
    return (
        f"{row['difference']:+.3f} [{row['difference_low']:+.3f}, "
        f"{row['difference_high']:+.3f}]"
    )


def supports(old: Recipe) -> None:
    """Print what aggregation gains as published, and where both are counted on one support."""
    table = compared(old, old)["a"]
    print("2017 | by date: precision | recall | F1 | over dates: precision | recall | F1")
    for support in SUPPORTS:
        cells = [
            f"{table[f'{support}{level}.{score}']:.3f}"
            for level in ("observation", "location")
            for score in ("precision", "recall", "f1")
        ]
        name = "on common support" if support else "as published"
        print(" | ".join([name, *cells]), flush=True)


if __name__ == "__main__":
    main()
