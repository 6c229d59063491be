"""Out-of-fold probabilities: what is written comes back."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from minecover.core.errors import ModelError
from minecover.core.ground_kinds import GroundKinds
from minecover.evaluation.out_of_fold import OutOfFold, read_out_of_fold, write_out_of_fold


def site(site_id: str, fold: int, *, is_background: bool = False) -> OutOfFold:
    """Two dates of 3 x 4 pixels."""
    rng = np.random.default_rng(fold)
    valid = rng.random((2, 3, 4)) < 0.7
    return OutOfFold(
        site_id=site_id,
        fold=fold,
        dates=("2017-01-14", "2017-01-30"),
        label=rng.integers(-1, 2, valid.shape).astype(np.int8),
        truth=rng.integers(-1, 2, valid.shape).astype(np.int8),
        valid=valid,
        probability=np.where(valid, rng.random(valid.shape), np.nan).astype(np.float32),
        is_background=is_background,
    )


def test_out_of_fold_round_trips(tmp_path: Path) -> None:
    sites = [site("a", 1), site("b", 0, is_background=True)]

    write_out_of_fold(tmp_path / "oof.parquet", iter(sites))

    read = list(read_out_of_fold(tmp_path / "oof.parquet"))
    assert [(s.site_id, s.fold, s.dates, s.is_background) for s in read] == [
        (s.site_id, s.fold, s.dates, s.is_background) for s in sites
    ]
    for one, two in zip(read, sites, strict=True):
        np.testing.assert_array_equal(one.probability, two.probability)
        np.testing.assert_array_equal(one.label, two.label)
        np.testing.assert_array_equal(one.truth, two.truth)
        np.testing.assert_array_equal(one.valid, two.valid)


def test_the_marks_of_a_chip_round_trip(tmp_path: Path) -> None:
    path = tmp_path / "oof.parquet"
    alike = np.arange(12).reshape(3, 4) % 5 == 0
    chips = [
        replace(site("a", 0), chip_label=1, look_alike=alike),
        replace(site("b", 1), chip_label=0),
        site("c", 2),
    ]

    write_out_of_fold(path, iter(chips))

    a, b, c = read_out_of_fold(path)
    np.testing.assert_array_equal(a.look_alike, alike)
    assert (b.look_alike, c.look_alike) == (None, None)
    assert [one.chip_label for one in (a, b, c)] == [1, 0, -1]


def test_groups_and_kinds_of_ground_round_trip(tmp_path: Path) -> None:
    path = tmp_path / "oof.parquet"
    code = (np.arange(12).reshape(3, 4) % 3 - 1).astype(np.int8)
    sites = [
        replace(site("a", 0), group="7", ground=GroundKinds(("pond", "river bar"), code)),
        site("b", 1),
    ]

    write_out_of_fold(path, iter(sites))

    a, b = read_out_of_fold(path)
    assert (a.group, b.group, b.ground) == ("7", "", None)
    assert a.ground is not None
    assert a.ground.names == ("pond", "river bar")
    np.testing.assert_array_equal(a.ground.code, code)


def test_a_file_without_the_columns_of_groups_has_none(tmp_path: Path) -> None:
    path = tmp_path / "oof.parquet"
    write_out_of_fold(path, iter([replace(site("a", 0), group="7")]))
    pq.write_table(pq.read_table(path).drop_columns(["group", "ground"]), path)

    (found,) = read_out_of_fold(path)

    assert (found.group, found.ground) == ("", None)


def test_a_file_without_the_columns_of_chips_has_none(tmp_path: Path) -> None:
    path = tmp_path / "oof.parquet"
    write_out_of_fold(path, iter([site("a", 0)]))
    pq.write_table(pq.read_table(path).drop_columns(["chip_label", "look_alike"]), path)

    (found,) = read_out_of_fold(path)

    assert (found.chip_label, found.look_alike) == (-1, None)


def test_a_file_without_the_column_of_background_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "oof.parquet"
    write_out_of_fold(path, iter([site("background0000", 0)]))
    pq.write_table(pq.read_table(path).drop_columns("is_background"), path)

    with pytest.raises(ModelError, match="no column is_background"):
        next(read_out_of_fold(path))
