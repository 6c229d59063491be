"""The content of reports/metrics.json: scores on honest supports, with intervals over sites."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from minecover.evaluation.bootstrap import average_precisions
from minecover.evaluation.detection import ObjectCurve, false_objects, object_scores
from minecover.evaluation.estimates import Estimates, Report, rendered
from minecover.evaluation.object_matching import Ground
from minecover.evaluation.plot_tables import precision_at
from minecover.evaluation.ranking import (
    F64,
    I8,
    Ranking,
    confusion,
    curve,
    curve_average_precision,
)
from minecover.evaluation.reliability import calibration
from minecover.evaluation.scored_model import Judged, Yardstick
from minecover.evaluation.support import SiteScores, Support, common_support, published


def scores(model: Judged, yardstick: Yardstick) -> Report:
    """Assemble every score of a model, nested as in reports/metrics.json.

    Returns
    -------
    nested dict of float, int and None
        ``observation`` and ``location`` as `published`, the same under ``common_support``,
        ``calibration``, ``transfer`` (precision at other prevalences) and ``objects``
        (`object_scores`); all of it against the truth under ``truth`` where any is known;
        ``background`` counts false objects on mine-free ground where there is any, which is
        left out of everything else. ``*_low`` and ``*_high`` are intervals; a score that does
        not exist (0/0, the interval of one site) is None, JSON's null.
    """
    described = _description(model.ordered(background=False))
    return rendered({**described, **estimates(model, yardstick)}, yardstick.bootstrap)


def estimates(model: Judged, yardstick: Yardstick) -> Estimates:
    """Compute every score together with its value in each draw of the sites."""
    sites = model.ordered(background=False)
    scorer = _Scorer.of(model, sites, yardstick)
    found = scorer.against(truth=False)
    if any(np.any(site.known_truth >= 0) for site in sites):
        found["truth"] = scorer.against(truth=True)
    background = model.ordered(background=True)
    if background:
        found["background"] = false_objects(
            Ground.of(background, yardstick.objects, truth=False),
            model.thresholds(background, "location"),
            yardstick.bootstrap.draws(len(background)),
            yardstick.objects,
        )
    return found


@dataclass(frozen=True, slots=True, eq=False)
class _Scorer:
    """Thresholds of the sites and the draws that all supports share."""

    sites: Sequence[SiteScores]
    thresholds: Mapping[str, F64]
    affordable: Mapping[float, F64]
    ground: Ground
    draws: F64
    yardstick: Yardstick

    @classmethod
    def of(cls, model: Judged, sites: Sequence[SiteScores], yardstick: Yardstick) -> _Scorer:
        """Draw the sites, and choose what false objects each fold can afford."""
        ground = Ground.of(sites, yardstick.objects, truth=False)
        down = ObjectCurve.of(ground, yardstick.objects)
        fold = np.array([site.fold for site in sites], np.int64)
        return cls(
            sites,
            {level: model.thresholds(sites, level) for level in ("observation", "location")},
            {
                limit: down.affordable(fold, limit)
                for limit in yardstick.objects.false_per_100km2
            },
            ground,
            yardstick.bootstrap.draws(len(sites)),
            yardstick,
        )

    def against(self, *, truth: bool) -> Estimates:
        """Score everything against the labels or the truth."""
        common = common_support(self.sites, against_truth=truth)
        rule = self.yardstick.objects
        ground = Ground.of(self.sites, rule, truth=True) if truth else self.ground
        return {
            **self.both(published(self.sites, against_truth=truth)),
            "common_support": self.both(common),
            "calibration": {
                "observation": {**calibration(common.observation, self.draws)},
                "location": {**calibration(common.location, self.draws)},
            },
            "transfer": self.transfer(common.location),
            "objects": object_scores(
                ground, self.thresholds["location"], self.affordable, self.draws, rule
            ),
        }

    def both(self, support: Support) -> Estimates:
        """Score the observations and the locations of a support."""
        return {
            "observation": self.rates(support.observation, self.thresholds["observation"]),
            "location": self.rates(support.location, self.thresholds["location"]),
        }

    def rates(self, rankings: list[Ranking], thresholds: F64) -> Estimates:
        """Precision, recall, F1 and average precision."""
        counts = confusion(rankings, thresholds.tolist()).times(self.draws)
        average = average_precisions(rankings, self.draws)
        # Counted on the exact curve; the replicates on fewer thresholds.
        average[0] = curve_average_precision(curve(rankings))
        return {
            "precision": counts.precision,
            "recall": counts.recall,
            "f1": counts.f1,
            "average_precision": average,
        }

    def transfer(self, rankings: list[Ranking]) -> Estimates:
        """Precision of the locations at other prevalences."""
        counts = confusion(rankings, self.thresholds["location"].tolist()).times(self.draws)
        n_other = self.draws @ np.array([r.other.size for r in rankings], np.float64)
        return {
            f"precision_at_{1e6 * share:.0f}_ppm": precision_at(share, counts, n_other)
            for share in self.yardstick.prevalences
        }


def _description(sites: Sequence[SiteScores]) -> Estimates:
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
        "prevalence": {
            "observation": _share_of_mines(labels),
            "location": _share_of_mines(at_location),
        },
        "coverage": {"observation": _share(valid), "location": _share(seen)},
        "baseline": {"random": _chance(published(sites, against_truth=False))},
    }


def _share_of_mines(labels: Sequence[I8]) -> float:
    """Share of the labelled pixels that are mines."""
    return _share([part[part >= 0] == 1 for part in labels])


def _share(parts: Sequence[NDArray[np.bool_]]) -> float:
    """Share of True; NaN of nothing."""
    size = sum(part.size for part in parts)
    return sum(int(part.sum()) for part in parts) / size if size else float("nan")


def _chance(support: Support) -> Estimates:
    """Score a coin: whatever its bias, its precision is the share of mines on the support."""
    chance: Estimates = {}
    for name, rankings in (
        ("observation", support.observation),
        ("location", support.location),
    ):
        n_mine = sum(ranking.mine.size for ranking in rankings)
        total = n_mine + sum(ranking.other.size for ranking in rankings)
        share = n_mine / total if total else float("nan")
        chance[name] = {"precision": share, "average_precision": share}
    return chance
