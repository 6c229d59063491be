"""Training: from tables and folds to out-of-fold probabilities, thresholds and a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.pipeline import Pipeline

from minecover.core.feature_table import SiteTable
from minecover.core.probabilities import row_probabilities
from minecover.evaluation import Thresholds, choose_thresholds, site_predictions
from minecover.evaluation.aggregation import Aggregation
from minecover.evaluation.out_of_fold import OutOfFold
from minecover.evaluation.pooling import best_pooling, pooled_scores
from minecover.learning.calibration import calibrate
from minecover.learning.fitting import fit_folds, predict_out_of_fold
from minecover.learning.models.bagged import Bagged
from minecover.learning.models.calibrated import Calibrated
from minecover.learning.recipe import Recipe
from minecover.learning.sample import Sample, Split, Tables, count_rows, draw_sample


@dataclass(frozen=True, slots=True, eq=False)
class TrainingSettings:
    """Everything that training depends on apart from tables and folds.

    Parameters
    ----------
    family : unfitted Pipeline
        Its last step is called ``classifier``.
    features : tuple of str
        Columns of the tables that the model takes, in order.
    recipe : Recipe
        Which rows, how many models and rounds.
    aggregation : Aggregation
        One probability a location from those of its dates.
    calibration : str
        ``none``, ``platt``, ``isotonic``, or ``auto``: isotonic from 1000 mines on.
    threshold : float or str
        ``best_f1``, or a probability.
    """

    family: Pipeline
    features: tuple[str, ...]
    recipe: Recipe
    aggregation: Aggregation
    calibration: str
    threshold: float | str


@dataclass(frozen=True, slots=True, eq=False)
class TrainingResult:
    """What `train` returns.

    Parameters
    ----------
    model : fitted Calibrated
        Trained on all ground.
    by_fold : list of Calibrated
        One a fold, trained on the ground of all other folds.
    out_of_fold : list of OutOfFold
        Calibrated probabilities of every site, each from a model and a curve that were fitted
        on other folds.
    thresholds : mapping of Thresholds
        Thresholds for an ``observation`` and a ``location``.
    pooling : str
        How one score a site is made of its probabilities, see
        `minecover.evaluation.pooling.POOLINGS`; chosen on all folds.
    sample : Sample
        Rows that the models were fitted on.
    kept_negatives : float
        Share of the negatives that each member of the model drew.
    """

    model: Calibrated
    by_fold: list[Calibrated]
    out_of_fold: list[OutOfFold]
    thresholds: Mapping[str, Thresholds]
    pooling: str
    sample: Sample
    kept_negatives: float


def train(
    settings: TrainingSettings, tables: Tables, split: Split, *, thinned: Tables | None
) -> TrainingResult:
    """Fit one model a fold and one on everything, and predict each site out of fold.

    Reads every table three times: to count, to draw, to predict. Writes nothing.

    Parameters
    ----------
    settings : TrainingSettings
    tables : Tables
        Reads the table of one site.
    split : Split
        Of all the tables, in their order.
    thinned : Tables or None
        Reads the table of fewer dates of one site; None if there are none.

    Raises
    ------
    ConfigError
        If the settings contradict each other.
    ModelError
        If there is too little to train on.
    """
    recipe = settings.recipe
    recipe.check(settings.family)

    def read(index: int) -> SiteTable:
        return tables(index, settings.features)

    near_px = recipe.keep_within_px
    counts = count_rows(tables, split, keep_within_px=near_px)
    shares = recipe.shares(counts, split.fold_of_site)
    most = recipe.bags * max(shares)
    sample = draw_sample(
        recipe.learned(read),
        split,
        thinned=recipe.thinned(thinned, settings.features),
        most=most,
        keep_within_px=near_px,
        seed=recipe.seed,
    )
    *models, final = fit_folds(settings.family, recipe, sample, split, shares=shares)
    raw = predict_out_of_fold(models, read, split)
    out_of_fold, curve = calibrate(raw, settings.calibration)
    scored = [site_predictions(site, settings.aggregation) for site in out_of_fold]
    thresholds = choose_thresholds(scored, settings.threshold)
    *by_fold, whole = (Calibrated(model, curve) for model in (*models, final))
    pooling = best_pooling(
        pooled_scores([site.location_probability for site in scored]),
        np.array([site.mine_label for site in scored], np.int64),
    )
    return TrainingResult(whole, by_fold, out_of_fold, thresholds, pooling, sample, shares[-1])


def with_threshold(
    model: Calibrated | Bagged, threshold: float, steps: Mapping[str, TransformerMixin]
) -> Pipeline:
    """Wrap a fitted model so that ``predict`` compares the probability with a threshold.

    Parameters
    ----------
    model : fitted classifier
    threshold : float
        Rows of this probability or a higher one are mines.
    steps : mapping of fitted transformers
        Steps before the model, by name.

    Returns
    -------
    fitted Pipeline
        Its last step, ``classifier``, is a `FixedThresholdClassifier`.
    """
    fixed: BaseEstimator = FixedThresholdClassifier(model, threshold=threshold)
    # It predicts with a fitted model as it is, but counts as fitted with this attribute only.
    fixed.estimator_ = model
    return Pipeline([*steps.items(), ("classifier", fixed)])


def example_rows(model: Pipeline, sample: Sample) -> dict[str, object]:
    """Return the first training row of a mine and the first other one, and what they score.

    Parameters
    ----------
    model : fitted Pipeline
    sample : Sample
        Rows that it was fitted on.

    Returns
    -------
    dict
        ``rows`` and ``probability``, as the model's card has them.
    """
    X = sample.X[[np.flatnonzero(sample.y == label)[0] for label in (1, 0)]]
    # The shortest decimals that are these float32 again; JSON has no NaN.
    rows = [[None if np.isnan(value) else float(str(value)) for value in row] for row in X]
    return {"rows": rows, "probability": row_probabilities(model, X).tolist()}
