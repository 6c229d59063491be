from random import Random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from minecover.evaluation.aggregation import (
    Aggregation,
    Mean,
    Median,
    NoisyOr,
    TrimmedMean,
    Vote,
)

F32 = NDArray[np.float32]

ANY = st.sampled_from(
    [
        Vote(0.3, inclusive=True, tie_is_mine=True),
        Median(),
        Mean(),
        TrimmedMean(0.2),
        NoisyOr(),
    ]
)
PROBABILITY = arrays(
    np.float32,
    st.tuples(st.integers(1, 12), st.integers(1, 5)),
    elements=st.floats(0, 1, width=32).map(abs) | st.just(float("nan")),
)


def assert_same_bits(a: F32, b: F32) -> None:
    assert a.tobytes() == b.tobytes()


@given(aggregation=ANY, probability=PROBABILITY, order=st.randoms(use_true_random=False))
def test_the_order_of_the_dates_changes_no_bit(
    aggregation: Aggregation, probability: F32, order: Random
) -> None:
    dates = list(range(len(probability)))
    order.shuffle(dates)

    assert_same_bits(aggregation(probability[dates]), aggregation(probability))


@given(aggregation=ANY, probability=PROBABILITY, where=st.integers(0, 12))
def test_a_clouded_date_changes_no_bit(
    aggregation: Aggregation, probability: F32, where: int
) -> None:
    more = np.insert(probability, min(where, len(probability)), np.nan, axis=0)

    assert_same_bits(aggregation(more), aggregation(probability))


@given(aggregation=ANY, probability=PROBABILITY)
def test_the_other_locations_change_no_bit(aggregation: Aggregation, probability: F32) -> None:
    alone = np.concatenate(
        [aggregation(probability[:, [i]]) for i in range(probability.shape[1])]
    )

    assert_same_bits(aggregation(probability), alone)


@given(aggregation=ANY, probability=PROBABILITY)
def test_a_probability_is_missing_only_where_no_date_is_valid(
    aggregation: Aggregation, probability: F32
) -> None:
    aggregated = aggregation(probability)

    np.testing.assert_array_equal(np.isnan(aggregated), np.isnan(probability).all(axis=0))
    assert np.nanmin(aggregated, initial=0) >= 0
    assert np.nanmax(aggregated, initial=0) <= 1


@given(probability=PROBABILITY)
def test_the_vote_is_the_median_of_the_votes(probability: F32) -> None:
    votes = np.where(np.isnan(probability), np.nan, probability >= np.float32(0.3))
    observed = ~np.isnan(votes).all(axis=0)

    aggregated = Vote(0.3, inclusive=True, tie_is_mine=True)(probability)

    np.testing.assert_array_equal(
        aggregated[observed], np.nanmedian(votes[:, observed], axis=0) >= 0.5
    )


@given(probability=PROBABILITY)
def test_the_median_is_numpys(probability: F32) -> None:
    observed = ~np.isnan(probability).all(axis=0)

    np.testing.assert_array_equal(
        Median()(probability)[observed], np.nanmedian(probability[:, observed], axis=0)
    )
