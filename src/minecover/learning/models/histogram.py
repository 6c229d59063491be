"""Gradient boosted trees on binned features (scikit-learn)."""

from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import Pipeline


def histogram(
    *,
    max_iter: int,
    learning_rate: float,
    max_leaf_nodes: int,
    min_samples_leaf: int,
    max_features: float,
    seed: int,
) -> Pipeline:
    """Build scikit-learn's histogram gradient boosting.

    Parameters
    ----------
    max_iter, learning_rate, max_leaf_nodes, min_samples_leaf, max_features
        As in `sklearn.ensemble.HistGradientBoostingClassifier`.
    seed : int
        Its ``random_state``.
    """
    classifier = HistGradientBoostingClassifier(
        max_iter=max_iter,
        learning_rate=learning_rate,
        max_leaf_nodes=max_leaf_nodes,
        min_samples_leaf=min_samples_leaf,
        max_features=max_features,
        random_state=seed,
        # Its own early stopping holds out random pixels, neighbours of those it trains on.
        # `design.recipe.early_stopping` holds out whole groups of sites.
        early_stopping=False,
    )
    return Pipeline([("classifier", classifier)])
