"""Small archives of the proof of concept: reading, error messages and writing."""

import json
import sys
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from affine import Affine
from numpy.typing import NDArray

from minecover.core.errors import ConfigError, NotCoveredError, SceneError, SiteError
from minecover.core.grid import Grid
from minecover.core.sites import Site
from minecover.labels.burning import label_cube
from minecover.sources.poc_archive import (
    LANDSAT8,
    MASK,
    WATER,
    Archive,
    ArchiveArray,
    ArchiveScenes,
)
from minecover.sources.poc_archive_writer import (
    INFERENCE,
    INFERENCE_TIMEAGG,
    prediction_arrays,
    write_arrays,
)
from minecover.sources.poc_ground import ArchiveLabels, ArchiveSites, ArchiveWater

bcolz = pytest.importorskip("bcolz", reason="the extra `archive` has no wheel for this Python")

PIXEL = 0.0002694934
#: Rows run south from 1.5 S, columns east from 28.5 E: 3 rows, 4 columns.
GRID = Grid("EPSG:4326", Affine(PIXEL, 0, 28.5, 0, -PIXEL, -1.5), (3, 4))
SITE = Site("cod1", "cod1", GRID, 0)
CLEAR, CLOUDY = 20480, 53248
DRAWN_MASK = [".##.", "..#.", "#..."]


def about(shape: tuple[int, ...], **more: object) -> dict[str, object]:
    rows, cols = shape[:2]
    corner = [round(28.5 + cols * PIXEL, 10), round(-1.5 - rows * PIXEL, 10)]
    return {
        "projection": "WGS 84",
        "top_left": [28.5, -1.5],
        "bottom_right": corner,
        "pixel_size": [PIXEL, -PIXEL],
        **more,
    }


def mask_of(drawing: list[str]) -> NDArray[np.uint8]:
    return np.array([[mark == "#" for mark in line] for line in drawing], np.uint8)


def scenes(**more: object) -> tuple[ArchiveArray, NDArray[np.float32]]:
    """Return two bands and the quality band on three dates: (100 row + 10 col + date) / 100."""
    row, col, _, day = np.indices((3, 4, 3, 3))
    image = ((100 * row + 10 * col + day) / 100).astype(np.float32)
    image[:, :, 1] += 5
    image[:, :, 2] = CLEAR
    image[0, 3, 2, 0] = CLOUDY
    image[1, 1, 0, 1] = -np.inf
    notes = {"bands": ["B4", "B5", "BQA"], "dates": ["20161015", "20161116", "20161218"]}
    return ArchiveArray("cod1", LANDSAT8, about(image.shape, **{**notes, **more})), image


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Write an archive of one location with scenes, mask and distance to water."""
    water = np.arange(12, dtype=np.float32).reshape(3, 4) * 30
    write_arrays(
        tmp_path,
        [
            scenes(),
            (ArchiveArray("cod1", MASK, about((3, 4))), mask_of(DRAWN_MASK)),
            (ArchiveArray("cod1", WATER, about((3, 4))), water),
        ],
    )
    return tmp_path


def source(folder: Path, *bands: str, drop_last_date: bool = False) -> ArchiveScenes:
    return ArchiveScenes(Archive(str(folder)), bands or ("red", "nir08"), drop_last_date)


def test_the_first_axis_runs_south_and_the_second_east(folder: Path) -> None:
    cube = source(folder).scenes(SITE)

    np.testing.assert_array_equal(
        cube.values("red")[2, 0],
        np.array([[0.02, 0.12, 0.22, 0.32], [1.02, 1.12, 1.22, 1.32], [2.02, 2.12, 2.22, 2.32]],
                 np.float32),
    )  # fmt: skip
    assert cube.grid == GRID
    assert cube.dates == (date(2016, 10, 15), date(2016, 11, 16), date(2016, 12, 18))
    assert cube.dn.dtype == np.float32
    assert (cube.bands, cube.qa_layout) == (("red", "nir08"), "pre")


def test_minus_infinity_is_no_data(folder: Path) -> None:
    values = source(folder).scenes(SITE).values("red")

    assert np.argwhere(np.isnan(values)).tolist() == [[1, 0, 1, 1]]


def test_quality_bits_are_unchanged(folder: Path) -> None:
    qa = source(folder).scenes(SITE).qa

    assert np.argwhere(qa == CLOUDY).tolist() == [[0, 0, 3]]
    assert (qa == CLEAR).sum() == qa.size - 1


def test_quality_without_a_value_is_fill(tmp_path: Path) -> None:
    stored, image = scenes()
    image[2, 2, 2, 1] = np.nan
    write_arrays(tmp_path, [(stored, image)])

    qa = source(tmp_path).scenes(SITE).qa

    assert qa[1, 2, 2] == 1


def test_the_last_date_can_be_dropped(folder: Path) -> None:
    cube = source(folder, drop_last_date=True).scenes(SITE)

    assert cube.dates == (date(2016, 10, 15), date(2016, 11, 16))


def test_bands_have_the_requested_order(folder: Path) -> None:
    cube = source(folder, "nir08", "red").scenes(SITE)

    assert cube.dn[0, :, 0, 0].tolist() == [5.0, 0.0]


def test_dates_out_of_order_are_sorted(tmp_path: Path) -> None:
    write_arrays(tmp_path, [scenes(dates=["20161218", "20161015", "20161116"])])

    cube = source(tmp_path, drop_last_date=True).scenes(SITE)

    assert [day.month for day in cube.dates] == [10, 11]
    assert cube.values("red")[:, 0, 0, 0].tolist() == pytest.approx([0.01, 0.02])


@pytest.mark.parametrize(
    ("more", "said"),
    [
        pytest.param(
            {"dates": ["20161015", "20161015", "20161218"]}, "without repetition", id="twice"
        ),
        pytest.param({"dates": ["20161015"]}, "one plane per date", id="too few dates"),
        pytest.param({"dates": None}, "no valid dates of cod1/landsat8", id="no dates"),
        pytest.param({"bands": ["B4", "B6", "BQA"]}, "no band B5", id="no such band"),
        pytest.param({"bottom_right": [28.6, -1.6]}, "371 x 371", id="another size"),
        pytest.param({"pixel_size": [PIXEL, PIXEL]}, "north up", id="south up"),
    ],
)
def test_metadata_that_does_not_fit_is_refused(
    tmp_path: Path, more: dict[str, object], said: str
) -> None:
    write_arrays(tmp_path, [scenes(**more)])

    with pytest.raises(SceneError, match=said):
        source(tmp_path).scenes(SITE)


def test_an_unknown_location_is_not_covered(folder: Path) -> None:
    with pytest.raises(NotCoveredError, match="no location cod9"):
        source(folder).scenes(Site("cod9", "", GRID, 0))


def test_another_grid_is_refused(folder: Path) -> None:
    utm = Grid.around("EPSG:32635", 700_000, -165_000, size_px=2)

    with pytest.raises(SceneError, match="sites=poc_archive"):
        source(folder).scenes(Site("cod1", "", utm, 0))


def test_a_missing_archive_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SceneError, match=r"source\.input"):
        source(tmp_path).scenes(SITE)


def test_a_missing_array_is_named(folder: Path) -> None:
    (folder / "cod1" / LANDSAT8).rename(folder / "elsewhere")

    with pytest.raises(SceneError, match="cod1/landsat8 is missing"):
        source(folder).scenes(SITE)


def test_without_bcolz_the_error_names_the_extra(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "bcolz", None)

    with pytest.raises(ConfigError, match=r"pip install 'minecover\[archive\]'"):
        source(folder).scenes(SITE)


def test_sites_have_the_pixels_of_their_location(folder: Path) -> None:
    (site,) = ArchiveSites(Archive(str(folder)), size_px=3)(None)

    assert site == Site("cod1", "", GRID.cut(0, 0, 3, 3), 0)
    assert source(folder).scenes(site).dn.shape == (3, 2, 3, 3)


def test_a_location_smaller_than_its_site_is_refused(folder: Path) -> None:
    with pytest.raises(SiteError, match="3 x 4 pixels"):
        ArchiveSites(Archive(str(folder)), size_px=4)(None)


def burned(folder: Path) -> NDArray[np.int8]:
    labels = ArchiveLabels(Archive(str(folder)))()
    label, _ = label_cube(labels, GRID, [date(2017, 1, 1)], ignore_ring_m=0)
    plane: NDArray[np.int8] = label[0]
    return plane


def test_rasterised_outlines_equal_the_mask(folder: Path) -> None:
    np.testing.assert_array_equal(burned(folder), mask_of(DRAWN_MASK))


def test_every_object_of_a_mask_is_a_mine(folder: Path) -> None:
    labels = ArchiveLabels(Archive(str(folder)))()

    assert labels["label_id"].tolist() == ["cod1-mine0", "cod1-mine1"]
    assert set(labels["kind"]) == {"mine"}


def test_water_is_known_on_the_location_only(folder: Path) -> None:
    plane = ArchiveWater(Archive(str(folder)))(GRID.grown(1).cut(0, 0, 3, 6))

    nan = np.nan
    np.testing.assert_array_equal(
        plane,
        np.array([[nan] * 6, [nan, 0, 30, 60, 90, nan], [nan, 120, 150, 180, 210, nan]],
                 np.float32),
    )  # fmt: skip


def test_water_is_unknown_elsewhere(folder: Path) -> None:
    utm = Grid.around("EPSG:32635", 689_000, -165_900, size_px=2)

    assert np.isnan(ArchiveWater(Archive(str(folder)))(utm)).all()


def test_predictions_are_added_to_the_archive(folder: Path) -> None:
    stored, _ = scenes()
    by_date = np.linspace(0, 1, 24, dtype=np.float32).reshape(2, 3, 4)
    by_date[0, 0, 0] = np.nan

    write_arrays(
        folder, prediction_arrays(stored, ["2016-10-15", "2016-11-16"], by_date, by_date[1])
    )

    table = json.loads((folder / "metadata.json").read_text())
    assert list(table) == ["location_id", "source_id", "metadata"]
    assert list(table["source_id"].values()) == [
        LANDSAT8, MASK, WATER, INFERENCE, INFERENCE_TIMEAGG,
    ]  # fmt: skip
    assert table["metadata"]["3"]["dates"] == ["20161015", "20161116"]
    assert table["metadata"]["3"]["metadata"] == table["metadata"]["0"]
    np.testing.assert_array_equal(bcolz.open(str(folder / "cod1" / INFERENCE))[:], by_date)
    np.testing.assert_array_equal(
        bcolz.open(str(folder / "cod1" / INFERENCE_TIMEAGG))[:], by_date[1]
    )


def test_writing_again_replaces(folder: Path) -> None:
    write_arrays(
        folder, [(ArchiveArray("cod1", MASK, about((3, 4))), np.ones((3, 4), np.uint8))]
    )

    assert burned(folder).all()
    assert len(json.loads((folder / "metadata.json").read_text())["source_id"]) == 3
    assert sorted(path.name for path in (folder / "cod1").iterdir()) == [LANDSAT8, MASK, WATER]
