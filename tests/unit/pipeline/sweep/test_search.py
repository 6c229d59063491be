"""A search: what may be chosen, and what the search inside each fold refuses."""

from functools import partial

import pytest

from minecover.core.errors import SweepError
from minecover.pipeline.sweep.search import Search, Space

BOUNDS = "model.num_leaves=interval(7,63)"


@pytest.mark.parametrize(
    "words",
    [
        pytest.param([BOUNDS], id="a key of the model"),
        pytest.param(["model=forest", "model.max_depth=10,20"], id="of another model"),
        pytest.param(["model=forest,boosted"], id="the model itself"),
        pytest.param(["+model.verbose=0,1", BOUNDS], id="an added key of the model"),
        pytest.param(
            ["mask=poc", "features=[spectral]", BOUNDS], id="other keys with one value"
        ),
    ],
)
def test_a_nested_search_chooses_keys_of_the_model(words: list[str]) -> None:
    Space.of(words).check_nested()


@pytest.mark.parametrize(
    ("word", "key"),
    [
        pytest.param("features=[spectral],[bands]", "features", id="features"),
        pytest.param("mask=strict,poc", "mask", id="mask"),
        pytest.param("folds.buffer_m=0,300", "folds.buffer_m", id="folds"),
        pytest.param("aggregation=mean,median", "aggregation", id="aggregation"),
        pytest.param(
            "design.recipe.negatives_per_positive=interval(5,30)",
            "design.recipe.negatives_per_positive",
            id="rows",
        ),
        pytest.param("design.calibration=none,platt", "design.calibration", id="calibration"),
        pytest.param("experiment=champion,harder", "experiment", id="an experiment"),
        pytest.param("seed=range(1,4)", "seed", id="the seed"),
    ],
)
def test_a_nested_search_refuses_every_other_key(word: str, key: str) -> None:
    space = Space.of([word, BOUNDS])

    with pytest.raises(SweepError, match=rf"--nested chooses .* alone, found {key} among"):
        space.check_nested()


def test_a_nested_search_needs_folds_inside_a_fold() -> None:
    with pytest.raises(SweepError, match=r"at least 3 folds.*found folds\.n=2"):
        Space.of([BOUNDS, "folds.n=2"]).check_nested()


def test_a_search_without_a_key_to_choose_is_refused() -> None:
    with pytest.raises(SweepError, match="needs a key to choose"):
        Space.of(["model=forest"])


def test_candidates_stay_within_their_bounds_and_lists() -> None:
    space = Space.of(
        [BOUNDS, "model.learning_rate=tag(log,interval(0.02,0.3))", "model.reg_lambda=0,1"]
    )
    tried: list[dict[str, str]] = []

    def value(chosen: dict[str, str]) -> float:
        tried.append(chosen)
        return float(chosen["model.num_leaves"])

    best = Search(space, trials=12, seed=7).study(value)

    assert best == max(tried, key=lambda one: int(one["model.num_leaves"]))
    assert all(7 <= int(one["model.num_leaves"]) <= 63 for one in tried)
    assert all(0.02 <= float(one["model.learning_rate"]) <= 0.3 for one in tried)
    assert {one["model.reg_lambda"] for one in tried} == {"0", "1"}


def test_the_same_search_tries_the_same_candidates() -> None:
    space = Space.of([BOUNDS])

    first: list[str] = []
    second: list[str] = []

    Search(space, trials=4, seed=7).study(partial(note, first))
    Search(space, trials=4, seed=7).study(partial(note, second))

    assert first == second
    assert len(first) == 4


def note(tried: list[str], chosen: dict[str, str]) -> float:
    tried.append(chosen["model.num_leaves"])
    return 0.0
