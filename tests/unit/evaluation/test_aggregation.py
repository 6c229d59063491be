import warnings
from pathlib import Path

import numpy as np
import pytest
from hydra.utils import instantiate
from omegaconf import OmegaConf

from minecover.core.errors import ConfigError
from minecover.evaluation.aggregation import (
    Aggregation,
    Mean,
    Median,
    NoisyOr,
    TrimmedMean,
    Vote,
)

CONF = Path(__file__).parents[3] / "conf" / "aggregation"
NAN = np.nan
POC = Vote(threshold=0.3, inclusive=True, tie_is_mine=True)
ACCEPTANCE = Vote(threshold=0.5, inclusive=False, tie_is_mine=False)


def column(*dates: float) -> np.ndarray:
    """Return one location over time, (time, 1)."""
    return np.array(dates, np.float32)[:, None]


@pytest.mark.parametrize(
    ("vote", "dates", "expected"),
    [
        pytest.param(POC, (0.3, 0.1, 0.3), 1, id="PoC: a date at the threshold votes yes"),
        pytest.param(POC, (0.3, 0.1), 1, id="PoC: a tie is a mine"),
        pytest.param(POC, (0.2, 0.1, 0.9), 0, id="PoC: one high date is outvoted"),
        pytest.param(POC, (0.9, NAN, NAN), 1, id="PoC: invalid dates do not vote"),
        pytest.param(POC, (NAN, NAN), NAN, id="PoC: never observed is NaN"),
        pytest.param(ACCEPTANCE, (0.5, 0.5), 0, id="acceptance: exactly one half votes no"),
        pytest.param(ACCEPTANCE, (0.6, 0.5), 0, id="acceptance: a tie is no mine"),
        pytest.param(ACCEPTANCE, (0.6, 0.5, 0.7), 1, id="acceptance: majority"),
    ],
)
def test_vote(vote: Vote, dates: tuple[float, ...], expected: float) -> None:
    np.testing.assert_array_equal(vote(column(*dates)), [expected])


@pytest.mark.parametrize(
    ("aggregation", "dates", "expected"),
    [
        pytest.param(Median(), (0.9, NAN, 0.1, 0.2), 0.2, id="median of an odd number"),
        pytest.param(Median(), (0.9, 0.1, 0.2, 0.4), 0.3, id="median of an even number"),
        pytest.param(Mean(), (0.9, NAN, 0.1), 0.5, id="mean leaves invalid dates out"),
        pytest.param(
            TrimmedMean(0.2), (1, 0, 0.1, 0.2, 0.3), 0.2, id="one of five left out at each end"
        ),
        pytest.param(TrimmedMean(0.2), (1, 0, 0.5, 0.5, NAN), 0.5, id="none of four left out"),
        pytest.param(NoisyOr(), (0.5, NAN, 0.5), 0.75, id="noisy-or of one half twice"),
        pytest.param(NoisyOr(), (1.0, 0.2), 1.0, id="noisy-or keeps a certainty"),
    ],
)
def test_probabilities(
    aggregation: Aggregation, dates: tuple[float, ...], expected: float
) -> None:
    np.testing.assert_allclose(aggregation(column(*dates)), [expected], rtol=1e-6)


def test_locations_are_independent() -> None:
    probability = np.array(
        [
            [0.9, NAN, NAN],
            [0.2, 0.4, NAN],
            [0.1, 0.8, NAN],
        ],
        np.float32,
    )

    aggregated = Median()(probability)

    np.testing.assert_allclose(aggregated, [0.2, 0.6, NAN], rtol=1e-6)
    assert aggregated.dtype == np.float32


def test_no_date_at_all_is_not_observed() -> None:
    assert np.isnan(Mean()(np.zeros((0, 2), np.float32))).all()


@pytest.mark.parametrize("path", sorted(CONF.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_yaml_builds_an_aggregation_without_warnings_on_clouds(path: Path) -> None:
    aggregation = instantiate(OmegaConf.load(path))
    clouded = np.full((3, 4), NAN, np.float32)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        aggregated = aggregation(clouded)

    assert np.isnan(aggregated).all()


def test_yaml_of_the_published_decision() -> None:
    assert instantiate(OmegaConf.load(CONF / "poc_vote.yaml")) == POC
    assert instantiate(OmegaConf.load(CONF / "vote.yaml")) == ACCEPTANCE


def test_a_threshold_beyond_one_names_its_key() -> None:
    with pytest.raises(ConfigError, match=r"Vote.threshold must lie in 0..1, found 30"):
        Vote(threshold=30, inclusive=True, tie_is_mine=True)


def test_a_share_that_leaves_no_date_names_its_key() -> None:
    with pytest.raises(ConfigError, match=r"TrimmedMean.share .* found 0.5"):
        TrimmedMean(share=0.5)
