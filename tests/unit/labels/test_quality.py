"""The quality of labels: counts, measures, the report and the command that prints it."""

import json
from pathlib import Path

import geopandas as gpd
import pytest
import shapely
from click.testing import CliRunner, Result

from minecover.cli import main
from minecover.core import paths
from minecover.core.config import composed
from minecover.labels import Quality, quality, quality_lines, read_labels
from minecover.pipeline.stages import labels as stage

#: A hundredth of a degree is 1.1 km here: 123 ha a square.
SIDE = 0.01
BOW_TIE = shapely.Polygon([(28, -2), (28.01, -1.99), (28.01, -2), (28, -1.99)])


def square(lon: float, lat: float) -> shapely.Polygon:
    return shapely.box(lon, lat, lon + SIDE, lat + SIDE)


def frame(*shapes: shapely.Geometry | None, **columns: object) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=list(shapes), crs="EPSG:4326")


def measured(*shapes: shapely.Geometry | None, **columns: object) -> Quality:
    return quality(frame(*shapes, **columns), points=None, provinces=None)


def test_areas_are_those_of_the_ellipsoid() -> None:
    found = measured(square(28, 0), square(28, 60))

    wanted = {"min": 62.1, "median": 92.6, "max": 123.1, "total": 185.2}
    assert found.area_ha == pytest.approx(wanted, abs=0.2)


def test_a_hole_is_no_area() -> None:
    ring = square(28, 0).difference(shapely.box(28.0025, 0.0025, 28.0075, 0.0075))

    assert measured(ring).area_ha["max"] == pytest.approx(0.75 * 123.1, abs=0.1)


def test_pairs_that_overlap_and_what_they_share() -> None:
    found = measured(square(28, 0), square(28.005, 0), square(28.02, 0))

    assert found.overlaps == 1
    assert found.overlap_ha == pytest.approx(123.1 / 2, abs=0.1)


def test_neighbours_that_only_touch_do_not_overlap() -> None:
    assert measured(square(28, 0), square(28 + SIDE, 0)).overlaps == 0


def test_the_same_outline_twice_is_a_duplicate() -> None:
    clockwise = square(28, 0).reverse()

    found = measured(square(28, 0), clockwise, square(29, 0))

    assert found.duplicates == 1


def test_empty_and_broken_geometries_are_counted_and_left_out() -> None:
    found = measured(None, shapely.Polygon(), BOW_TIE, square(29, 0))

    assert found.features == 4
    assert found.empty == 2
    assert found.invalid == {"Self-intersection": 1}
    assert found.types == {"Polygon": 2}
    assert found.area_ha["min"] == pytest.approx(123.1 / 2, abs=0.2)


def test_visits_to_one_site_are_one_point() -> None:
    here, there = shapely.Point(28, 0), shapely.Point(28, 0.02)

    found = measured(
        here,
        here,
        there,
        pcode=["a", "a", "b"],
        visit_date=["2009-01-01Z", "1/4/2013", None],
        mineral1=["Or", "Cassitrite", "Or"],
        mineral2=[None, "Or", None],
        province=["Ituri", "Ituri", None],
    )

    assert (found.features, found.sites, found.most_visits) == (3, 2, 2)
    assert found.duplicates == 0
    assert found.minerals == {"gold": 2, "cassiterite": 1}
    assert found.provinces == {"": 1, "Ituri": 1}
    assert found.neighbour_m["50%"] == pytest.approx(2211.5, abs=0.5)
    assert found.near_share == 1


def test_unreadable_dates_are_counted_not_refused() -> None:
    days = ["2009-01-01Z", "31/12/2009", None, "1/4/2013"]

    dates = measured(*[shapely.Point(28, i) for i in range(4)], visit_date=days).dates

    column = dates["visit_date"]
    assert (column.first, column.last) == ("2009-01-01", "2013-01-04")
    assert (column.missing, column.unreadable, column.example) == (1, 1, "31/12/2009")


def test_distance_to_the_nearest_feature() -> None:
    found = measured(*[shapely.Point(28, lat) for lat in (0, 0.01, 0.1, 1)])

    assert found.neighbour_m["5%"] == pytest.approx(1105.7, abs=1)
    assert found.near_share == 0.5


def test_one_feature_has_no_neighbour() -> None:
    found = measured(square(28, 0))

    assert found.neighbour_m == {}
    assert found.near_share is None


def test_points_and_outlines_without_each_other_are_counted() -> None:
    points = frame(
        shapely.Point(28.005, 0.005),  # inside the first
        shapely.Point(28.02, 0.005),  # 1.1 km east of it
        shapely.Point(28.5, 0),
    )

    found = quality(frame(square(28, 0), square(29, 0)), points=points, provinces=None)

    assert found.matching is not None
    assert found.matching.points == 3
    assert found.matching.points_without_polygon == 1
    assert found.matching.polygons_without_point == 1


def test_provinces_are_those_of_the_map_not_of_the_file() -> None:
    provinces = frame(shapely.box(27, -1, 28.5, 1), province=["West"])

    found = quality(
        frame(square(28, 0), square(29, 0), province=["North", "North"]),
        points=None,
        provinces=provinces,
    )

    assert found.provinces == {"": 1, "West": 1}


def test_the_report_has_one_line_per_measure() -> None:
    found = measured(
        square(28, 0), square(28.005, 0), None, seen_from=["2019-01-25", "soon", None]
    )

    report = quality_lines(found)

    assert report[0] == "features    3: 2 Polygon"
    assert report[2] == "geometry    1 empty, 0 invalid, 0 duplicates"
    assert "overlaps    1 pairs, 61.55 ha" in report
    assert (
        "seen_from   2019-01-25 ... 2019-01-25, 1 missing, 1 unreadable (such as 'soon')"
        in report
    )
    assert report[-1].endswith("100% within 3000")


def check(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["labels", "check", *map(str, arguments)])


@pytest.fixture
def files(tmp_path: Path) -> Path:
    frame(square(28, 0), square(29, 0)).to_file(tmp_path / "mines.geojson")
    frame(shapely.box(27, -1, 30, 1), NAME_1=["Ituri"]).to_file(tmp_path / "provinces.gpkg")
    (tmp_path / "visits.csv").write_text("pcode,longitude,latitude\na,28.005,0.005\nb,,\n")
    return tmp_path


def test_the_command_prints_a_report(files: Path) -> None:
    done = check(files / "mines.geojson", "--points", files / "visits.csv")

    assert done.exit_code == 0
    assert "features    2: 2 Polygon" in done.stdout
    assert "points      1: 0 without a polygon within 1500 m, 1 polygons" in done.stdout


def test_the_command_prints_json_for_scripts(files: Path) -> None:
    areas: list[str | Path] = [
        "--provinces",
        files / "provinces.gpkg",
        "--province-name",
        "NAME_1",
    ]

    found = json.loads(check(files / "visits.csv", *areas, "--json").stdout)

    assert found["features"] == 2
    assert found["empty"] == 1
    assert found["provinces"] == {"Ituri": 1}


def test_the_command_names_the_columns_that_there_are(files: Path) -> None:
    done = check(files / "mines.geojson", "--provinces", files / "provinces.gpkg")

    assert done.exit_code == 1
    assert "no column name (found: NAME_1)" in done.stderr


def test_the_command_refuses_what_the_build_refuses(tmp_path: Path) -> None:
    path = tmp_path / "mines.geojson"
    frame(square(28, 0), seen_from=["2019-12-31"], seen_to=["2019-01-01"]).to_file(path)

    done = check(path)

    assert done.exit_code == 1
    assert "features    1: 1 Polygon" in done.stdout
    assert "row 1: seen_to lies before seen_from" in done.stderr


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param("a,592000,-2227000,", "no row with a longitude", id="metres"),
        pytest.param("a,28,0,\nb,200,0,", "longitude and latitude in row 2", id="one row"),
        pytest.param("a,28,0,31/12/2009", "row 1, visit_date: '31/12/2009'", id="date"),
    ],
)
def test_the_command_refuses_visits_that_cannot_be(
    tmp_path: Path, content: str, message: str
) -> None:
    (tmp_path / "v.csv").write_text(f"pcode,longitude,latitude,visit_date\n{content}\n")

    done = check(tmp_path / "v.csv")

    assert done.exit_code == 1
    assert message in done.stderr


def test_the_command_reads_dates_by_a_format_and_one_layer(tmp_path: Path) -> None:
    path = tmp_path / "mines.gpkg"
    frame(square(28, 0), SEEN_FROM=["25/01/2019"]).to_file(path, layer="a")
    frame(square(29, 0), square(30, 0)).to_file(path, layer="b")

    done = check(path, "--layer", "a", "--date-format", "%d/%m/%Y")

    assert done.exit_code == 0
    assert "features    1: 1 Polygon" in done.stdout
    assert "seen_from   2019-01-25 ... 2019-01-25" in done.stdout
    assert "extent      longitude 28 ... 28.01, latitude 0 ... 0.01" in done.stdout


def test_the_extent_at_180_degrees_is_small() -> None:
    assert measured(square(179.98, -17), square(-179.99, -17)).extent == [
        179.98, -17.0, -179.98, -16.99,
    ]  # fmt: skip


def test_the_stage_writes_the_quality_beside_the_labels(
    files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(files)
    conf = Path(__file__).parents[3] / "conf"

    stage.run(composed(["labels=files", "labels.input=mines.geojson"], conf=conf))

    assert len(read_labels(paths.LABELS)) == 2
    assert json.loads(stage.QUALITY.read_text())["sites"] == 2
