"""Site tables: rows in a fixed order, medians over valid dates only."""

from pathlib import Path

import numpy as np
import pytest

from minecover.cube import Cube
from minecover.errors import ModelError
from minecover.features.bands import Bands
from minecover.table import (
    location_planes,
    median_over_dates,
    observation_planes,
    read_table,
    write_table,
)

NAN = np.nan


@pytest.mark.parametrize(
    ("dates", "median"),
    [
        pytest.param([3, 1, 2], 2, id="odd"),
        pytest.param([4, 1, 2, 3], 2.5, id="even"),
        pytest.param([NAN, 5, NAN, 1, 3], 3, id="clouds left out"),
        pytest.param([NAN, 5], 5, id="one date"),
        pytest.param([NAN, NAN], NAN, id="never seen"),
    ],
)
def test_median_over_dates(dates: list[float], median: float) -> None:
    values = np.array(dates, np.float32)[:, None]

    np.testing.assert_array_equal(median_over_dates(values), np.array([median], np.float32))


def test_a_location_does_not_see_its_invalid_dates() -> None:
    plane = np.array([[[1.0]], [[100.0]], [[3.0]]], np.float32)
    valid = np.array([[[True]], [[False]], [[True]]])

    planes = location_planes({"B4": plane}, valid)

    assert planes["B4"].item() == 2.0
    assert planes["n_valid"].item() == 2


def test_the_halo_never_reaches_the_table(cube: Cube) -> None:
    valid = np.ones((2, 4, 5), np.bool_)

    planes = observation_planes(cube, {"bands": Bands(bands=("B4",))}, valid)

    np.testing.assert_array_equal(planes["B4"], cube.values("B4")[:, 0, 1:-1, 1:-1])


def written(path: Path) -> Path:
    """Two dates of 1 x 3 pixels; the second date's middle pixel is clouded."""
    plane = np.array([[[1, 2, 3]], [[4, np.inf, 6]]], np.float32)
    write_table(
        path,
        {"ndvi": plane, "B4": plane * 10},
        dates=["2016-12-13", "2017-01-14"],
        marks={
            "label": np.array([[[0, 1, 0]], [[0, 1, -1]]], np.int8),
            "truth": np.array([[[0, 1, 1]], [[0, 1, 1]]], np.int8),
            "valid_poc": np.array([[[True, True, True]], [[True, False, True]]]),
        },
    )
    return path


def test_rows_run_over_dates_first(tmp_path: Path) -> None:
    table = read_table(written(tmp_path / "a.parquet"), features=["B4", "ndvi"], profile="poc")

    assert table.dates == ("2016-12-13", "2017-01-14")
    assert table.shape == (1, 3)
    np.testing.assert_array_equal(
        table.X, np.array([[10, 1], [20, 2], [30, 3], [40, 4], [NAN, NAN], [60, 6]], np.float32)
    )
    assert table.label.tolist() == [0, 1, 0, 0, 1, -1]
    assert table.truth.tolist() == [0, 1, 1, 0, 1, 1]
    assert table.valid.tolist() == [True, True, True, True, False, True]


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    path = written(tmp_path / "a.parquet")

    with pytest.raises(ModelError, match="no column bsi .*it has: label"):
        read_table(path, features=["bsi"], profile="poc")
    with pytest.raises(ModelError, match="no column valid_strict"):
        read_table(path, features=["B4"], profile="strict")


def test_the_same_table_is_the_same_bytes(tmp_path: Path) -> None:
    one, two = written(tmp_path / "a.parquet"), written(tmp_path / "b.parquet")

    assert one.read_bytes() == two.read_bytes()
