"""The random forest, the PoC's own family."""

from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import Pipeline


def forest(
    *,
    n_estimators: int,
    max_depth: int | None,
    min_samples_leaf: int,
    max_features: str | float,
    class_weight: str | None,
    seed: int,
) -> Pipeline:
    """Build a random forest.

    Parameters
    ----------
    n_estimators, max_depth, min_samples_leaf, max_features, class_weight
        As in `sklearn.ensemble.RandomForestClassifier`.
    seed : int
        Its ``random_state``.
    """
    classifier = RandomForestClassifier(
        n_estimators=n_estimators,
        max_depth=max_depth,
        min_samples_leaf=min_samples_leaf,
        max_features=max_features,
        class_weight=class_weight,
        random_state=seed,
    )
    return Pipeline([("classifier", classifier)])
