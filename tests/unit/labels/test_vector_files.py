"""Labels from vector files: columns, CRS, repairs and error messages."""

import logging
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from minecover.core.errors import LabelError
from minecover.labels import LabelFiles, label_table, read_labels, write_labels

SQUARE = shapely.box(28.0, -2.0, 28.001, -1.999)
BOW_TIE = shapely.Polygon([(28, -2), (28.001, -1.999), (28.001, -2), (28, -1.999)])
# A ring that runs out and back encloses no area.
SPIKE = shapely.Polygon([(28, -2), (28.001, -2), (28, -2), (28, -2)])


def save(
    path: Path, *shapes: shapely.Geometry, crs: str = "EPSG:4326", **columns: object
) -> str:
    frame = gpd.GeoDataFrame(columns, geometry=list(shapes), crs=crs)
    frame.to_file(path)
    return str(path)


def read(polygons: str) -> gpd.GeoDataFrame:
    return LabelFiles(polygons=polygons, points=None, ignored=())()


def test_polygons_get_ids_kinds_and_dates(tmp_path: Path) -> None:
    path = save(
        tmp_path / "mines.geojson",
        SQUARE,
        SQUARE,
        name=["pit", None],
        seen_from=[None, "2019-01-25"],
    )

    table = read(path)

    assert table["label_id"].tolist() == ["mines-0", "mines-1"]
    assert table["kind"].tolist() == ["mine", "mine"]
    assert table["name"].tolist() == ["pit", ""]
    assert table["seen_from"].tolist() == ["", "2019-01-25"]
    assert table["seen_to"].tolist() == ["", ""]


def test_another_crs_becomes_longitude_and_latitude(tmp_path: Path) -> None:
    local = gpd.GeoSeries([SQUARE], crs="EPSG:4326").to_crs("EPSG:32635").iloc[0]
    path = save(tmp_path / "mines.gpkg", local, crs="EPSG:32635")

    table = read(path)

    assert table.crs == "EPSG:4326"
    assert table.geometry.iloc[0].symmetric_difference(SQUARE).area < 1e-12


def test_a_shapefile_without_prj_has_no_crs(tmp_path: Path) -> None:
    path = save(tmp_path / "mines.shp", SQUARE)
    (tmp_path / "mines.prj").unlink()

    with pytest.raises(
        LabelError, match=r"mines.shp has no coordinate reference system.*\.prj"
    ):
        read(path)


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mines.geojson"
    path.write_text('{"type": "FeatureCollection", "features": []}')

    with pytest.raises(LabelError, match="has no features"):
        read(str(path))


def test_a_missing_file_names_the_key(tmp_path: Path) -> None:
    with pytest.raises(LabelError, match="labels.reader.polygons"):
        read(str(tmp_path / "none.geojson"))


def test_text_is_not_a_vector_file(tmp_path: Path) -> None:
    path = tmp_path / "mines.geojson"
    path.write_text("these are not mines")

    with pytest.raises(LabelError, match="not a vector file"):
        read(str(path))


def test_points_are_not_outlines(tmp_path: Path) -> None:
    path = save(tmp_path / "mines.geojson", shapely.Point(28, -2))

    with pytest.raises(LabelError, match="should hold Polygon or MultiPolygon.*found Point"):
        read(path)


def test_a_bow_tie_is_repaired_and_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = save(tmp_path / "mines.geojson", BOW_TIE, SQUARE)

    with caplog.at_level(logging.WARNING):
        table = read(path)

    assert table.geometry.is_valid.all()
    assert table.geometry.iloc[0].area == pytest.approx(SQUARE.area / 2)
    assert "repaired 1 invalid" in caplog.text


def test_a_polygon_without_area_is_refused(tmp_path: Path) -> None:
    path = save(tmp_path / "mines.geojson", SQUARE, SPIKE)

    with pytest.raises(LabelError, match="feature 1, .*encloses no area"):
        read(path)


def test_a_value_that_is_not_a_date_is_refused(tmp_path: Path) -> None:
    path = save(tmp_path / "mines.geojson", SQUARE, seen_from=["in spring"])

    with pytest.raises(LabelError, match="seen_from should be a date"):
        read(path)


def test_writing_then_reading_changes_nothing(tmp_path: Path) -> None:
    table = read(save(tmp_path / "mines.geojson", SQUARE, name=["pit"]))

    write_labels(tmp_path / "labels.parquet", table)

    assert read_labels(tmp_path / "labels.parquet").equals(table)


def test_an_id_must_be_unique_within_a_kind() -> None:
    table = gpd.GeoDataFrame(
        {"label_id": ["a", "a"], "kind": "mine", "name": "", "seen_from": "", "seen_to": ""},
        geometry=[SQUARE, SQUARE],
        crs="EPSG:4326",
    )

    with pytest.raises(LabelError, match="'a' twice"):
        label_table(table)


def test_an_ignored_outline_has_kind_ignore(tmp_path: Path) -> None:
    path = save(tmp_path / "mines.geojson", SQUARE, SQUARE, name=["pit", "spill"])

    table = LabelFiles(polygons=path, points=None, ignored=("spill",))()

    assert dict(zip(table["name"], table["kind"], strict=True)) == {
        "pit": "mine",
        "spill": "ignore",
    }


def test_an_ignored_name_that_does_not_exist_is_named(tmp_path: Path) -> None:
    path = save(tmp_path / "mines.geojson", SQUARE, name=["pit"])

    with pytest.raises(LabelError, match="no outline named spil .*found: pit"):
        LabelFiles(polygons=path, points=None, ignored=("spil",))()
