"""Logistic regression on standardised features, the simple baseline."""

from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler


def linear(*, C: float, max_iter: int, class_weight: str | None) -> Pipeline:
    """Build an imputing, standardising logistic regression.

    Parameters
    ----------
    C, max_iter, class_weight
        As in `sklearn.linear_model.LogisticRegression`.
    """
    classifier = LogisticRegression(C=C, max_iter=max_iter, class_weight=class_weight)
    return Pipeline(
        [
            # An index can be undefined (0/0) on a valid observation.
            ("impute", SimpleImputer(strategy="median", keep_empty_features=True)),
            ("scale", StandardScaler()),
            ("classifier", classifier),
        ]
    )
