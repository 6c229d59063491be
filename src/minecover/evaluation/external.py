"""Scores of a finished model on ground that it never saw, where it applies and where not."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from minecover.core.errors import ModelError
from minecover.evaluation.estimates import Estimates, Report, get_score
from minecover.evaluation.metrics import compute_estimates, detection_scores, pixel_rates
from minecover.evaluation.ranking import F64, ratio
from minecover.evaluation.scored_model import EvaluationSettings, ScoredModel
from minecover.evaluation.skill import NO_SKILL, find_no_skill
from minecover.evaluation.support import SitePredictions, published_support
from minecover.evaluation.thresholds import Thresholds
from minecover.evaluation.unknown import NO_MINES_DRAWN, find_unknown, known_counts

#: Scores of a build that a finished model has as well. Those of single dates it has not: maps
#: are made of all dates.
KEPT = ("location", "objects", "transfer", "look_alike", "site", "chip", "background")
#: Those of pixels, which need an outline of a mine.
OF_PIXELS = ("location", "objects", "transfer", "calibration", "truth")
#: Those that are scored inside and outside of where the model applies.
BY_APPLICABILITY = ("location", "look_alike", "site")
#: Fewest groups of sites that can tell skill from luck: a model that guesses is right on all of
#: five with a probability of 1/32, and on all of four with 1/16.
FEWEST_GROUPS = 5


@dataclass(frozen=True, slots=True, eq=False)
class ExternalSite:
    """What a finished model predicts on one site.

    Parameters
    ----------
    predictions : SitePredictions
        Of fold 0: none of the sites was trained on.
    applicable : (n,) bool
        Where the model says that it applies; False where nothing was observed.
    n_dates : int
        Number of dates of its scenes.
    """

    predictions: SitePredictions
    applicable: NDArray[np.bool_]
    n_dates: int


def external_model(
    sites: Sequence[SitePredictions], threshold: float, pooling: str
) -> ScoredModel:
    """Return a finished model with the threshold and the pooling that it came with.

    Parameters
    ----------
    sites : sequence of SitePredictions
        Of fold 0.
    threshold : float
        Probability from which the model calls a location a mine.
    pooling : str
        One of `minecover.evaluation.pooling.POOLINGS`, chosen where the model was trained.
    """
    shipped = Thresholds(threshold, {0: threshold})
    return ScoredModel(sites, {"observation": shipped, "location": shipped}, pooling)


def external_estimates(
    model: ScoredModel, sites: Sequence[ExternalSite], settings: EvaluationSettings
) -> Estimates:
    """Compute the scores of a finished model, and those inside and outside of where it applies.

    Parameters
    ----------
    model : ScoredModel
        See `external_model`.
    sites : sequence of ExternalSite
        The same sites.
    settings : EvaluationSettings
        Limits on false objects are left out: their thresholds would be chosen on this ground.

    Returns
    -------
    nested dict
        The scores `KEPT` and ``calibration.location``, and against the truth where any is
        known, as `compute_estimates` names them; those of pixels only where a mine is drawn.
        Under ``applicable`` the ``share`` of the observed locations on which the model applies,
        and ``inside`` and ``outside`` with the scores `BY_APPLICABILITY` there. A site lies
        inside if the model applies to at least half of its observed locations.
    """
    settings = _without_limits(settings)
    found = _kept(compute_estimates(model, settings))
    if not known_counts(model.sites)["mine_locations"]:
        found = {name: node for name, node in found.items() if name not in OF_PIXELS}
    names = [one.predictions.group or one.predictions.site_id for one in sites]
    draws = settings.bootstrap.group_draws(names)
    return {**found, "applicable": _by_applicability(model, sites, settings, draws)}


def external_skill(scores: Report) -> str:
    """Return why a model counts as no better than chance on external ground; empty if it is.

    Parameters
    ----------
    scores : nested dict
        Report of `external_estimates`.

    Returns
    -------
    str
        One sentence without full stop. Where no mine is drawn, sites decide.
    """
    if "location" in scores:
        return find_no_skill(scores)
    low = get_score(scores, "site.auc_low")
    if low > 0.5:
        return ""
    value = get_score(scores, "site.auc")
    if math.isnan(value):
        return f"{NO_SKILL} as far as is known: nothing here compares mines with other ground"
    return f"{NO_SKILL}: the AUC of sites is {value:.3f} and its interval begins at {low:.3f}"


def external_unknown(scores: Report) -> list[str]:
    """Return a sentence for each kind of score that this ground does not give.

    Raises
    ------
    ModelError
        If it gives none.
    """
    found = find_unknown(scores)
    if NO_MINES_DRAWN in found and not {"site", "chip", "look_alike"} & set(scores):
        raise ModelError(
            f"nothing of this ground can be scored. {' '.join(found)} Add outlines of mines, "
            "or sites of both kinds: known to hold a mine, and known to hold none."
        )
    return found


def few_groups(groups: int) -> list[str]:
    """Return a sentence about ground with too few groups of sites; none if there are enough.

    A bootstrap over two groups that both came out right has an interval of no width.

    Parameters
    ----------
    groups : int
        Number of groups of sites.
    """
    if groups >= FEWEST_GROUPS:
        return []
    return [
        f"The sites form {groups} group{'' if groups == 1 else 's'}: fewer than "
        f"{FEWEST_GROUPS} can all come out right by luck, and intervals from so few are far "
        "too narrow."
    ]


def _without_limits(settings: EvaluationSettings) -> EvaluationSettings:
    """Return the settings without limits on false objects."""
    return replace(settings, objects=replace(settings.objects, false_per_100km2=[]))


def _kept(estimates: Estimates) -> Estimates:
    """Leave out the scores of single dates."""
    found: Estimates = {name: estimates[name] for name in KEPT if name in estimates}
    found["calibration"] = {"location": _node(estimates, "calibration")["location"]}
    if truth := _node(estimates, "truth"):
        found["truth"] = {
            name: truth[name] for name in ("location", "objects") if name in truth
        }
    return found


def _node(estimates: Estimates, name: str) -> Estimates:
    """Return what stands below a name; nothing if there is no such name."""
    node = estimates.get(name)
    return node if isinstance(node, dict) else {}


def _by_applicability(
    model: ScoredModel,
    sites: Sequence[ExternalSite],
    settings: EvaluationSettings,
    draws: F64,
) -> Estimates:
    """Compute which share of the ground the model applies to, and the scores on both sides."""
    is_seen = [~np.isnan(one.predictions.location_probability) for one in sites]
    n_inside = np.array([np.count_nonzero(one.applicable) for one in sites], np.float64)
    n_seen = np.array([np.count_nonzero(seen) for seen in is_seen], np.float64)
    found: Estimates = {
        "share": ratio(draws @ n_inside, draws @ n_seen),
        "sites": int(np.count_nonzero((2 * n_inside >= n_seen) & (n_seen > 0))),
    }
    for name, is_inside in (("inside", True), ("outside", False)):
        by_location = [_limited(one, one.applicable == is_inside) for one in sites]
        whole = [
            _limited(one, np.full(one.applicable.shape, bool(is_most) == is_inside))
            for one, is_most in zip(sites, 2 * n_inside >= n_seen, strict=True)
        ]
        found[name] = _one_side(model, by_location, whole, settings)
    return found


def _one_side(
    model: ScoredModel,
    by_location: Sequence[SitePredictions],
    whole: Sequence[SitePredictions],
    settings: EvaluationSettings,
) -> Estimates:
    """Compute the scores of some locations, and of some whole sites."""
    here = replace(model, sites=by_location)
    mines = known_counts(by_location)["mine_locations"]
    found: Estimates = {
        "locations": sum(int((~np.isnan(s.location_probability)).sum()) for s in by_location),
        "mine_locations": mines,
    }
    if mines:
        labelled = here.sorted_sites(background=False)
        found["location"] = pixel_rates(
            published_support(labelled, against_truth=False).location,
            here.site_thresholds(labelled, "location"),
            settings.bootstrap.draws(len(labelled)),
        )
    for name, scored in (("look_alike", here), ("site", replace(model, sites=whole))):
        found |= {k: v for k, v in detection_scores(scored, settings).items() if k == name}
    return found


def _limited(site: ExternalSite, kept: NDArray[np.bool_]) -> SitePredictions:
    """Return a site with some of its locations alone; the others were not observed."""
    one = site.predictions
    return replace(
        one,
        location_probability=np.where(kept, one.location_probability, np.float32(np.nan)),
        observation_probability=np.where(kept, one.observation_probability, np.float32(np.nan)),
    )
