"""Every experiment composes and builds; the PoC's operators are pinned."""

from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from minecover.core.config import Params, composed
from minecover.core.quality_bits import QA_LAYOUTS
from minecover.core.sensors import OLI
from minecover.evaluation.aggregation import Aggregation
from minecover.features.season import poc_month
from minecover.pipeline.stages.train import columns_by_set

BANDS = tuple(OLI.bands)

EXPERIMENTS = sorted(path.stem for path in Path("conf/experiment").glob("*.yaml"))
BUILT = (
    "source.scenes",
    "labels.reader",
    "sites.layouts",
    "masks",
    "context.planes",
    "table",
    "design.recipe",
    "model",
    "aggregation",
    "metrics.bootstrap",
    "tracking",
)


@cache
def experiment(name: str) -> Params:
    return composed([f"experiment={name}"])


@pytest.fixture
def poc() -> Params:
    return experiment("poc_2017")


@pytest.mark.parametrize("key", BUILT)
@pytest.mark.parametrize("name", EXPERIMENTS)
def test_an_experiment_builds(name: str, key: str) -> None:
    assert experiment(name).build(key) is not None


def test_the_poc_sees_the_eleven_bands_alone(poc: Params) -> None:
    assert columns_by_set(poc) == {"bands": BANDS}


def test_the_poc_grows_two_hundred_balanced_trees_of_depth_35(poc: Params) -> None:
    forest = poc.build("model")[-1]

    assert forest.n_estimators == 200
    assert forest.max_depth == 35
    assert forest.class_weight == "balanced"
    assert poc.build("design.recipe").negatives_per_positive is None


@pytest.mark.parametrize(
    ("dates", "mine"),
    [
        pytest.param([0.3], 1, id="0.3 is a vote"),
        pytest.param([0.29], 0, id="0.29 is none"),
        pytest.param([0.9, 0.1], 1, id="a tie is a mine"),
        pytest.param([0.9, 0.1, 0.1], 0, id="one of three is none"),
        pytest.param([0.9, np.nan, np.nan], 1, id="clouds do not vote"),
    ],
)
def test_the_poc_votes(poc: Params, dates: list[float], mine: int) -> None:
    vote: Aggregation = poc.build("aggregation")

    assert vote(np.array(dates, np.float32)[:, None]).item() == mine


def test_the_pocs_mask_lets_everything_but_sure_clouds_pass(poc: Params) -> None:
    profile = poc.build("masks")[poc.value("mask")]

    assert set(profile.rejects) == {"fill", "cloud_high"}
    assert all(set(profile.rejects) <= set(layout.flags) for layout in QA_LAYOUTS.values())


def test_the_pocs_month_falls_from_january_to_december() -> None:
    months = [poc_month(date(2017, m, 1)) for m in range(1, 13)]

    assert months == sorted(months, reverse=True)


def test_the_poc_reports_its_leaks_and_goes_on(poc: Params) -> None:
    assert poc.value("folds.gate") is False


@pytest.mark.parametrize(
    ("dates", "mine"),
    [
        pytest.param([0.5], 0, id="one half is no vote"),
        pytest.param([0.6, 0.4], 0, id="a tie is no mine"),
        pytest.param([0.6, 0.6, 0.1], 1, id="two of three"),
    ],
)
def test_the_acceptance_recipe_votes(dates: list[float], mine: int) -> None:
    vote: Aggregation = experiment("acceptance").build("aggregation")

    assert vote(np.array(dates, np.float32)[:, None]).item() == mine
