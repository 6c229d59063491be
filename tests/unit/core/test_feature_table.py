"""Feature tables: order of rows, missing columns, identical bytes."""

from pathlib import Path

import numpy as np
import pytest

from minecover.core.errors import DamagedError, ModelError
from minecover.core.feature_table import MARKS, Mark, feature_names, read_table, write_table
from minecover.core.ground_kinds import GroundKinds

NAN = np.nan


def written(path: Path) -> Path:
    """Write two dates of 1 x 3 pixels; the central pixel of the second date is cloudy."""
    plane = np.array([[[1, 2, 3]], [[4, np.inf, 6]]], np.float32)
    write_table(
        path,
        {"ndvi": plane, "red": plane * 10},
        dates=["2016-12-13", "2017-01-14"],
        marks={
            "label": np.array([[[0, 1, 0]], [[0, 1, -1]]], np.int8),
            "truth": np.array([[[0, 1, 1]], [[0, 1, 1]]], np.int8),
            "rejected": np.array([[[True, False, False]], [[True, False, False]]]),
            "look_alike": np.array([[[False, False, True]], [[False, False, True]]]),
            "n_dates": np.array([[[1, 1, 1]], [[1, 0, 1]]], np.int16),
            "valid_poc": np.array([[[True, True, True]], [[True, False, True]]]),
        },
    )
    return path


def test_rows_run_over_dates_first(tmp_path: Path) -> None:
    table = read_table(
        written(tmp_path / "a.parquet"), features=["red", "ndvi"], profile="poc", static=None
    )

    assert table.dates == ("2016-12-13", "2017-01-14")
    assert table.shape == (1, 3)
    np.testing.assert_array_equal(
        table.X, np.array([[10, 1], [20, 2], [30, 3], [40, 4], [NAN, NAN], [60, 6]], np.float32)
    )
    assert table.label.tolist() == [0, 1, 0, 0, 1, -1]
    assert table.truth.tolist() == [0, 1, 1, 0, 1, 1]
    assert table.rejected.tolist() == [True, False, False] * 2
    assert table.look_alike.tolist() == [False, False, True] * 2
    assert table.valid.tolist() == [True, True, True, True, False, True]
    assert table.n_dates.tolist() == [1, 1, 1, 1, 0, 1]


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    path = written(tmp_path / "a.parquet")

    with pytest.raises(ModelError, match=r"no column bsi \(it has 8 others\)"):
        read_table(path, features=["bsi"], profile="poc", static=None)
    with pytest.raises(ModelError, match="no column valid_strict"):
        read_table(path, features=["red"], profile="strict", static=None)


def test_the_same_table_is_the_same_bytes(tmp_path: Path) -> None:
    one, two = written(tmp_path / "a.parquet"), written(tmp_path / "b.parquet")

    assert one.read_bytes() == two.read_bytes()


def test_features_of_locations_are_repeated_on_every_date(tmp_path: Path) -> None:
    static = tmp_path / "locations.parquet"
    marks: dict[str, Mark] = {
        "label": np.zeros((1, 3), np.int8),
        "n_dates": np.array([[2, 1, 2]], np.int16),
    }
    slope = {"slope": np.array([[7, 8, 9]], np.float32)}
    write_table(static, slope, dates=["2017-01-14"], marks=marks)

    table = read_table(
        written(tmp_path / "a.parquet"),
        features=["slope", "ndvi"],
        profile="poc",
        static=static,
    )

    assert table.X[:, 0].tolist() == [7, 8, 9, 7, 8, 9]
    assert table.X[0].tolist() == [7, 1]
    assert table.n_dates.tolist() == [2, 1, 2, 2, 1, 2]


def test_kinds_of_ground_are_repeated_on_every_date(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    marks: dict[str, Mark] = {
        name: np.zeros((2, 1, 3), np.int8)
        for name in ("label", "truth", "rejected", "look_alike", "n_dates", "valid_poc")
    }
    ground = GroundKinds(("pond", "river bar"), np.array([[1, -1, 0]], np.int8))
    days = ["2016-12-13", "2017-01-14"]

    write_table(
        path, {"red": np.zeros((2, 1, 3), np.float32)}, dates=days, marks=marks, ground=ground
    )

    table = read_table(path, features=["red"], profile="poc", static=None)
    assert table.ground is not None
    assert table.ground.names == ("pond", "river bar")
    assert table.ground.code.tolist() == [1, -1, 0] * 2
    assert table.ground_plane is not None
    assert table.ground_plane.code.tolist() == [[1, -1, 0]]
    without = read_table(
        written(tmp_path / "b.parquet"), features=(), profile="poc", static=None
    )
    assert (without.ground, without.ground_plane) == (None, None)


def test_features_are_all_columns_but_labels_and_masks(tmp_path: Path) -> None:
    plane = np.zeros((2, 2), np.float32)
    marks = {name: plane.astype(np.int8) for name in MARKS}
    write_table(
        tmp_path / "a.parquet",
        {"coastal": plane, "ndvi": plane},
        dates=["2017-01-14"],
        marks={**marks, "valid_strict": plane.astype(np.bool_)},
    )

    assert feature_names(tmp_path / "a.parquet") == ["coastal", "ndvi"]


def test_a_pointer_in_place_of_a_table_is_named(tmp_path: Path) -> None:
    pointer = tmp_path / "a.parquet"
    pointer.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:12\nsize 9\n")

    with pytest.raises(DamagedError, match="a.parquet cannot be read as a Parquet table"):
        feature_names(pointer)
    with pytest.raises(DamagedError, match="a.parquet cannot be read as a Parquet table"):
        read_table(pointer, features=["red"], profile="poc", static=None)
