"""A search: what may be chosen, and what the search inside each fold refuses."""

from functools import partial

import pytest

from minecover.core.composition import leaves
from minecover.core.config import composed
from minecover.core.errors import ConfigError, SweepError
from minecover.pipeline.sweep.search import Search
from minecover.pipeline.sweep.search_space import Space

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


def first_leaves() -> list[str]:
    """One key below every top-level key of the configuration but the model."""
    found = {key.partition(".")[0]: key for key, _ in leaves(composed().tree)}
    return sorted(key for top, key in found.items() if top != "model")


@pytest.mark.parametrize("key", first_leaves())
def test_a_nested_search_refuses_what_is_not_below_the_model(key: str) -> None:
    with pytest.raises(SweepError, match="--nested chooses"):
        Space.of([f"{key}=1,2", BOUNDS]).check_nested()


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


@pytest.mark.parametrize(
    ("word", "message"),
    [
        pytest.param(
            "model.num_leaves=intervall(7,63)",
            r"no distribution or list called 'intervall'. Write interval\(0.02,0.3\)\.$",
            id="a misspelt distribution",
        ),
        pytest.param(
            "model.num_leaves=uniform(7,63)", r"'uniform'. Write choice\(", id="of another tool"
        ),
        pytest.param(
            "model.num_leaves=interval(7)", "cannot be evaluated", id="a bound missing"
        ),
        pytest.param(
            "model.num_leaves=tag(lgo,interval(7,63))",
            r"tagged lgo. The one tag is log.*=tag\(log,interval\(7,63\)\)",
            id="a misspelt tag, which was ignored",
        ),
        pytest.param(
            "model.num_leaves=interval(63,7)",
            r"holds no value. Write the lower bound first: model.num_leaves=interval\(7,63\)",
            id="bounds the other way round",
        ),
        pytest.param(
            "model.learning_rate=tag(log,interval(0,1))", "Begin above 0", id="log of zero"
        ),
        pytest.param(
            "mode.num_leaves=interval(7,63)", "no key 'mode.num_leaves'", id="the key"
        ),
        pytest.param("mask=interval(0,1)", "lies between no bounds", id="bounds of a name"),
    ],
)
def test_bounds_that_cannot_be_searched_are_refused_in_one_sentence(
    word: str, message: str
) -> None:
    with pytest.raises((ConfigError, SweepError), match=message) as caught:
        Space.of([word])

    assert "\n" not in str(caught.value)


def test_a_key_without_a_value_takes_whole_numbers_between_whole_bounds() -> None:
    space = Space.of(["model=forest", "model.max_depth=interval(5,30)"])
    tried: list[str] = []

    def value(chosen: dict[str, str]) -> float:
        tried.append(chosen["model.max_depth"])
        return 0.0

    Search(space, trials=3, seed=7).study(value)

    assert all(value.isdigit() for value in tried)
    assert len(tried) == 3
