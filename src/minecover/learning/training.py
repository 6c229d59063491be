"""From tables and folds to out-of-fold probabilities, thresholds and the model that ships."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.pipeline import Pipeline

from minecover.core.feature_table import SiteTable
from minecover.evaluation import Cut, choose_cuts, site_scores
from minecover.evaluation.aggregation import Aggregation
from minecover.evaluation.out_of_fold import OutOfFold
from minecover.learning.calibration import calibrated
from minecover.learning.fitting import fit_folds, predict_out_of_fold
from minecover.learning.models.bagged import Bagged
from minecover.learning.models.calibrated import Calibrated
from minecover.learning.recipe import Recipe
from minecover.learning.sample import Sample, Split, Tables, count_rows, draw_sample


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """What a run chooses: everything that learning depends on, beside tables and folds.

    Parameters
    ----------
    family : unfitted Pipeline
        Its last step is called ``classifier``.
    features : tuple of str
        Columns of the tables.
    recipe : Recipe
    aggregation : Aggregation
        One score a location from its dates.
    calibration : str
        ``none``, ``platt``, ``isotonic``, or ``auto``: isotonic from 1000 mines on.
    threshold : float or str
        ``best_f1``, or a number.
    """

    family: Pipeline
    features: tuple[str, ...]
    recipe: Recipe
    aggregation: Aggregation
    calibration: str
    threshold: float | str


@dataclass(frozen=True, slots=True, eq=False)
class Learned:
    """What learning gives.

    Parameters
    ----------
    model : fitted Calibrated
        Trained on all ground.
    by_fold : list of Calibrated
        One a fold, trained on all other ground.
    out_of_fold : list of OutOfFold
        Calibrated probabilities, each from a model, a curve and later a threshold that know
        nothing of the site's fold.
    cuts : mapping of Cut
        Thresholds for an ``observation`` and a ``location``.
    sample : Sample
        Rows that the models were fitted on.
    kept_negatives : float
        Share of the negatives that a member of the model drew.
    """

    model: Calibrated
    by_fold: list[Calibrated]
    out_of_fold: list[OutOfFold]
    cuts: Mapping[str, Cut]
    sample: Sample
    kept_negatives: float


def learn(choice: Choice, tables: Tables, split: Split) -> Learned:
    """Fit one model a fold and one on everything; score each site out of fold.

    Reads every table three times: to count, to draw, to score. Writes nothing.

    Parameters
    ----------
    choice : Choice
    tables : Tables
    split : Split
        Of all the tables, in their order.

    Raises
    ------
    ConfigError
        If the choice contradicts itself.
    ModelError
        If there is too little to learn from.
    """
    recipe = choice.recipe
    recipe.check(choice.family)

    def read(index: int) -> SiteTable:
        return tables(index, choice.features)

    near_px = recipe.keep_within_px
    counts = count_rows(tables, split, keep_within_px=near_px)
    shares = recipe.shares(counts, split.fold_of_site)
    most = recipe.bags * max(shares)
    sample = draw_sample(read, split, most=most, keep_within_px=near_px, seed=recipe.seed)
    *models, final = fit_folds(choice.family, recipe, sample, split, shares=shares)
    raw = predict_out_of_fold(models, read, split)
    out_of_fold, curve = calibrated(raw, choice.calibration)
    scored = [site_scores(site, choice.aggregation) for site in out_of_fold]
    cuts = choose_cuts(scored, choice.threshold)
    *by_fold, whole = (Calibrated(model, curve) for model in (*models, final))
    return Learned(whole, by_fold, out_of_fold, cuts, sample, shares[-1])


def finished(
    model: Calibrated | Bagged, threshold: float, steps: Mapping[str, TransformerMixin]
) -> Pipeline:
    """Wrap a fitted model so that ``predict`` uses the shipped threshold.

    Parameters
    ----------
    model : fitted classifier
    threshold : float
    steps : mapping of fitted transformers
        What rows pass through first, by name.

    Returns
    -------
    Pipeline
        Last a step ``classifier``, a `FixedThresholdClassifier`.
    """
    fixed: BaseEstimator = FixedThresholdClassifier(model, threshold=threshold)
    fixed.estimator_ = model
    return Pipeline([*steps.items(), ("classifier", fixed)])
