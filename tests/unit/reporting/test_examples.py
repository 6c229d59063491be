"""Example sites: the best, the median and the worst, where most of the ground was observed."""

import pandas as pd
import pytest

from minecover.reporting.scored_sites import choose_examples


def table_of(observed: list[float]) -> pd.DataFrame:
    """Return sites whose F1 falls from the first to the last."""
    n = len(observed)
    return pd.DataFrame(
        {
            "site_id": [f"s{i}" for i in range(n)],
            "observed": observed,
            "mine": 100,
            "found": [90 - 10 * i for i in range(n)],
            "missed": [10 + 10 * i for i in range(n)],
            "false_alarms": 0,
        }
    )


@pytest.mark.parametrize(
    ("observed", "chosen"),
    [
        pytest.param([1.0, 1.0, 1.0, 1.0, 1.0], ["s0", "s2", "s4"], id="all were observed"),
        pytest.param([1.0, 1.0, 0.2, 1.0, 0.9], ["s0", "s3", "s4"], id="the median is grey"),
        pytest.param([0.2, 0.1, 0.3], ["s0", "s1", "s2"], id="all are grey"),
    ],
)
def test_a_site_that_clouds_hid_is_no_example(observed: list[float], chosen: list[str]) -> None:
    examples = choose_examples(table_of(observed))

    assert list(examples) == ["best", "median", "worst"]
    assert [site_id for site_id, _ in examples.values()] == chosen
