"""The whole pipeline at 10 m: simulated Sentinel-2, from scenes to scored maps."""

import json

import numpy as np
import pandas as pd
import pytest
import rasterio
from conftest import Checkout, make_checkout

from minecover.core.raster import read_cube


@pytest.fixture(scope="module")
def ten_metres(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """Build three sites of 3 km with two dates."""
    checkout = make_checkout(
        tmp_path_factory.mktemp("sentinel_2"),
        "experiment=sentinel2",
        "world.n_sites=3",
        "world.n_dates=2",
        "world.parameters.calendar.dates_spread=0",
        "folds.n=3",
        "context=none",
        "model.n_estimators=20",
        "metrics.bootstrap.replicates=20",
    )
    checkout.must("dvc", "repro")
    return checkout


def test_scenes_are_sentinel_2_at_10_m(ten_metres: Checkout) -> None:
    cube = read_cube(ten_metres.root / "data/scenes/sim0000.tif")

    assert cube.qa_layout == "s2"
    assert cube.grid.pixel_m == (10.0, 10.0)
    assert cube.core(cube.qa).shape == (2, 300, 300)
    assert {"rededge071", "nir08"} < set(cube.bands)
    assert "lwir11" not in cube.bands


def test_labels_and_truth_are_burnt_at_10_m(ten_metres: Checkout) -> None:
    edges = set()
    for path in sorted((ten_metres.root / "data/masks").glob("*.tif")):
        with rasterio.open(path) as image:
            assert image.shape == (300, 300)
            truth = image.read(list(image.descriptions).index("truth") + 1)
            label = image.read(1)
        assert (label == 1).any()
        assert (truth == 1).any()
        edges |= {int(col) % 3 for col in np.nonzero(np.diff(label.astype(int), axis=1))[1]}

    # Outlines turn at every pixel of 10 m, not at every third alone.
    assert edges == {0, 1, 2}


def test_the_model_is_scored_and_says_its_pixels(ten_metres: Checkout) -> None:
    card = json.loads((ten_metres.root / "models/model.json").read_text())
    metrics = json.loads((ten_metres.root / "reports/metrics.json").read_text())
    rows = pd.read_parquet(ten_metres.root / "data/out_of_fold.parquet")

    assert card["lattice"]["pixel_m"] == 10
    assert card["platforms"] == ["sentinel-2a", "sentinel-2b"]
    assert metrics["count"]["locations"] == 3 * 300 * 300
    assert not rows.empty


def test_every_site_is_mapped_at_10_m(ten_metres: Checkout) -> None:
    maps = sorted((ten_metres.root / "data/predictions").glob("*.tif"))

    assert maps
    for path in maps:
        with rasterio.open(path) as image:
            assert image.res == (10.0, 10.0)
