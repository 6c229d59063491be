"""Gradient boosted trees (LightGBM), the default family."""

from lightgbm import LGBMClassifier
from sklearn.pipeline import Pipeline

from minecover.learning.models.missing_values import FillMissing


def boosted(
    *,
    n_estimators: int,
    learning_rate: float,
    num_leaves: int,
    min_child_samples: int,
    colsample_bytree: float,
    seed: int,
) -> Pipeline:
    """Build a LightGBM classifier whose bytes do not depend on the number of cores.

    Parameters
    ----------
    n_estimators, learning_rate, num_leaves, min_child_samples, colsample_bytree
        As in `lightgbm.LGBMClassifier`.
    seed : int
        Its ``random_state``.
    """
    classifier = LGBMClassifier(
        n_estimators=n_estimators,
        learning_rate=learning_rate,
        num_leaves=num_leaves,
        min_child_samples=min_child_samples,
        colsample_bytree=colsample_bytree,
        random_state=seed,
        # The number of threads is written into the pickle, so one for all machines:
        # folds are what runs side by side.
        n_jobs=1,
        deterministic=True,
        force_row_wise=True,
        verbosity=-1,
    )
    return Pipeline([("fill", FillMissing()), ("classifier", classifier)])
