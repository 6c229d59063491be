"""The random classifier: what can be reached by prevalence alone."""

from sklearn.dummy import DummyClassifier
from sklearn.pipeline import Pipeline


def chance(*, seed: int) -> Pipeline:
    """Build a classifier that draws its answers from the class frequencies.

    Parameters
    ----------
    seed : int
        Its ``random_state``.
    """
    return Pipeline([("classifier", DummyClassifier(strategy="stratified", random_state=seed))])
