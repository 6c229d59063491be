"""Labels from vector files: columns, CRS, repairs and error messages."""

import logging
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from minecover.core.errors import LabelError
from minecover.labels import (
    LabelFiles,
    label_table,
    quality,
    read_features,
    read_labels,
    write_labels,
)
from minecover.labels.vector_files import read_points

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

    assert table["label_id"].tolist() == ["e028001s01999", "pit"]
    assert table["kind"].tolist() == ["mine", "mine"]
    assert table["name"].tolist() == ["", "pit"]
    assert table["seen_from"].tolist() == ["2019-01-25", ""]
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

    with pytest.raises(LabelError, match="should hold polygons, found Point"):
        read(path)


def test_a_bow_tie_is_repaired_and_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = save(tmp_path / "mines.geojson", BOW_TIE, SQUARE, name=["bow", "square"])

    with caplog.at_level(logging.WARNING):
        table = read(path)

    assert table.geometry.is_valid.all()
    assert table.geometry.iloc[0].area == pytest.approx(SQUARE.area / 2)
    assert "repaired 1 invalid" in caplog.text


def test_a_polygon_without_area_is_refused(tmp_path: Path) -> None:
    path = save(tmp_path / "mines.geojson", SQUARE, SPIKE)

    with pytest.raises(LabelError, match="row 2 encloses no area"):
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


def test_columns_are_found_in_any_case_and_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = save(
        tmp_path / "mines.shp", SQUARE, NAME=["pit"], SEEN_FROM=["2019-12-31"], owner=["x"]
    )

    with caplog.at_level(logging.INFO):
        table = read(path)

    assert table["name"].tolist() == ["pit"]
    assert table["seen_from"].tolist() == ["2019-12-31"]
    assert "name from NAME, seen_from from SEEN_FROM; ignored: owner" in caplog.text


def test_the_time_span_of_kml_is_the_period(tmp_path: Path) -> None:
    ring = "28,-2,0 28.01,-2,0 28.01,-1.99,0 28,-2,0"
    path = tmp_path / "mines.kml"
    path.write_text(
        '<kml xmlns="http://www.opengis.net/kml/2.2"><Document><Placemark><name>pit</name>'
        "<TimeSpan><begin>2019-01-02</begin><end>2020-03-04T05:06:07Z</end></TimeSpan>"
        f"<Polygon><outerBoundaryIs><LinearRing><coordinates>{ring}</coordinates></LinearRing>"
        "</outerBoundaryIs></Polygon></Placemark></Document></kml>"
    )

    table = read(str(path))

    assert table[["name", "seen_from", "seen_to"]].values.tolist() == [
        ["pit", "2019-01-02", "2020-03-04"]
    ]


def test_text_of_dates_is_read_by_the_format_alone(tmp_path: Path) -> None:
    path = save(
        tmp_path / "mines.gpkg", SQUARE, seen_from=["03/04/2019"], seen_to=["25/12/2019"]
    )

    table = LabelFiles(path, None, (), date_format="%d/%m/%Y")()

    assert table[["seen_from", "seen_to"]].values.tolist() == [["2019-04-03", "2019-12-25"]]
    with pytest.raises(LabelError, match=r"row 1: .*labels\.date_format.*'%d/%m/%Y'"):
        read(path)


def test_years_are_whole_years(tmp_path: Path) -> None:
    path = save(tmp_path / "mines.gpkg", SQUARE, seen_from=[2018], seen_to=[2019])

    table = LabelFiles(path, None, (), date_format="%Y")()

    assert table[["seen_from", "seen_to"]].values.tolist() == [["2018-01-01", "2019-12-31"]]


def test_columns_of_dates_need_no_format(tmp_path: Path) -> None:
    path = save(tmp_path / "mines.gpkg", SQUARE, seen_from=pd.to_datetime(["2019-04-03 10:00"]))

    assert read(path)["seen_from"].tolist() == ["2019-04-03"]


def test_a_period_that_ends_before_it_begins_is_refused(tmp_path: Path) -> None:
    path = save(
        tmp_path / "mines.geojson",
        SQUARE,
        SQUARE,
        seen_from=["2019-01-01", "2019-12-31"],
        seen_to=[None, "2019-01-01"],
    )

    with pytest.raises(LabelError, match="row 2: seen_to lies before seen_from"):
        read(path)


def test_a_missing_outline_is_named_by_its_row(tmp_path: Path) -> None:
    path = save(tmp_path / "mines.gpkg", SQUARE, None)

    with pytest.raises(LabelError, match=r"1 features without geometry \(row 2\)"):
        read(path)


def test_an_outline_without_area_that_has_holes_is_refused_in_a_sentence(
    tmp_path: Path,
) -> None:
    """GEOS has no repair for it, and raises."""
    point, hole = (28.0, -2.0), ((28.1, -2.1), (28.2, -2.1), (28.2, -2.2), (28.1, -2.1))
    shape = shapely.Polygon([point] * 4, [hole])
    path = save(tmp_path / "mines.gpkg", SQUARE, shape)

    with pytest.raises(LabelError, match="row 2 encloses no area"):
        read(path)
    features = read_features(Path(path), longitude="", latitude="")
    assert sum(quality(features, points=None, provinces=None).invalid.values()) == 1


def test_a_multipolygon_of_one_part_is_the_label_of_its_part(tmp_path: Path) -> None:
    square = shapely.box(28.0, -2.0, 28.001, -1.999)
    one = save(tmp_path / "one.gpkg", square, name=["a"])
    multi = save(tmp_path / "multi.gpkg", shapely.MultiPolygon([square]), name=["a"])

    pd.testing.assert_frame_equal(read(one), read(multi))


def test_parts_that_lie_apart_are_mines_of_their_own(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    parts = [shapely.box(28 + i, -2, 28.004 + i, -1.996) for i in range(3)]
    path = save(tmp_path / "mines.gpkg", shapely.MultiPolygon(parts), name=["all"])

    with caplog.at_level(logging.INFO):
        table = read(path)

    assert table["name"].tolist() == ["all"] * 3
    assert shapely.equals(table.geometry.to_numpy(), parts).all()
    assert "parts of row 1 lie apart" in caplog.text


def test_another_order_of_rows_gives_the_same_table(tmp_path: Path) -> None:
    boxes = [shapely.box(28 + i, -2, 28.004 + i, -1.996) for i in range(3)]

    one = read(save(tmp_path / "a.gpkg", *boxes, name=["a", None, "c"]))
    other = read(save(tmp_path / "b.gpkg", *boxes[::-1], name=["c", None, "a"]))

    assert one.equals(other)


def test_outlines_and_points_of_one_name_have_ids_of_their_own(tmp_path: Path) -> None:
    outlines = save(tmp_path / "mines.gpkg", SQUARE, name=["pit"])
    points = save(tmp_path / "points.gpkg", shapely.Point(28, -2), name=["pit"])

    assert LabelFiles(outlines, points, ())()["label_id"].tolist() == ["pit", "point-pit"]


def test_a_date_of_a_reader_must_be_iso() -> None:
    table = gpd.GeoDataFrame(
        {"label_id": ["a"], "kind": "mine", "name": "", "seen_from": "2019", "seen_to": ""},
        geometry=[SQUARE],
        crs="EPSG:4326",
    )

    with pytest.raises(LabelError, match="seen_from of a label must be a day.*'2019'"):
        label_table(table)


def test_points_of_a_table_are_read_as_the_check_reads_them(tmp_path: Path) -> None:
    outlines = save(tmp_path / "mines.gpkg", SQUARE, name=["a"])
    path = tmp_path / "visits.csv"
    path.write_text("Longitude,LATITUDE,name\n28.8,-2.5,x\n28.9,-2.5,y\n")

    table = LabelFiles(polygons=outlines, points=str(path), ignored=())()

    assert table["label_id"].tolist() == ["a", "point-x", "point-y"]
    assert table.geometry.iloc[1].equals(shapely.Point(28.8, -2.5))


def test_a_table_of_points_without_coordinates_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "visits.csv"
    path.write_text("x,y,name\n28.8,-2.5,x\n")

    with pytest.raises(LabelError, match="has no column longitude, latitude .*Rename"):
        read_points(path)


def test_outlines_and_points_of_one_file_have_layers_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "all.gpkg"
    for layer, shape in (
        ("mines", SQUARE),
        ("concessions", SQUARE),
        ("visits", shapely.Point(28, -2)),
        ("camps", shapely.Point(28.1, -2)),
    ):
        gpd.GeoDataFrame({"name": [layer]}, geometry=[shape], crs="EPSG:4326").to_file(
            path, layer=layer
        )

    def kinds(points_layer: str | None) -> list[str]:
        reader = LabelFiles(
            str(path), str(path), ignored=(), layer="mines", points_layer=points_layer
        )
        return sorted(reader()["name"])

    assert kinds(None) == ["camps", "mines", "visits"]
    assert kinds("visits") == ["mines", "visits"]


@pytest.mark.parametrize("day", ["2919-01-05", "0019-01-05", "1899-12-31"])
def test_years_in_which_nobody_saw_a_mine_are_refused(tmp_path: Path, day: str) -> None:
    path = save(tmp_path / "mines.gpkg", SQUARE, name=["a"], seen_from=[day])

    with pytest.raises(LabelError, match=f"row 1: seen_from is '{day}'.*years are taken from"):
        read(path)


@pytest.mark.parametrize(
    ("shape", "what"),
    [
        pytest.param(shapely.box(-0.001, -0.001, 0.001, 0.001), "longitude 0", id="no fix"),
        pytest.param(shapely.box(20, -5, 25, 0), "larger than 20,000 ha", id="a province"),
        pytest.param(shapely.box(28, -2, 28.00001, -1.99999), "smaller than 3 m2", id="a slip"),
    ],
)
def test_what_is_hardly_a_mine_is_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, shape: shapely.Geometry, what: str
) -> None:
    read(save(tmp_path / "mines.gpkg", SQUARE, shape, name=["a", "b"]))

    [said] = [one.message for one in caplog.records if one.levelname == "WARNING"]
    assert "row 2" in said
    assert what in said
