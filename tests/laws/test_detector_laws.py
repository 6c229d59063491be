"""Law of detectors: a map equals the model's probabilities of the tables of the same pixels."""

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from minecover.core.config import composed
from minecover.core.cube import F32, Cube
from minecover.core.feature_table import SiteTable, read_table, write_table
from minecover.core.grid import Grid
from minecover.core.sensors import OLI
from minecover.evaluation.aggregation import Aggregation, Mean, Median, NoisyOr, Vote
from minecover.features import FeatureSet, LocationFeature
from minecover.features.planes import feature_planes, flat_sets, plane_names
from minecover.features.validity import Profile, valid
from minecover.learning.applicability import DissimilarityIndex
from minecover.learning.disagreement import Disagreement
from minecover.learning.fitting import probability
from minecover.learning.models.boosted import boosted
from minecover.learning.models.calibrated import AsIs, Calibrated
from minecover.learning.models.compiled_trees import compile_trees
from minecover.learning.training import with_threshold
from minecover.prediction.detector import Detector
from minecover.prediction.unknown_ground import UnknownGround

BANDS = tuple(OLI.bands)

CONF = Path(__file__).parents[2] / "conf"
TABLE = "table=[bands,spectral,normalised,season,temporal,neighbourhood,context]"
HALO, INNER, N_DATES = 28, 9, 4
GRID = Grid.from_corner("EPSG:32635", 600015.0, 9800015.0, INNER + 2 * HALO, INNER + 2 * HALO)
#: Values of QA_PIXEL, Collection 2.
CLEAR, CLOUD = 21824, 22280
AGGREGATIONS = (Mean(), Median(), NoisyOr(), Vote(0.5, inclusive=True, tie_is_mine=True))


@pytest.fixture(scope="module")
def feature_sets() -> dict[str, FeatureSet]:
    """Return the feature sets of conf/table."""
    built: dict[str, FeatureSet] = flat_sets(composed([TABLE], conf=CONF).build("table"))
    return built


@pytest.fixture(scope="module")
def profile() -> Profile:
    built: Profile = composed(conf=CONF).build("masks")["strict"]
    return built


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tables")


def draw_cube(rng: np.random.Generator, cloudy: float) -> Cube:
    """Draw a cube of noise, dark pixels among it, of which a share is cloudy."""
    shape = (N_DATES, len(BANDS), *GRID.shape)
    is_cloudy = rng.random((N_DATES, *GRID.shape)) < cloudy
    thermal = np.array([band in ("lwir11", "lwir12") for band in BANDS])
    dn = rng.integers(4000, 20000, shape).astype(np.uint16)
    dn[:, ~thermal] = np.where(rng.random(GRID.shape) < 0.1, 5000, dn[:, ~thermal])
    return Cube(
        dn=dn,
        scale=np.broadcast_to(np.where(thermal, 3.4e-3, 2e-5), shape[:2]).copy(),
        offset=np.broadcast_to(np.where(thermal, 270.0, -0.1), shape[:2]).copy(),
        qa=np.where(is_cloudy, CLOUD, CLEAR).astype(np.uint16),
        saturated=np.zeros((N_DATES, *GRID.shape), np.bool_),
        qa_layout="c2",
        dates=tuple(date(2017, 1, 1) + timedelta(16 * i) for i in range(N_DATES)),
        bands=BANDS,
        grid=GRID,
        halo_px=HALO,
    )


def draw_context(
    rng: np.random.Generator, feature_sets: Mapping[str, FeatureSet]
) -> dict[str, F32]:
    """Draw the context planes that the feature sets take."""
    return {
        name: rng.uniform(0, 900, GRID.shape).astype(np.float32)
        for feature_set in feature_sets.values()
        if isinstance(feature_set, LocationFeature)
        for name in feature_set.context_planes
    }


def write_tables(
    folder: Path,
    cube: Cube,
    context: Mapping[str, F32],
    feature_sets: Mapping[str, FeatureSet],
    profile: Profile,
) -> None:
    """Write the observation and the location table of a cube, with all features."""
    usable = valid(cube, profile)
    planes = feature_planes(
        cube, usable, context, feature_sets, plane_names(feature_sets), with_medians=True
    )
    inner = cube.core(usable)
    dates = [day.isoformat() for day in cube.dates]
    tables = {"observation": (planes.observation, inner, dates)}
    tables["location"] = (planes.location, np.asarray(inner.any(axis=0)), dates[-1:])
    for design, (features, is_valid, days) in tables.items():
        unlabelled = np.zeros(is_valid.shape, np.int8)
        marks: dict[str, NDArray[np.int8] | NDArray[np.bool_]] = {
            "label": unlabelled,
            "truth": unlabelled,
            "rejected": unlabelled > 0,
            "look_alike": unlabelled > 0,
            "n_dates": unlabelled,
            f"valid_{profile.name}": is_valid,
        }
        write_table(folder / f"{design}.parquet", features, dates=days, marks=marks)


def fit_model(rng: np.random.Generator, X: F32) -> Pipeline:
    """Fit a small model on rows and random labels; its trees compiled, as in a bundle."""
    family = boosted(
        n_estimators=5,
        learning_rate=0.5,
        num_leaves=7,
        min_child_samples=5,
        colsample_bytree=0.5,
        seed=7,
    )
    family.fit(X, rng.permutation(np.arange(len(X)) % 2))
    index = DissimilarityIndex(np.ones(X.shape[1]), 3).fit(
        X, (np.arange(len(X)) % 3).astype(np.int8)
    )
    members = Disagreement(pairs=2).fit(X, rng.permutation(np.arange(len(X)) % 2))
    steps = {"applicability": index, "disagreement": members}
    model: Pipeline = compile_trees(with_threshold(Calibrated(family, AsIs()), 0.5, steps))
    return model


def expected_map(model: Pipeline, table: SiteTable, aggregation: Aggregation) -> F32:
    """Return the probability of each location of a table; of several dates, aggregated."""
    rows = np.full(len(table.valid), np.nan, np.float32)
    rows[table.valid] = probability(model, table.X[table.valid])
    by_date = rows.reshape(len(table.dates), -1)
    location = by_date[0] if len(by_date) == 1 else aggregation(by_date)
    return location.reshape(table.shape)


@pytest.mark.parametrize("design", ["observation", "location"])
@settings(max_examples=8)
@given(
    seed=st.integers(0, 2**32 - 1),
    cloudy=st.sampled_from([0.02, 0.4, 0.8]),
)
def test_a_map_equals_the_probabilities_of_the_tables(
    design: str,
    seed: int,
    cloudy: float,
    feature_sets: dict[str, FeatureSet],
    profile: Profile,
    folder: Path,
) -> None:
    rng = np.random.default_rng(seed)
    aggregation: Aggregation = AGGREGATIONS[rng.integers(len(AGGREGATIONS))]
    cube, context = draw_cube(rng, cloudy), draw_context(rng, feature_sets)
    features = tuple(rng.permutation(plane_names(feature_sets))[:60].tolist())
    write_tables(folder, cube, context, feature_sets, profile)
    table = read_table(
        folder / f"{design}.parquet",
        features=features,
        profile=profile.name,
        static=folder / "location.parquet",
    )
    model = fit_model(rng, table.X[table.valid])
    detector = Detector(
        model=model,
        features=features,
        feature_sets=feature_sets,
        profile=profile,
        aggregation=aggregation,
        design=design,
        threshold=0.5,
        screen=None,
        unknown=UnknownGround.of(model, features, fewest_dates=1, is_everywhere=False),
    )

    maps = detector.maps(cube, context)
    found = maps["probability"]

    expected = expected_map(model, table, aggregation)
    np.testing.assert_array_equal(found, expected)
    assert found.dtype == expected.dtype == np.float32
    assert len(np.unique(probability(model, table.X))) > 1
    if design == "location":
        against = model["disagreement"].disagreement(table.X, found.ravel() >= 0.5)
        against[~table.valid] = np.nan
        np.testing.assert_array_equal(maps["disagreement"].ravel(), against)
