"""The random classifier: what prevalence alone gives."""

from sklearn.dummy import DummyClassifier
from sklearn.pipeline import Pipeline


def chance(*, seed: int) -> Pipeline:
    """Build a classifier that draws from the class frequencies.

    Parameters
    ----------
    seed : int
        Its ``random_state``.
    """
    return Pipeline([("classifier", DummyClassifier(strategy="stratified", random_state=seed))])
