"""scikit-learn's contract: its own checks pass, or have a reason why they do not."""

from collections.abc import Callable

import numpy as np
import pytest
from lightgbm import LGBMClassifier
from sklearn.base import BaseEstimator, clone
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from minecover.learning.applicability import DissimilarityIndex
from minecover.learning.disagreement import Disagreement
from minecover.learning.models.bagged import Bagged
from minecover.learning.models.boosted import boosted
from minecover.learning.models.calibrated import Calibrated, Platt
from minecover.learning.models.chance import chance
from minecover.learning.models.compiled_trees import CompiledTrees, compile_trees
from minecover.learning.models.forest import forest
from minecover.learning.models.histogram import histogram
from minecover.learning.models.linear import linear
from minecover.learning.models.missing_values import FillMissing
from minecover.learning.models.prior import PriorCorrected
from minecover.learning.training import with_threshold

LINEAR = linear(C=1.0, max_iter=100, class_weight=None)
TREES = LGBMClassifier(n_estimators=10, min_child_samples=2, n_jobs=1, verbosity=-1)
CURVE = Platt(slope=1.1, intercept=0.0)

ESTIMATORS = [
    DissimilarityIndex(),
    Disagreement(pairs=1),
    FillMissing(),
    PriorCorrected(LINEAR, kept_negatives=0.9),
    Bagged([LINEAR, linear(C=0.1, max_iter=100, class_weight=None)]),
    Calibrated(LINEAR, CURVE),
    CompiledTrees(TREES),
]
FAMILIES = [
    forest(
        n_estimators=10,
        max_depth=None,
        min_samples_leaf=1,
        max_features="sqrt",
        class_weight=None,
        seed=7,
    ),
    boosted(
        n_estimators=10,
        learning_rate=0.3,
        num_leaves=8,
        min_child_samples=2,
        colsample_bytree=1.0,
        seed=7,
    ),
    histogram(
        max_iter=10,
        learning_rate=0.3,
        max_leaf_nodes=8,
        min_samples_leaf=2,
        max_features=1.0,
        seed=7,
    ),
    LINEAR,
    chance(seed=7),
]

PIPELINE = {
    "check_estimators_overwrite_params": "scikit-learn's Pipeline fits its own steps",
    "check_dont_overwrite_parameters": "scikit-learn's Pipeline fits its own steps",
    "check_estimators_nan_inf": "NaN is allowed, for which scikit-learn's Pipeline has no tag",
}
BOOSTED = {
    **PIPELINE,
    "check_supervised_y_no_nan": "LightGBM refuses an infinite y in words of its own",
}
DISAGREEMENT = dict.fromkeys(
    [
        "check_dict_unchanged",
        "check_dont_overwrite_parameters",
        "check_dtype_object",
        "check_estimators_fit_returns_self",
        "check_estimators_overwrite_params",
        "check_f_contiguous_array_estimator",
        "check_fit2d_predict1d",
        "check_fit_score_takes_y",
        "check_methods_sample_order_invariance",
        "check_methods_subset_invariance",
        "check_n_features_in_after_fitting",
        "check_positive_only_tag_during_fit",
        "check_readonly_memmap_input",
    ],
    "scikit-learn gives transformers three classes, and they cannot declare that they take two",
)
CHANCE = {
    **PIPELINE,
    **dict.fromkeys(
        [
            "check_n_features_in_after_fitting",
            "check_complex_data",
            "check_dtype_object",
            "check_estimators_empty_data_messages",
            "check_classifiers_train",
            "check_classifiers_regression_target",
            "check_supervised_y_no_nan",
            "check_fit1d",
            "check_fit2d_predict1d",
        ],
        "scikit-learn's DummyClassifier does not look at its input",
    ),
    "check_methods_sample_order_invariance": "the answer of a row is drawn at random",
    "check_methods_subset_invariance": "the answer of a row is drawn at random",
}


def expected_failures(estimator: BaseEstimator) -> dict[str, str]:
    """Name the checks that an estimator fails, with the reason of each."""
    if isinstance(estimator, Disagreement):
        return DISAGREEMENT
    if not isinstance(estimator, Pipeline):
        return {}
    by_classifier = {LGBMClassifier: BOOSTED, DummyClassifier: CHANCE}
    return by_classifier.get(type(estimator[-1]), PIPELINE)


# The checks fit many small tables on purpose that a library warns about.
@pytest.mark.filterwarnings("ignore")
@parametrize_with_checks(  # type: ignore[untyped-decorator]
    [*ESTIMATORS, *FAMILIES], expected_failed_checks=expected_failures, xfail_strict=True
)
def test_estimators_pass_the_checks_of_scikit_learn(
    estimator: BaseEstimator, check: Callable[[BaseEstimator], None]
) -> None:
    check(estimator)


def rows() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(7)
    X = rng.normal(size=(300, 4)).astype(np.float32)
    return X, (X[:, 0] > 0.5).astype(np.int8)


def test_a_clone_of_the_shipped_model_is_unfitted_and_can_be_fitted() -> None:
    X, y = rows()
    member = PriorCorrected(clone(FAMILIES[1]), 0.5).fit(X, y)
    index = DissimilarityIndex(np.ones(4), 2).fit(X)
    model = with_threshold(Calibrated(Bagged([member]), CURVE), 0.3, {"applicability": index})

    unfitted = clone(model)

    with pytest.raises(NotFittedError):
        unfitted.predict(X)
    np.testing.assert_array_equal(unfitted.fit(X, y).predict_proba(X), model.predict_proba(X))


@pytest.mark.parametrize(
    "wrapper",
    [
        pytest.param(lambda fitted: Bagged([fitted]), id="bagged"),
        pytest.param(lambda fitted: Calibrated(fitted, CURVE), id="calibrated"),
    ],
)
def test_a_wrapper_never_refits_the_model_that_it_was_given(
    wrapper: Callable[[BaseEstimator], BaseEstimator],
) -> None:
    X, y = rows()
    fitted = LogisticRegression().fit(X, y)
    before = fitted.predict_proba(X)

    refitted = wrapper(fitted).fit(X, 1 - y)

    np.testing.assert_array_equal(fitted.predict_proba(X), before)
    assert (refitted.predict(X) != fitted.predict(X)).mean() > 0.5


def test_a_clone_of_compiled_trees_grows_the_same_trees() -> None:
    X, y = rows()
    compiled = compile_trees(clone(TREES).fit(X, y))

    grown = clone(compiled).fit(X, y)

    np.testing.assert_array_equal(grown.predict_proba(X), compiled.predict_proba(X))


def test_trees_with_too_many_leaves_cannot_be_compiled() -> None:
    X, y = rows()
    large = CompiledTrees(clone(TREES).set_params(num_leaves=200, min_child_samples=1))

    with pytest.raises(ValueError, match=r"at most 64 leaves .* found num_leaves=200"):
        large.fit(X, np.random.default_rng(7).integers(0, 2, len(y)).astype(np.int8))
