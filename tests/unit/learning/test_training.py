"""Training: which rows, which shares, and nothing of the test ground."""

import pickle
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from minecover.core.config import composed
from minecover.core.errors import ConfigError, ModelError
from minecover.core.feature_table import SiteTable
from minecover.evaluation.aggregation import Mean
from minecover.learning.fitting import fit, fit_folds, probability, training_rows, with_bag_seed
from minecover.learning.inner_folds import Cleaning, EarlyStopping
from minecover.learning.models.calibrated import AsIs, Calibrated
from minecover.learning.models.prior import PriorCorrected
from minecover.learning.recipe import Recipe
from minecover.learning.sample import (
    Sample,
    Split,
    Thinned,
    always_kept,
    count_rows,
    draw_sample,
    fold_rows,
)
from minecover.learning.training import TrainingSettings, train, with_threshold

FAMILY = Pipeline([("classifier", LogisticRegression())])
RECIPE = Recipe(
    row_share=1,
    negatives_per_positive=5,
    correct_prior=True,
    keep_within_m=0,
    bags=1,
    cleaning=None,
    early_stopping=None,
    drop_dates=0,
    look_alike_weight=1,
    seed=7,
)
SETTINGS = TrainingSettings(FAMILY, ("a", "b"), RECIPE, Mean(), "none", "best_f1")


def table(seed: int, n_dates: int = 3, n_mine: int = 20) -> SiteTable:
    """Make a site of 10 x 10 pixels whose features tell the mines, with some clouds."""
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
        rejected=np.zeros(n_dates * 100, np.bool_),
        look_alike=np.zeros(n_dates * 100, np.bool_),
        valid=rng.random(n_dates * 100) < 0.8,
        n_dates=np.ones(n_dates * 100, np.int16),
        X=X,
    )


def tables(index: int, features: Sequence[str]) -> SiteTable:
    return table(index)


def sites(*fold: int) -> Split:
    """Split as many sites as folds are given, each a group of its own."""
    names = tuple(f"s{i}" for i in range(len(fold)))
    return Split(
        names,
        names,
        np.array(fold, np.int8),
        ({},) * (max(fold) + 1),
        np.zeros(len(fold), np.bool_),
        np.full(len(fold), -1, np.int8),
    )


def drawn(n_sites: int, *, most: float = 1.0, keep_within_px: int = 0) -> Sample:
    split = sites(*[0] * n_sites)
    return draw_sample(
        table, split, thinned=None, most=most, keep_within_px=keep_within_px, seed=7
    )


def test_shares_come_from_the_training_sites_alone() -> None:
    counts = np.array([[10, 1000], [10, 1000], [40, 1000]])
    fold = np.array([0, 1, 1], np.int8)

    shares = RECIPE.shares(counts, fold)

    np.testing.assert_allclose(shares, [5 * 50 / 2000, 5 * 10 / 1000, 5 * 60 / 3000])


def test_without_a_ratio_every_negative_stays() -> None:
    everything = replace(RECIPE, negatives_per_positive=None)

    assert everything.shares(np.array([[1, 9]]), np.array([0], np.int8)) == [1.0, 1.0]


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param("negatives_per_positive=0", id="no negatives"),
        pytest.param("bags=0", id="no model"),
        pytest.param("drop_dates=1.5", id="more than all rows"),
        pytest.param("keep_within_m=-1", id="a distance below zero"),
        pytest.param("row_share=0", id="no rows"),
        pytest.param("row_share=1.1", id="more rows than there are"),
        pytest.param("look_alike_weight=0", id="look-alikes without a weight"),
        pytest.param("look_alike_weight=inf", id="look-alikes alone"),
    ],
)
def test_a_recipe_without_rows_or_models_is_refused(wrong: str) -> None:
    with pytest.raises(ConfigError, match=r"Fix design\.recipe"):
        composed([f"design.recipe.{wrong}"]).build("design.recipe")


@pytest.mark.parametrize(
    ("ratio", "correct"),
    [
        pytest.param(5.0, False, id="drawn and weighted"),
        pytest.param(None, True, id="corrected and weighted"),
    ],
)
def test_the_classes_are_balanced_once(ratio: float | None, correct: bool) -> None:
    weighted = Pipeline([("classifier", LogisticRegression(class_weight="balanced"))])
    recipe = replace(RECIPE, negatives_per_positive=ratio, correct_prior=correct)

    with pytest.raises(ConfigError, match=r"'balanced'.*model\.class_weight=null"):
        train(
            replace(SETTINGS, family=weighted, recipe=recipe), tables, sites(0, 1), thinned=None
        )


def test_the_sample_has_every_valid_mine_and_no_ignored_pixel() -> None:
    sample = drawn(4, most=0.1)

    expected = count_rows(tables, sites(0, 0, 0, 0), keep_within_px=0)[:, 0]
    assert [int(sample.y[sample.site == i].sum()) for i in range(4)] == expected.tolist()
    assert set(sample.y) == {0, 1}
    assert (sample.location >= 2).all()


def test_a_smaller_share_is_part_of_a_larger_one() -> None:
    large = drawn(4, most=0.5)

    small, larger = large.drawn(0.1, bag=0), large.drawn(0.3, bag=0)

    assert small.sum() < larger.sum()
    assert not (small & ~larger).any()


@pytest.mark.parametrize(
    ("share", "shared"),
    [
        pytest.param(0.2, 0.0, id="enough negatives: none is drawn twice"),
        pytest.param(0.6, 0.2, id="too few: the draw begins anew"),
    ],
)
def test_bags_draw_one_after_the_other(share: float, shared: float) -> None:
    sample = drawn(40)

    one, two = sample.drawn(share, bag=0), sample.drawn(share, bag=1)

    other = sample.y == 0
    assert one[other].mean() == pytest.approx(share, abs=0.02)
    assert two[other].mean() == pytest.approx(share, abs=0.02)
    assert (one & two)[other].mean() == pytest.approx(shared, abs=0.02)
    assert (one & two)[~other].all()


@pytest.mark.parametrize("mark", ["rejected", "look_alike"])
def test_ground_that_is_known_to_be_no_mine_is_in_every_sample(mark: str) -> None:
    one = table(7)
    getattr(one, mark)[:] = one.label == 0

    sample = draw_sample(
        lambda _: one, sites(0, 1), thinned=None, most=0.1, keep_within_px=0, seed=7
    )

    assert sample.always.all()
    assert (sample.y == 0).sum() == 2 * (one.valid & (one.label == 0)).sum()
    assert sample.rejected.tolist() == (sample.y == 0).tolist()


@pytest.mark.parametrize(
    ("correct", "other"),
    [
        pytest.param(False, 1.0, id="as drawn"),
        # Kept whole where a tenth of the others is drawn.
        pytest.param(True, 0.1, id="as if drawn like the others"),
    ],
)
def test_look_alikes_weigh_as_much_as_the_recipe_says(correct: bool, other: float) -> None:
    one = table(7)
    one.look_alike[:150] = one.label[:150] == 0
    drawn = draw_sample(
        lambda _: one, sites(0, 1), thinned=None, most=0.1, keep_within_px=0, seed=7
    )
    recipe = replace(RECIPE, correct_prior=correct, look_alike_weight=3)

    rows = training_rows(recipe, drawn, np.ones(len(drawn.y), np.bool_), share=0.1, bag=0)

    assert rows.reviewed.any()
    np.testing.assert_allclose(rows.weight[rows.reviewed], 3 * other)
    np.testing.assert_array_equal(rows.weight[~rows.reviewed], 1)
    assert {0, 1} == set(rows.y[~rows.reviewed])


def test_a_share_of_the_rows_is_learned_from_and_the_same_of_mines_and_other_ground() -> None:
    thin = replace(RECIPE, row_share=0.25, negatives_per_positive=None)

    def sampled(recipe: Recipe) -> Sample:
        return draw_sample(
            recipe.learned(table), sites(*[0] * 30), thinned=None, most=1, keep_within_px=0,
            seed=7,
        )  # fmt: skip

    all_rows, some = sampled(RECIPE), sampled(thin)

    for kind in (0, 1):
        whole = int((all_rows.y == kind).sum())
        assert (some.y == kind).sum() == pytest.approx(0.25 * whole, rel=0.1)
    # Of the rows that are left the same are drawn as of all.
    name = [set(zip(s.site, s.location, s.draw, strict=True)) for s in (all_rows, some)]
    assert name[1] <= name[0]
    assert len({(site, draw) for site, _, draw in name[1]}) == len(name[1])


def test_fewer_rows_are_fewer_in_the_tables_of_fewer_dates_as_well() -> None:
    thin = replace(RECIPE, row_share=0.25, drop_dates=0.5)

    thinned = thin.thinned(tables, ("a", "b"))

    assert thinned is not None
    whole, left = table(3), thinned.tables(3)
    assert thinned.share == 0.5
    assert left.valid.sum() == pytest.approx(0.25 * whole.valid.sum(), rel=0.25)
    assert not (left.valid & ~whole.valid).any()


def fewer(index: int) -> SiteTable:
    """Give the site's rows of one date."""
    return replace(table(index, n_dates=1), n_dates=np.ones(100, np.int16))


@pytest.mark.parametrize("share", [0.0, 0.4, 1.0])
def test_a_share_of_the_rows_of_fewer_dates_is_added_beside_the_others(share: float) -> None:
    split = sites(*[0] * 30)
    plain = draw_sample(table, split, thinned=None, most=0.5, keep_within_px=0, seed=7)

    both = draw_sample(
        table, split, thinned=Thinned(fewer, share), most=0.5, keep_within_px=0, seed=7
    )

    kept, added = both.y[~both.is_thinned], both.y[both.is_thinned]
    every = draw_sample(fewer, split, thinned=None, most=0.5, keep_within_px=0, seed=8)
    np.testing.assert_array_equal(both.X[~both.is_thinned], plain.X)
    np.testing.assert_array_equal(kept, plain.y)
    assert len(added) == pytest.approx(share * len(every.y), rel=0.1)
    # As many others a mine: the correction to the full prevalence holds for both.
    assert added.sum() == pytest.approx(share * every.y.sum(), rel=0.15)
    assert set(both.n_dates[both.is_thinned]) <= {1}


def test_rows_of_fewer_dates_stay_out_of_their_fold() -> None:
    split = sites(0, 1, 1)
    near = np.zeros((10, 10), np.bool_)
    near[:5] = True
    split = replace(split, near=({1: near}, {}))
    both = draw_sample(
        table, split, thinned=Thinned(fewer, 1.0), most=1.0, keep_within_px=0, seed=7
    )

    rows = fold_rows(both, split, 0)

    assert set(both.site[rows & both.is_thinned]) == {1, 2}
    assert both.location[rows & both.is_thinned & (both.site == 1)].min() >= 50


def test_dates_cannot_be_dropped_without_the_tables() -> None:
    dropping = replace(SETTINGS, recipe=replace(RECIPE, drop_dates=0.5))

    with pytest.raises(ConfigError, match=r"Set design\.recipe\.drop_dates=0\."):
        train(dropping, tables, sites(0, 1), thinned=None)


def test_negatives_near_a_mine_are_kept_date_by_date() -> None:
    label = np.zeros((2, 3, 5), np.int8)
    label[0, 1, 1] = 1
    blank, nothing = np.zeros(30, np.int8), np.empty((30, 0), np.float32)
    once = np.ones(30, np.int16)
    dates = ("2017-01-01", "2017-01-17")
    none, all_ = blank == 1, blank == 0
    one = SiteTable(dates, (3, 5), label.ravel(), blank, none, none, all_, once, nothing)

    kept = always_kept(one, 1).reshape(2, 3, 5)

    assert kept.astype(int).tolist() == [
        [[0, 1, 0, 0, 0], [1, 1, 1, 0, 0], [0, 1, 0, 0, 0]],
        [[0, 0, 0, 0, 0], [0, 0, 0, 0, 0], [0, 0, 0, 0, 0]],
    ]


def test_negatives_kept_near_mines_do_not_change_the_prior() -> None:
    sample = drawn(60, keep_within_px=1)
    recipe = replace(RECIPE, keep_within_m=30)

    model = fit(FAMILY, recipe, sample, sample.y >= 0, share=0.1, bag=0)

    # All the rows are in the sample, so their mean probability is their share of mines.
    predicted = model.predict_proba(sample.X)[:, 1].mean()
    assert predicted == pytest.approx(sample.y.mean(), rel=0.05)


def test_a_sample_without_mines_is_refused() -> None:
    bare = table(0, n_mine=0)

    with pytest.raises(ModelError, match="no valid observation is labelled as mine"):
        draw_sample(
            lambda i: bare, sites(0, 1), thinned=None, most=1.0, keep_within_px=0, seed=7
        )


def test_a_fold_never_trains_on_its_own_sites_or_near_them() -> None:
    near = np.zeros((10, 10), np.bool_)
    near[:, 5:] = True
    split = replace(sites(0, 1, 1), near=({1: near}, {}))

    sample = drawn(3)
    rows = fold_rows(sample, split, 0)

    assert set(sample.site[rows]) == {1, 2}
    assert (sample.location[rows & (sample.site == 1)] % 10 < 5).all()
    assert (sample.location[rows & (sample.site == 2)] % 10 >= 5).any()


def test_the_last_model_trains_on_everything() -> None:
    sample = drawn(3)

    assert fold_rows(sample, sites(0, 1, 1), 2).all()


def test_one_class_only_is_refused() -> None:
    sample = drawn(2)

    with pytest.raises(ModelError, match="needs both classes, found 0 mine"):
        fit(FAMILY, RECIPE, sample, sample.y == 0, share=1.0, bag=0)


def test_a_bag_has_a_seed_of_its_own() -> None:
    family = composed(["model=boosted"]).build("model")

    seeds = [with_bag_seed(family, bag)[-1].random_state for bag in range(3)]

    assert seeds == [7, 8, 9]


def test_invalid_observations_have_no_probability() -> None:
    result = train(SETTINGS, tables, sites(0, 0, 1, 1), thinned=None)

    for site in result.out_of_fold:
        np.testing.assert_array_equal(np.isfinite(site.probability), site.valid)


def test_probabilities_are_rounded() -> None:
    site = train(SETTINGS, tables, sites(0, 1), thinned=None).out_of_fold[0]

    seen = site.probability[site.valid].astype(np.float64)
    np.testing.assert_allclose(seen, np.round(seen, 6), atol=5e-8)


def test_labels_of_a_site_change_no_probability_of_its_fold() -> None:
    def flipped(index: int, features: Sequence[str]) -> SiteTable:
        one = table(index)
        other = np.where(one.label < 0, one.label, 1 - one.label).astype(np.int8)
        return replace(one, label=other) if index == 0 else one

    split = sites(0, 0, 1, 1, 2, 2)
    one, two = (
        train(SETTINGS, each, split, thinned=None).out_of_fold for each in (tables, flipped)
    )

    np.testing.assert_array_equal(one[1].probability, two[1].probability)
    assert (one[2].probability != two[2].probability)[one[2].valid].any()


def test_the_shipped_model_predicts_with_its_threshold() -> None:
    sample = drawn(2)
    model = Calibrated(PriorCorrected(FAMILY, 0.5).fit(sample.X, sample.y), AsIs())

    shipped = with_threshold(model, 0.8, {})

    score = shipped.predict_proba(sample.X)[:, 1]
    np.testing.assert_array_equal(shipped.predict(sample.X), (score >= 0.8).astype(int))
    np.testing.assert_array_equal(score, model.predict_proba(sample.X)[:, 1])


def test_no_rows_have_no_probabilities() -> None:
    sample = drawn(2)
    model = PriorCorrected(FAMILY, 1.0).fit(sample.X, sample.y)

    assert probability(model, sample.X[:0]).shape == (0,)


@pytest.mark.parametrize("family", ["boosted", "forest", "histogram", "linear"])
def test_models_do_not_depend_on_the_number_of_cores(
    family: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sample, split = drawn(4), sites(0, 0, 1, 1)
    pipeline = composed([f"model={family}"]).build("model")

    one = fit_folds(pipeline, RECIPE, sample, split, shares=[0.5] * 3)
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "1")
    two = fit_folds(pipeline, RECIPE, sample, split, shares=[0.5] * 3)

    assert pickle.dumps(one) == pickle.dumps(two)


def test_every_part_of_a_recipe_works_together() -> None:
    recipe = replace(
        RECIPE,
        keep_within_m=30,
        bags=2,
        cleaning=Cleaning(above=0.9, inner_folds=2),
        early_stopping=EarlyStopping(inner_folds=2, every=5),
    )
    family = composed(["model=boosted", "model.n_estimators=10"]).build("model")

    result = train(
        replace(SETTINGS, family=family, recipe=recipe, calibration="platt"),
        tables,
        sites(0, 0, 0, 1, 1, 1),
        thinned=None,
    )

    assert len(result.model.estimator.estimators) == 2
    assert result.thresholds["location"].shipped > 0
