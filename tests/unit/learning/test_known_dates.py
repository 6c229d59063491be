"""The numbers of dates that a model learned from."""

from dataclasses import replace

import numpy as np
import pytest

from minecover.learning.known_dates import KnownDates
from minecover.learning.sample import Sample


def sample(of_mines: list[int], of_others: list[int]) -> Sample:
    """Rows with these numbers of dates."""
    n = len(of_mines) + len(of_others)
    y = np.repeat([1, 0], [len(of_mines), len(of_others)]).astype(np.int8)
    nowhere, never = np.zeros(n, np.int32), np.zeros(n, np.bool_)
    empty = Sample(
        np.zeros((n, 0), np.float32), y, nowhere.astype(np.float32), never, never, nowhere,
        nowhere, nowhere, nowhere.astype(np.int16), never,
    )  # fmt: skip
    return replace(empty, n_dates=np.array([*of_mines, *of_others], np.int16))


def test_all_rows_are_counted() -> None:
    known = KnownDates.of(sample([2, 4], [1, 3, 5, 7]))

    assert (known.min, known.median, known.max) == (1, 3.5, 7)
    assert known.share_with_one == pytest.approx(1 / 6, abs=1e-6)


@pytest.mark.parametrize(
    ("of_mines", "fewest"),
    [
        pytest.param([1] * 50 + [2] * 50, 1, id="half of the mines had one date"),
        pytest.param([1] + [2] * 999, 2, id="a single mine of one date teaches nothing"),
        pytest.param([3], 3, id="a single mine"),
    ],
)
def test_the_fewest_dates_are_those_of_some_mines(of_mines: list[int], fewest: int) -> None:
    assert KnownDates.of(sample(of_mines, [1] * 500)).fewest == fewest


def test_two_sites_that_lost_a_date_teach_nothing() -> None:
    drawn = sample([1] * 20 + [2] * 80, [2] * 500)
    site = np.repeat(np.arange(60), 10).astype(np.int32)
    spread = np.concatenate([np.arange(20) % 5, site[20:]]).astype(np.int32)

    assert KnownDates.of(replace(drawn, site=site)).fewest == 2
    assert KnownDates.of(replace(drawn, site=spread)).fewest == 1


@pytest.mark.parametrize(
    ("n_few", "starts"),
    [
        pytest.param(0, "", id="enough"),
        pytest.param(3, "3 of 8 tiles have fewer than 2 valid dates", id="too few"),
    ],
)
def test_a_warning_is_one_sentence(n_few: int, starts: str) -> None:
    known = KnownDates(min=1, median=5.0, max=7, share_with_one=0.001, fewest=2)

    sentence = known.warning(n_few, 8, "tiles")

    assert sentence.startswith(starts)
    assert sentence.count(". ") == 0
    assert bool(sentence) == bool(n_few)
