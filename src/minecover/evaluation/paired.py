"""Paired comparison of two models on the same sites, with intervals of the differences."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np
import pandas as pd

from minecover.core.errors import ModelError
from minecover.evaluation.bootstrap import Bootstrap
from minecover.evaluation.estimates import DECIMALS, Estimates, iter_scores
from minecover.evaluation.metrics import compute_estimates
from minecover.evaluation.ranking import F64
from minecover.evaluation.scored_model import EvaluationSettings, ScoredModel


def paired_differences(
    a: ScoredModel, b: ScoredModel, settings: EvaluationSettings
) -> pd.DataFrame:
    """Compute the differences between the scores of two models on the same sites.

    Each replicate draws the same sites for both models. Sites differ more than models do, so
    that the interval of a difference is far narrower than two separate intervals suggest.

    Parameters
    ----------
    a, b : ScoredModel
        Predictions on the same sites with the same labels; each model has its own thresholds.
    settings : EvaluationSettings
        The same for both models.

    Returns
    -------
    DataFrame of `score`, `a`, `b`, `difference`, `difference_low`, `difference_high`
        A row per score, by its dotted name in reports/metrics.json; the difference is b - a.
        Scores that only one model has are left out, and so are those of the observations if
        the models do not score the same number of dates.

    Raises
    ------
    ModelError
        If the models were not scored on the same sites with the same labels.
    """
    _check_same_sites(a, b)
    of_a, of_b = (score_replicates(compute_estimates(one, settings)) for one in (a, b))
    if _dates_per_site(a) != _dates_per_site(b):
        of_a = {
            name: each for name, each in of_a.items() if "observation" not in name.split(".")
        }
    return differences(of_a, of_b, settings.bootstrap)


def score_replicates(estimates: Estimates) -> dict[str, F64]:
    """Return scores and their replicates by dotted name: (1 + replicates,) float64 each.

    Parameters
    ----------
    estimates : nested dict
        See `minecover.evaluation.metrics.compute_estimates`.
    """
    return dict(iter_scores(estimates))


def differences(
    of_a: Mapping[str, F64], of_b: Mapping[str, F64], bootstrap: Bootstrap
) -> pd.DataFrame:
    """Return the differences of scores whose replicates drew the same sites.

    Parameters
    ----------
    of_a, of_b : mapping of (1 + replicates,) float64
        See `score_replicates`; scores that only one has are left out.
    bootstrap : Bootstrap
        Defines the interval.

    Returns
    -------
    DataFrame
        See `paired_differences`.
    """
    rows = []
    for name in of_a:
        if name in of_b:
            difference = of_b[name] - of_a[name]
            low, high = bootstrap.interval(difference[1:])
            rows.append((name, of_a[name][0], of_b[name][0], difference[0], low, high))
    columns = ["score", "a", "b", "difference", "difference_low", "difference_high"]
    table = pd.DataFrame(rows, columns=columns)
    return table.astype(dict.fromkeys(columns[1:], np.float64)).round(DECIMALS)


def labels_digest(model: ScoredModel) -> str:
    """Return the SHA-256 of the sites and labels that a model was scored on.

    Parameters
    ----------
    model : ScoredModel
        Models with one digest can be compared by `differences`.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    digest = hashlib.sha256()
    for site in sorted(model.sites, key=lambda one: one.site_id):
        digest.update(f"{site.site_id} {site.shape} {site.is_background}".encode())
        digest.update(np.ascontiguousarray(site.label[site.label_date]).tobytes())
    return digest.hexdigest()


def _dates_per_site(model: ScoredModel) -> list[int]:
    """Count the dates of each site that is not background."""
    return [len(one.observation_probability) for one in model.sorted_sites(background=False)]


def _check_same_sites(a: ScoredModel, b: ScoredModel) -> None:
    """Refuse models that were scored on different sites or labels."""
    by_name = [{site.site_id: site for site in model.sites} for model in (a, b)]
    unlike = sorted(by_name[0].keys() ^ by_name[1].keys()) or sorted(
        name
        for name, site in by_name[0].items()
        if not np.array_equal(
            site.label[site.label_date], (other := by_name[1][name]).label[other.label_date]
        )
    )
    if unlike:
        raise ModelError(
            "two models can only be compared on the same sites with the same labels, found "
            f"{len(unlike)} sites that differ: {', '.join(unlike[:5])}. "
            "Score both models on the same labels and sites."
        )
