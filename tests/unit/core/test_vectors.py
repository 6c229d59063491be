"""Vector files: all layers, the right geometry, and coordinates that can be."""

import json
import logging
import zipfile
from datetime import datetime
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from minecover.core.errors import LabelError
from minecover.core.valid_shapes import made_valid
from minecover.core.vector_checks import VectorFileKind
from minecover.core.vectors import (
    POINTS,
    POLYGONS,
    in_degrees,
    read_polygons,
    read_vector,
)

KIND = VectorFileKind(LabelError, "label file", "Correct labels.input.", "labels.layer")
SQUARE = shapely.box(28.0, -2.0, 28.001, -1.999)
RING = "28,-2,0 28.01,-2,0 28.01,-1.99,0 28,-2,0"
POLYGON = (
    f"<Polygon><outerBoundaryIs><LinearRing><coordinates>{RING}</coordinates></LinearRing>"
    "</outerBoundaryIs></Polygon>"
)


def save(
    path: Path,
    *shapes: shapely.Geometry,
    crs: str | None = "EPSG:4326",
    layer: str | None = None,
    **columns: object,
) -> Path:
    how = {"layer": layer} if layer else {}
    gpd.GeoDataFrame(columns, geometry=list(shapes), crs=crs).to_file(path, **how)
    return path


def two_layers(folder: Path) -> Path:
    """Two layers of polygons, one of points."""
    path = folder / "mines.gpkg"
    save(path, SQUARE, layer="artisanal", name=["a"])
    save(path, SQUARE, SQUARE, layer="industrial", name=["b", "c"])
    return save(path, shapely.Point(28, -2), layer="pins", name=["p"])


def kml(path: Path, *folders: str) -> Path:
    inside = "".join(f"<Folder><name>F{i}</name>{f}</Folder>" for i, f in enumerate(folders))
    path.write_text(
        f'<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{inside}</Document></kml>'
    )
    return path


def test_all_layers_of_the_right_geometry_are_read_and_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        frame = read_vector(two_layers(tmp_path), KIND, types=POLYGONS)

    assert frame["name"].tolist() == ["a", "b", "c"]
    assert frame.index.tolist() == [
        "1 of layer artisanal",
        "1 of layer industrial",
        "2 of layer industrial",
    ]
    assert "artisanal (1 features), industrial (2 features); left out: pins" in caplog.text


@pytest.mark.parametrize(
    ("types", "layer", "names"),
    [(POLYGONS, "industrial", ["b", "c"]), (POINTS, None, ["p"]), ((), "pins", ["p"])],
)
def test_a_layer_can_be_chosen(
    tmp_path: Path, types: tuple[str, ...], layer: str | None, names: list[str]
) -> None:
    frame = read_vector(two_layers(tmp_path), KIND, types=types, layer=layer)

    assert frame["name"].tolist() == names


def test_a_layer_that_does_not_exist_is_named_with_those_that_do(tmp_path: Path) -> None:
    with pytest.raises(LabelError, match=r"'x'.*artisanal, industrial, pins.*labels\.layer"):
        read_vector(two_layers(tmp_path), KIND, layer="x")


def test_layers_of_two_crs_are_read_in_that_of_the_first(tmp_path: Path) -> None:
    local = gpd.GeoSeries([SQUARE], crs="EPSG:4326").to_crs("EPSG:32735").iloc[0]
    save(tmp_path / "m.gpkg", SQUARE, layer="a")
    path = save(tmp_path / "m.gpkg", local, layer="b", crs="EPSG:32735")

    frame = read_vector(path, KIND)

    assert frame.crs == "EPSG:4326"
    assert frame.geometry.iloc[1].symmetric_difference(SQUARE).area < 1e-12


def test_the_polygons_of_all_folders_and_collections_of_kml_are_read(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pin = "<Point><coordinates>28,-2,0</coordinates></Point>"
    path = kml(
        tmp_path / "m.kml",
        f"<Placemark><name>a</name>{POLYGON}</Placemark>",
        f"<Placemark><name>b</name><MultiGeometry>{POLYGON}{pin}</MultiGeometry></Placemark>",
    )

    frame = read_vector(path, KIND, types=POLYGONS)

    assert frame["Name"].tolist() == ["a", "b"]
    assert frame.geom_type.tolist() == ["Polygon", "Polygon"]
    assert not frame.has_z.any()
    assert "row 1: left out Point of a collection" in caplog.text


def test_a_year_in_a_time_span_is_not_lost(tmp_path: Path) -> None:
    span = "<TimeSpan><begin>2019-01-02</begin><end>2020</end></TimeSpan>"
    path = kml(tmp_path / "m.kml", f"<Placemark>{span}{POLYGON}</Placemark>")

    with pytest.raises(LabelError, match="the end of a TimeSpan is '2020'"):
        read_vector(path, KIND)


def test_text_of_geojson_stays_text(tmp_path: Path) -> None:
    path = tmp_path / "m.geojson"
    point = {"type": "Point", "coordinates": [28, -2]}
    feature = {"type": "Feature", "properties": {"day": "05-06-19"}, "geometry": point}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))

    assert read_vector(path, KIND)["day"].tolist() == ["05-06-19"]


def metres(path: Path) -> Path:
    ring = [[592000, -2227000], [592500, -2227000], [592500, -2226500], [592000, -2227000]]
    path.write_text(json.dumps({"type": "Polygon", "coordinates": [ring]}))
    return path


@pytest.mark.parametrize(
    ("shapes", "crs", "message"),
    [
        pytest.param([SQUARE], "EPSG:32735", "metres .* as degrees do", id="degrees in UTM"),
        pytest.param([SQUARE], None, "no coordinate reference system", id="no CRS"),
        pytest.param(
            [SQUARE, shapely.box(180, -2, 180.01, -1.99)],
            "EPSG:4326",
            "row 2: .* beyond 180.*RFC 7946",
            id="beyond 180",
        ),
        pytest.param(
            [SQUARE, shapely.Point(28, -2), shapely.Point(29, -2)],
            "EPSG:4326",
            "should hold polygons, found Point in rows 2, 3",
            id="pins among polygons",
        ),
        pytest.param(
            [shapely.Point(1e300, 0)], "EPSG:32735", "row 1 lies outside", id="off the earth"
        ),
    ],
)
@pytest.mark.filterwarnings("ignore:'crs' was not provided")
def test_coordinates_that_cannot_be_are_refused(
    tmp_path: Path, shapes: list[shapely.Geometry], crs: str | None, message: str
) -> None:
    path = save(tmp_path / "m.gpkg", *shapes, crs=crs)
    types = POINTS if shapes[0].geom_type == "Point" else POLYGONS

    with pytest.raises(LabelError, match=message):
        read_vector(path, KIND, types=types)


def test_metres_in_a_file_of_degrees_are_refused(tmp_path: Path) -> None:
    with pytest.raises(LabelError, match="degrees, but row 1 lies at longitude 592000"):
        read_vector(metres(tmp_path / "m.geojson"), KIND)


def test_infinite_coordinates_are_refused(tmp_path: Path) -> None:
    endless = shapely.Polygon([(28, -2), (float("inf"), -2), (28, -1)])
    path = save(tmp_path / "m.gpkg", SQUARE, endless)

    with pytest.raises(LabelError, match="row 2 has coordinates that are not finite"):
        read_vector(path, KIND)


def test_changes_that_are_not_stored_are_refused(tmp_path: Path) -> None:
    path = save(tmp_path / "m.gpkg", SQUARE)
    (tmp_path / "m.gpkg-wal").write_bytes(b"changes")

    with pytest.raises(LabelError, match="m.gpkg-wal holds changes"):
        read_vector(path, KIND)


def test_a_folder_is_not_a_file(tmp_path: Path) -> None:
    save(tmp_path / "m.gpkg", SQUARE)

    with pytest.raises(LabelError, match=r"is a folder \(it holds m.gpkg\)"):
        read_vector(tmp_path, KIND)


def test_outlines_across_the_antimeridian_are_cut_and_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    across = gpd.GeoSeries([shapely.box(179.99, -17, 180.01, -16.99)], crs="EPSG:4326")
    path = save(tmp_path / "m.gpkg", across.to_crs("EPSG:3832").iloc[0], crs="EPSG:3832")

    frame = in_degrees(read_vector(path, KIND), path, KIND)

    assert frame.geometry.iloc[0].area == pytest.approx(0.02 * 0.01, rel=1e-3)
    assert "row 1" in caplog.text


def test_an_area_is_the_union_of_all_layers(tmp_path: Path) -> None:
    save(tmp_path / "a.gpkg", shapely.box(28, -2, 29, -1), layer="north")
    path = save(tmp_path / "a.gpkg", shapely.box(28, -3, 29, -2), layer="south")

    assert read_polygons(path, KIND).equals(shapely.box(28, -3, 29, -1))


def test_what_the_reader_warns_of_is_a_line_of_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """GDAL warns of a GeoPackage that is called otherwise, twice and over three lines."""
    path = save(tmp_path / "mines.gpkg", SQUARE).rename(tmp_path / "mines.txt")

    read_vector(path, KIND, types=POLYGONS)

    assert len([one for one in caplog.messages if "non conformant file extension" in one]) == 2
    assert all(one.startswith(f"{path}: ") and "\n" not in one for one in caplog.messages)


OUTER, INNER = shapely.box(28.0, -2.0, 28.4, -1.6), shapely.box(28.1, -1.9, 28.2, -1.8)


@pytest.mark.parametrize(
    ("parts", "area"),
    [
        pytest.param([OUTER, INNER], OUTER.area, id="one inside the other"),
        pytest.param([OUTER, OUTER], OUTER.area, id="one twice"),
        pytest.param([OUTER, shapely.box(28.2, -2, 28.6, -1.6)], 1.5 * OUTER.area, id="half"),
    ],
)
def test_parts_that_overlap_are_joined(parts: list[shapely.Polygon], area: float) -> None:
    """By the rule of even and odd crossings, a part inside another would be a hole."""
    [repaired] = made_valid(np.array([shapely.MultiPolygon(parts)], object))

    assert repaired.is_valid
    assert repaired.area == pytest.approx(area)


def test_a_ring_that_geos_does_not_take_is_refused_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "mines.geojson"
    geometry = {"type": "Polygon", "coordinates": [[[28.0, -2.0], [28.0, -2.0]]]}
    feature = {"type": "Feature", "properties": {}, "geometry": geometry}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))

    with pytest.raises(LabelError, match=r"mines\.geojson cannot be read: .*LinearRing"):
        read_vector(path, KIND)


def test_a_shape_without_a_vertex_raises_no_warning(tmp_path: Path) -> None:
    """Warnings are errors here; whether it may be so is for the reader's caller to say."""
    path = save(tmp_path / "mines.gpkg", SQUARE, shapely.Polygon())

    assert read_vector(path, KIND, types=POLYGONS).geometry.is_empty.tolist() == [False, True]


def test_a_path_that_reads_as_one_of_an_archive_is_refused(tmp_path: Path) -> None:
    path = save(tmp_path / "mines.gpkg", SQUARE).rename(tmp_path / "mines!.gpkg")

    with pytest.raises(LabelError, match="Rename the file"):
        read_vector(path, KIND)


@pytest.mark.parametrize(
    ("name", "begin", "indent"),
    [
        pytest.param("mines.geojsonl", "", None, id="a feature a line"),
        pytest.param("mines.geojsons", "\x1e", 2, id="features after separators"),
    ],
)
def test_days_of_features_in_lines_stay_text(
    tmp_path: Path, name: str, begin: str, indent: int | None
) -> None:
    path = tmp_path / name
    features = [
        {
            "type": "Feature",
            "properties": {"seen_from": day},
            "geometry": shapely.geometry.mapping(SQUARE),
        }
        for day in ("05-06-19", "12-06-19")
    ]
    path.write_text("".join(f"{begin}{json.dumps(f, indent=indent)}\n" for f in features))

    found = read_vector(path, KIND, types=POLYGONS)

    assert found["seen_from"].tolist() == ["05-06-19", "12-06-19"]


def test_each_day_is_one_of_its_own_time_zone(tmp_path: Path) -> None:
    times = ["2019-01-31T23:30:00-02:00", "2019-03-31T23:30:00-03:00"]
    path = save(
        tmp_path / "mines.fgb",
        SQUARE,
        SQUARE,
        seen_from=pd.Series([datetime.fromisoformat(one) for one in times], dtype=object),
    )

    found = read_vector(path, KIND, types=POLYGONS)

    assert {one.date().isoformat() for one in found["seen_from"]} == {
        "2019-01-31",
        "2019-03-31",
    }


def test_an_archive_of_several_kml_files_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mines.kmz"
    text = kml(tmp_path / "a.kml", f"<Placemark>{POLYGON}</Placemark>").read_text()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("doc.kml", text)
        archive.writestr("files/more.kml", text)

    with pytest.raises(LabelError, match=r"holds 2 KML files \(doc.kml, files/more.kml\)"):
        read_vector(path, KIND, types=POLYGONS)


@pytest.mark.parametrize("name", ["mines.kml", "mines.kmz"])
def test_a_link_to_other_places_is_refused(tmp_path: Path, name: str) -> None:
    link = "<NetworkLink><Link><href>more.kml</href></Link></NetworkLink>"
    path = kml(tmp_path / "mines.kml", f"<Placemark>{POLYGON}</Placemark>", link)
    if name.endswith("kmz"):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.write(path, "doc.kml")

    with pytest.raises(LabelError, match="links to other files"):
        read_vector(tmp_path / name, KIND, types=POLYGONS)


def test_text_of_another_encoding_is_named(tmp_path: Path) -> None:
    path = save(tmp_path / "mines.shp", SQUARE, name=["Bisie"])
    table = tmp_path / "mines.dbf"
    table.write_bytes(table.read_bytes().replace(b"Bisie", b"Bisi\xe9"))

    with pytest.raises(LabelError, match=r"another encoding .*\.cpg"):
        read_vector(path, KIND, types=POLYGONS)
