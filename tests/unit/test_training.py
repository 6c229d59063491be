"""Training: which rows, which shares, which threshold ships."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from minecover.errors import ModelError
from minecover.models.prior import PriorCorrected
from minecover.out_of_fold import OutOfFold, read_out_of_fold, write_out_of_fold
from minecover.table import SiteTable
from minecover.training import (
    Recipe,
    count_classes,
    draw_sample,
    finished,
    fit,
    fit_folds,
    fold_rows,
    predict_out_of_fold,
    probability,
)

FAMILY = Pipeline([("classifier", LogisticRegression())])


def table(seed: int, n_dates: int = 3, n_mine: int = 20) -> SiteTable:
    """Sites of 10 x 10 pixels whose feature tells the mines, with some clouds and ignores."""
    rng = np.random.default_rng(seed)
    label = np.zeros((n_dates, 100), np.int8)
    label[:, rng.choice(100, n_mine, replace=False)] = 1
    label[:, :2] = -1
    X = (label.ravel()[:, None] * 2 + rng.normal(size=(n_dates * 100, 2))).astype(np.float32)
    return SiteTable(
        dates=tuple(f"2017-01-{d + 1:02d}" for d in range(n_dates)),
        shape=(10, 10),
        label=label.ravel(),
        truth=label.ravel(),
        valid=rng.random(n_dates * 100) < 0.8,
        X=X,
    )


def recipe(ratio: float | None) -> Recipe:
    return Recipe(negatives_per_positive=ratio, correct_prior=True, seed=7)


def test_shares_come_from_the_training_sites_alone() -> None:
    counts = np.array([[10, 1000], [10, 1000], [40, 1000]])
    fold = np.array([0, 1, 1], np.int8)

    shares = recipe(5).shares(counts, fold)

    np.testing.assert_allclose(shares, [5 * 50 / 2000, 5 * 10 / 1000, 5 * 60 / 3000])


def test_without_a_ratio_every_negative_stays() -> None:
    assert recipe(None).shares(np.array([[1, 9]]), np.array([0], np.int8)) == [1.0, 1.0]


def test_the_sample_holds_every_valid_mine_and_no_ignored_pixel() -> None:
    tables = [table(i) for i in range(4)]

    sample = draw_sample(lambda i: tables[i], 4, most=0.1, seed=7)

    wanted = [count_classes(t)[0] for t in tables]
    assert [int(sample.y[sample.site == i].sum()) for i in range(4)] == wanted
    assert set(sample.y) == {0, 1}
    assert (sample.location >= 2).all()


def test_a_smaller_share_is_part_of_a_larger_one() -> None:
    tables = [table(i) for i in range(4)]

    small = draw_sample(lambda i: tables[i], 4, most=0.1, seed=7)
    large = draw_sample(lambda i: tables[i], 4, most=0.5, seed=7)

    np.testing.assert_array_equal(large.X[large.draw < 0.1], small.X)


def test_a_sample_without_mines_is_refused() -> None:
    bare = table(0, n_mine=0)

    with pytest.raises(ModelError, match="no valid observation is labelled as mine"):
        draw_sample(lambda i: bare, 2, most=1.0, seed=7)


def test_a_fold_never_trains_on_its_own_sites_or_near_them() -> None:
    sample = draw_sample(lambda i: table(i), 3, most=1.0, seed=7)
    near = np.zeros((10, 10), np.bool_)
    near[:, 5:] = True

    rows = fold_rows(sample, np.array([0, 1, 1], np.int8), 0, {1: near})

    assert set(sample.site[rows]) == {1, 2}
    assert (sample.location[rows & (sample.site == 1)] % 10 < 5).all()
    assert (sample.location[rows & (sample.site == 2)] % 10 >= 5).any()


def test_one_class_only_is_refused() -> None:
    sample = draw_sample(lambda i: table(i), 2, most=1.0, seed=7)

    with pytest.raises(ModelError, match="needs both classes, found 0 mine"):
        fit(FAMILY, sample, sample.y == 0, share=1.0, correct_prior=True)


def out_of_fold() -> list[OutOfFold]:
    tables = [table(i) for i in range(4)]
    fold = np.array([0, 0, 1, 1], np.int8)
    sample = draw_sample(lambda i: tables[i], 4, most=1.0, seed=7)
    *models, _ = fit_folds(
        FAMILY, sample, fold, [{}, {}, {}], shares=[1.0] * 3, correct_prior=True
    )
    names = ["a", "b", "c", "d"]
    return list(predict_out_of_fold(models, lambda i: tables[i], names, fold))


def test_what_is_not_valid_has_no_probability() -> None:
    for site in out_of_fold():
        np.testing.assert_array_equal(np.isfinite(site.probability), site.valid)


def test_probabilities_are_rounded_for_the_disk() -> None:
    site = out_of_fold()[0]

    seen = site.probability[site.valid].astype(np.float64)
    np.testing.assert_allclose(seen, np.round(seen, 6), atol=5e-8)


def test_out_of_fold_round_trips(tmp_path: Path) -> None:
    sites = out_of_fold()

    def stream() -> Iterator[OutOfFold]:
        yield from sites

    write_out_of_fold(tmp_path / "oof.parquet", stream())

    read = list(read_out_of_fold(tmp_path / "oof.parquet"))
    assert [(s.site_id, s.fold, s.dates) for s in read] == [
        (s.site_id, s.fold, s.dates) for s in sites
    ]
    for one, two in zip(read, sites, strict=True):
        np.testing.assert_array_equal(one.probability, two.probability)
        np.testing.assert_array_equal(one.label, two.label)
        np.testing.assert_array_equal(one.valid, two.valid)


def test_the_shipped_model_cuts_at_the_shipped_threshold() -> None:
    sample = draw_sample(lambda i: table(i), 2, most=1.0, seed=7)
    model = PriorCorrected(FAMILY, 0.5).fit(sample.X, sample.y)

    shipped = finished(model, 0.8)

    score = shipped.predict_proba(sample.X)[:, 1]
    np.testing.assert_array_equal(shipped.predict(sample.X), (score >= 0.8).astype(int))
    np.testing.assert_array_equal(score, model.predict_proba(sample.X)[:, 1])


def test_nothing_usable_is_all_nan() -> None:
    sample = draw_sample(lambda i: table(i), 2, most=1.0, seed=7)
    model = PriorCorrected(FAMILY, 1.0).fit(sample.X, sample.y)

    assert np.isnan(probability(model, sample.X, np.zeros(len(sample.X), np.bool_))).all()
