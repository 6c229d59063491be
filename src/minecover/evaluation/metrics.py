"""The content of reports/metrics.json: all scores of a model, with intervals over sites."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from minecover.evaluation.bootstrap import Bootstrap, average_precisions
from minecover.evaluation.chips import chip_scores, has_objects
from minecover.evaluation.detection import ObjectCurve, false_object_scores, object_scores
from minecover.evaluation.estimates import Estimates, Report, to_report
from minecover.evaluation.look_alikes import look_alike_scores
from minecover.evaluation.object_rule import ObjectRule
from minecover.evaluation.plot_tables import precision_at
from minecover.evaluation.ranking import (
    F64,
    I8,
    Ranking,
    confusion,
    curve,
    curve_average_precision,
)
from minecover.evaluation.reliability import calibration_scores
from minecover.evaluation.scored_model import EvaluationSettings, ScoredModel
from minecover.evaluation.site_detection import site_scores
from minecover.evaluation.stacked_sites import StackedSites
from minecover.evaluation.support import (
    SitePredictions,
    Support,
    common_support,
    published_support,
)
from minecover.evaluation.unknown import known_counts


def compute_scores(model: ScoredModel, settings: EvaluationSettings) -> Report:
    """Compute all scores of a model, nested as in reports/metrics.json.

    Parameters
    ----------
    model : ScoredModel
        Out-of-fold predictions of all sites, with thresholds.
    settings : EvaluationSettings
        Intervals, objects and prevalences to report.

    Returns
    -------
    nested dict of float, int and None
        ``observation`` and ``location`` on `published_support`, the same under
        ``common_support``, ``calibration``, ``transfer`` (precision at other prevalences) and
        ``objects`` (`object_scores`); all of it against the truth under ``truth`` where any is
        known; ``background`` counts false objects on background sites, which are left out of
        everything else but the following. ``look_alike`` and ``position_only``
        (`look_alike_scores`), ``site`` (`site_scores`) and ``chip`` (`chip_scores`) are there
        where the labels allow them. Of chips, whose mines are cut by their edges, there are no
        ``objects``. ``*_low`` and ``*_high`` are intervals, of these four over groups of sites,
        else over sites; a score that does not exist (0/0, the interval of one site) is None,
        JSON's null.
    """
    return report_scores(model, compute_estimates(model, settings), settings)


def report_scores(
    model: ScoredModel, estimates: Estimates, settings: EvaluationSettings
) -> Report:
    """Return the report of scores that `compute_estimates` computed, see `compute_scores`.

    Parameters
    ----------
    model : ScoredModel
        The model that was scored.
    estimates : nested dict
        See `compute_estimates`.
    settings : EvaluationSettings
        The settings that it was scored with.
    """
    described = _description(model)
    return to_report({**described, **estimates}, settings.bootstrap)


def compute_estimates(model: ScoredModel, settings: EvaluationSettings) -> Estimates:
    """Compute all scores of a model and their bootstrap replicates.

    Parameters
    ----------
    model, settings
        See `compute_scores`.

    Returns
    -------
    nested dict
        Scores as (1 + replicates,) arrays and plain numbers, named as in `compute_scores`.
    """
    sites = model.sorted_sites(background=False)
    scorer = _Scorer.of(model, sites, settings)
    found = scorer.all_scores(truth=False)
    if any(np.any(site.known_truth >= 0) for site in sites):
        found["truth"] = scorer.all_scores(truth=True)
    found |= detection_scores(model, settings)
    background = model.sorted_sites(background=True)
    if background:
        found["background"] = false_object_scores(
            StackedSites.of(background, settings.objects, truth=False),
            model.site_thresholds(background, "location"),
            settings.bootstrap.draws(len(background)),
            settings.objects,
        )
    return found


def detection_scores(model: ScoredModel, settings: EvaluationSettings) -> Estimates:
    """Compute the scores of look-alikes, of sites and of chips, background sites included.

    Parameters
    ----------
    model, settings
        See `compute_scores`.
    """
    sites = sorted(model.sites, key=lambda site: site.site_id)
    draws = settings.bootstrap.group_draws([site.group or site.site_id for site in sites])
    thresholds = model.site_thresholds(sites, "location")
    return {
        **look_alike_scores(sites, thresholds, draws),
        **site_scores(sites, draws, pooling=model.pooling),
        **chip_scores(sites, draws),
    }


def pixel_rates(rankings: Sequence[Ranking], thresholds: F64, draws: F64) -> Estimates:
    """Compute precision, recall, F1 and average precision.

    Parameters
    ----------
    rankings : sequence of Ranking
        One for each site.
    thresholds : (n_sites,) float64
        A probability at or above it is predicted a mine.
    draws : (1 + replicates, n_sites) float64
        How often each site counts; see `Bootstrap.draws`.
    """
    counts = confusion(rankings, thresholds.tolist()).pooled(draws)
    average = average_precisions(rankings, draws)
    # The reported value is counted on the exact curve, the replicates on fewer thresholds.
    average[0] = curve_average_precision(curve(rankings))
    return {
        "precision": counts.precision,
        "recall": counts.recall,
        "f1": counts.f1,
        "average_precision": average,
    }


def skill_estimates(model: ScoredModel, bootstrap: Bootstrap) -> Estimates:
    """Compute the few scores that tell a model from chance, named as in `compute_scores`."""
    sites = model.sorted_sites(background=False)
    rates = pixel_rates(
        published_support(sites, against_truth=False).location,
        model.site_thresholds(sites, "location"),
        bootstrap.draws(len(sites)),
    )
    share = _share_of_mines([site.label[site.label_date] for site in sites])
    return {"location": rates, "prevalence": {"location": share}}


@dataclass(frozen=True, slots=True, eq=False)
class _Scorer:
    """Scores of some sites; holds what the scores against labels and truth share."""

    sites: Sequence[SitePredictions]
    thresholds: Mapping[str, F64]
    limit_thresholds: Mapping[float, F64]
    stacked: StackedSites | None
    draws: F64
    settings: EvaluationSettings

    @classmethod
    def of(
        cls, model: ScoredModel, sites: Sequence[SitePredictions], settings: EvaluationSettings
    ) -> _Scorer:
        """Draw the sites, and choose the thresholds within the limits on false objects."""
        rule = settings.objects
        stacked = StackedSites.of(sites, rule, truth=False) if has_objects(sites) else None
        limits = {} if stacked is None else _limit_thresholds(stacked, sites, rule)
        return cls(
            sites,
            {
                level: model.site_thresholds(sites, level)
                for level in ("observation", "location")
            },
            limits,
            stacked,
            settings.bootstrap.draws(len(sites)),
            settings,
        )

    def all_scores(self, *, truth: bool) -> Estimates:
        """Compute every score against the labels, or against the truth."""
        common = common_support(self.sites, against_truth=truth)
        objects = self.objects(self.stacked, truth=truth) if self.stacked is not None else {}
        return {
            **self.both_levels(published_support(self.sites, against_truth=truth)),
            "common_support": self.both_levels(common),
            "calibration": {
                "observation": {**calibration_scores(common.observation, self.draws)},
                "location": {**calibration_scores(common.location, self.draws)},
            },
            "transfer": self.transfer(common.location),
            **objects,
        }

    def objects(self, stacked: StackedSites, *, truth: bool) -> Estimates:
        """Compute the scores of whole mines, given the sites stacked with their labels."""
        rule = self.settings.objects
        if truth:
            stacked = StackedSites.of(self.sites, rule, truth=True)
        threshold = self.thresholds["location"]
        return {
            "objects": object_scores(
                stacked, threshold, self.limit_thresholds, self.draws, rule
            )
        }

    def both_levels(self, support: Support) -> Estimates:
        """Compute the rates of the observations and of the locations."""
        return {
            level: pixel_rates(getattr(support, level), self.thresholds[level], self.draws)
            for level in ("observation", "location")
        }

    def transfer(self, rankings: list[Ranking]) -> Estimates:
        """Compute the precision of the locations at other prevalences."""
        counts = confusion(rankings, self.thresholds["location"].tolist()).pooled(self.draws)
        n_other = self.draws @ np.array([r.other.size for r in rankings], np.float64)
        return {
            f"precision_at_{1e6 * share:.0f}_ppm": precision_at(share, counts, n_other)
            for share in self.settings.prevalences
        }


def _limit_thresholds(
    stacked: StackedSites, sites: Sequence[SitePredictions], rule: ObjectRule
) -> dict[float, F64]:
    """Choose the threshold of each site within each limit on false objects."""
    objects = ObjectCurve.of(stacked, rule)
    fold = np.array([site.fold for site in sites], np.int64)
    return {limit: objects.thresholds_within(limit, fold) for limit in rule.false_per_100km2}


def _description(model: ScoredModel) -> Estimates:
    """Return how many pixels there are, which share is observed and which share is mine."""
    sites = model.sorted_sites(background=False)
    labels = [site.label for site in sites]
    at_location = [site.label[site.label_date] for site in sites]
    valid = [~np.isnan(site.observation_probability) for site in sites]
    observed = [~np.isnan(site.location_probability) for site in sites]
    return {
        "count": {
            "sites": len(sites),
            "observations": sum(part.size for part in labels),
            "locations": sum(part.size for part in at_location),
            **known_counts(model.sites),
        },
        "prevalence": {
            "observation": _share_of_mines(labels),
            "location": _share_of_mines(at_location),
        },
        "coverage": {"observation": _share(valid), "location": _share(observed)},
        "baseline": {"random": _random_scores(published_support(sites, against_truth=False))},
    }


def _share_of_mines(labels: Sequence[I8]) -> float:
    """Return the share of the labelled pixels that are mines."""
    return _share([part[part >= 0] == 1 for part in labels])


def _share(parts: Sequence[NDArray[np.bool_]]) -> float:
    """Return the share of True; NaN without any value."""
    size = sum(part.size for part in parts)
    return sum(int(part.sum()) for part in parts) / size if size else float("nan")


def _random_scores(support: Support) -> Estimates:
    """Return the scores of a random model: its precision is the prevalence on the support."""
    scores: Estimates = {}
    for name, rankings in (
        ("observation", support.observation),
        ("location", support.location),
    ):
        n_mine = sum(ranking.mine.size for ranking in rankings)
        total = n_mine + sum(ranking.other.size for ranking in rankings)
        share = n_mine / total if total else float("nan")
        scores[name] = {"precision": share, "average_precision": share}
    return scores
