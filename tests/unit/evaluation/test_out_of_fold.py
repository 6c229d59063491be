"""Out-of-fold probabilities: what is written comes back."""

from pathlib import Path

import numpy as np

from minecover.evaluation.out_of_fold import OutOfFold, read_out_of_fold, write_out_of_fold


def site(site_id: str, fold: int) -> OutOfFold:
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
    )


def test_out_of_fold_round_trips(tmp_path: Path) -> None:
    sites = [site("a", 1), site("b", 0)]

    write_out_of_fold(tmp_path / "oof.parquet", iter(sites))

    read = list(read_out_of_fold(tmp_path / "oof.parquet"))
    assert [(s.site_id, s.fold, s.dates) for s in read] == [
        (s.site_id, s.fold, s.dates) for s in sites
    ]
    for one, two in zip(read, sites, strict=True):
        np.testing.assert_array_equal(one.probability, two.probability)
        np.testing.assert_array_equal(one.label, two.label)
        np.testing.assert_array_equal(one.truth, two.truth)
        np.testing.assert_array_equal(one.valid, two.valid)
