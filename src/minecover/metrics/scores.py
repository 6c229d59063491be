"""The content of reports/metrics.json: scores on honest supports, with intervals over sites."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from minecover.metrics.bootstrap import Bootstrap, average_precisions
from minecover.metrics.ranking import (
    F64,
    I8,
    Confusion,
    Ranking,
    confusion,
    curve,
    curve_average_precision,
)
from minecover.metrics.support import SiteScores, Support, common_support, published
from minecover.metrics.tables import calibration

#: Decimals kept of every score: more would only be rounding noise of the platform.
DECIMALS = 6

Scalars = dict[str, float | int | None]
Report = dict[str, "float | int | None | Report"]


def scores(
    sites: Sequence[SiteScores],
    *,
    observation_threshold: Mapping[int, float],
    location_threshold: Mapping[int, float],
    bootstrap: Bootstrap,
) -> Report:
    """Assemble every score of a model, nested as in reports/metrics.json.

    Parameters
    ----------
    sites : sequence of SiteScores
        In any order.
    observation_threshold, location_threshold : mapping of fold to threshold
        A score at or above it is predicted a mine. Take thresholds that were chosen on the
        other folds (`best_f1_threshold_by_fold`) or that were fixed beforehand.
    bootstrap : Bootstrap
        How the intervals (``*_low``, ``*_high``) are drawn. Thresholds are not chosen anew.

    Returns
    -------
    nested dict of float, int and None
        ``observation`` and ``location`` as `published`, the same under ``common_support``, and
        all of it against the truth under ``truth`` where any is known. A score that does not
        exist (0/0, the interval of one site) is None, JSON's null.
    """
    ordered = sorted(sites, key=lambda site: site.site_id)
    _check(ordered, observation_threshold, location_threshold)
    scorer = _Scorer(
        [observation_threshold[site.fold] for site in ordered],
        [location_threshold[site.fold] for site in ordered],
        bootstrap,
        bootstrap.weights(len(ordered)),
    )
    report: Report = {**_description(ordered), **scorer.against(ordered, truth=False)}
    if any(np.any(site.known_truth >= 0) for site in ordered):
        report["truth"] = scorer.against(ordered, truth=True)
    return report


def number(report: Report, key: str) -> float:
    """Look a score up by its dotted key; NaN where it does not exist."""
    node: float | int | Report | None = report
    for part in key.split("."):
        node = node.get(part) if isinstance(node, dict) else None
    return float(node) if isinstance(node, float | int) else float("nan")


@dataclass(frozen=True, slots=True, eq=False)
class _Scorer:
    """Thresholds of the sites and the draws that all supports share."""

    observation_thresholds: list[float]
    location_thresholds: list[float]
    bootstrap: Bootstrap
    weights: NDArray[np.float64]

    def against(self, sites: Sequence[SiteScores], *, truth: bool) -> Report:
        """Score both supports against the labels or the truth."""
        return {
            **self.both(published(sites, against_truth=truth)),
            "common_support": self.both(common_support(sites, against_truth=truth)),
        }

    def both(self, support: Support) -> Report:
        """Score the observations and the locations of a support."""
        return {
            "observation": self.rates(support.observation, self.observation_thresholds),
            "location": self.rates(support.location, self.location_thresholds),
        }

    def rates(self, rankings: list[Ranking], thresholds: list[float]) -> Report:
        """Precision, recall, F1 and average precision, each with its interval."""
        each = confusion(rankings, thresholds)
        pooled = Confusion(each.tp.sum(), each.fp.sum(), each.fn.sum())
        drawn = Confusion(*(self.weights @ count for count in (each.tp, each.fp, each.fn)))
        points = curve(rankings)
        found: dict[str, tuple[float | F64, F64]] = {
            "precision": (pooled.precision, drawn.precision),
            "recall": (pooled.recall, drawn.recall),
            "f1": (pooled.f1, drawn.f1),
            "average_precision": (
                curve_average_precision(points),
                average_precisions(rankings, self.weights),
            ),
        }
        rates: Scalars = {}
        for name, (point, replicates) in found.items():
            low, high = (
                self.bootstrap.interval(replicates) if len(each.tp) > 1 else (None, None)
            )
            rates |= {name: float(point), f"{name}_low": low, f"{name}_high": high}
        return _tidy(rates)


def _description(sites: Sequence[SiteScores]) -> Report:
    """How much was there, how much of it was seen and how much of it is mine."""
    labels = [site.label for site in sites]
    at_location = [site.label[site.label_date] for site in sites]
    valid = [~np.isnan(site.probability) for site in sites]
    seen = [~np.isnan(site.location_score) for site in sites]
    return {
        "count": {
            "sites": len(sites),
            "observations": sum(part.size for part in labels),
            "locations": sum(part.size for part in at_location),
        },
        "prevalence": _tidy(
            {"observation": _share_of_mines(labels), "location": _share_of_mines(at_location)}
        ),
        "coverage": _tidy({"observation": _share(valid), "location": _share(seen)}),
        "calibration": _tidy(
            calibration(common_support(sites, against_truth=False).observation)
        ),
        "baseline": {"random": _chance(published(sites, against_truth=False))},
    }


def _share_of_mines(labels: Sequence[I8]) -> float:
    """Share of the labelled pixels that are mines."""
    return _share([part[part >= 0] == 1 for part in labels])


def _share(parts: Sequence[NDArray[np.bool_]]) -> float:
    """Share of True; NaN of nothing."""
    size = sum(part.size for part in parts)
    return sum(int(part.sum()) for part in parts) / size if size else float("nan")


def _chance(support: Support) -> Report:
    """Score a coin: whatever its bias, its precision is the share of mines on the support."""
    chance: Report = {}
    for name, rankings in (
        ("observation", support.observation),
        ("location", support.location),
    ):
        n_mine = sum(ranking.mine.size for ranking in rankings)
        total = n_mine + sum(ranking.other.size for ranking in rankings)
        share = n_mine / total if total else float("nan")
        chance[name] = _tidy({"precision": share, "average_precision": share})
    return chance


def _tidy(values: Mapping[str, float | int | None]) -> Report:
    """Round, and write what is not a number as None."""
    return {
        name: None if value is None or np.isnan(value) else round(float(value), DECIMALS)
        for name, value in values.items()
    }


def _check(sites: Sequence[SiteScores], *thresholds: Mapping[int, float]) -> None:
    """Refuse doubled sites and folds without a threshold."""
    names = [site.site_id for site in sites]
    if len(set(names)) < len(names):
        raise ValueError("each site is scored once, found a site_id twice.")
    folds = {site.fold for site in sites}
    missing = sorted(
        fold for fold in folds if any(fold not in by_fold for by_fold in thresholds)
    )
    if missing:
        raise ValueError(f"every fold needs a threshold, found none for folds {missing}.")
