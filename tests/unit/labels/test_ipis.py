"""IPIS visits to mines: dates, keys and coordinates in the formats of exports."""

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from minecover.core.config import composed
from minecover.core.errors import ConfigError, LabelError
from minecover.labels import IpisLabels
from minecover.labels.ipis import mineral

HEADER = "vid,pcode,name,visit_date,longitude,latitude,province,mineral1"
VISITS = [
    "1,codmine00002,Eita,2009-01-01Z,28.70,0.32,Nord-Kivu,Or",
    "2,codmine00001,Eohe,2013-04-05Z,28.71,0.33,Nord-Kivu,Or",
    "3,codmine00001,Eohe (old),2009-01-01Z,28.72,0.34,Nord-Kivu,Or",
]


@cache
def shipped() -> IpisLabels:
    built = composed(["labels=ipis", "labels.input=visits.csv"]).build("labels.reader")
    assert isinstance(built, IpisLabels)
    return built


def reader(path: Path) -> IpisLabels:
    return replace(shipped(), visits=str(path))


def csv(folder: Path, *rows: str, header: str = HEADER, encoding: str = "utf-8") -> IpisLabels:
    path = folder / "visits.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding=encoding)
    return reader(path)


def test_each_site_is_one_point_of_its_latest_visit(tmp_path: Path) -> None:
    table = csv(tmp_path, *VISITS)()

    assert table["label_id"].tolist() == ["codmine00001", "codmine00002"]
    assert table["kind"].tolist() == ["point", "point"]
    assert table["name"].tolist() == ["Eohe", "Eita"]
    assert table.geometry.tolist() == [shapely.Point(28.71, 0.33), shapely.Point(28.70, 0.32)]
    assert table.crs == "EPSG:4326"


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        pytest.param("2009-01-01Z", "2013-04-05Z", id="as IPIS writes them"),
        pytest.param("12/31/2009", "1/4/2013", id="month first, no zeros"),
        pytest.param("2009/12/31", "2013/01/04", id="slashes, year first"),
        pytest.param("2009-12-31T00:00:00Z", "2013-01-04 8:30", id="with a time of day"),
        pytest.param("12/31/2009 0:00", "2013-01-04", id="two formats in one file"),
        pytest.param("", "2009-01-01Z", id="none is earlier than any"),
    ],
)
def test_dates_in_many_formats(tmp_path: Path, earlier: str, later: str) -> None:
    table = csv(
        tmp_path, f"1,a,new,{later},28,0,Ituri,Or", f"2,a,old,{earlier},28,0,Ituri,Or"
    )()

    assert table["name"].tolist() == ["new"]


def test_of_one_day_the_last_row_counts(tmp_path: Path) -> None:
    table = csv(
        tmp_path, "1,a,first,2009-01-01,28,0,Ituri,Or", "2,a,second,2009-01-01,29,0,Ituri,Or"
    )()

    assert table["name"].tolist() == ["second"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_accents_survive_the_encodings_of_spreadsheets(tmp_path: Path, encoding: str) -> None:
    table = csv(tmp_path, "1,a,Génie,2009-01-01,28,0,Ituri,Or", encoding=encoding)()

    assert table["name"].tolist() == ["Génie"]


def test_columns_may_be_separated_by_semicolons(tmp_path: Path) -> None:
    rows = [row.replace(",", ";") for row in (HEADER, *VISITS)]

    table = csv(tmp_path, *rows[1:], header=rows[0])()

    assert len(table) == 2


def test_a_response_of_a_wfs_is_read(tmp_path: Path) -> None:
    feature = {
        "type": "Feature",
        "id": "cod_mines_curated_all_opendata_p_ipis.1",
        "geometry_name": "the_geom",
        "geometry": {"type": "Point", "coordinates": [28.71, 0.33]},
        "properties": {"pcode": "codmine00001", "name": "Eohe", "visit_date": "2013-04-05Z"},
    }
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4326"}}
    response = {
        "type": "FeatureCollection",
        "totalFeatures": 1,
        "crs": crs,
        "features": [feature],
    }
    path = tmp_path / "visits.json"
    path.write_text(json.dumps(response))

    table = reader(path)()

    assert table["label_id"].tolist() == ["codmine00001"]
    assert table.geometry.tolist() == [shapely.Point(28.71, 0.33)]


def test_outlines_are_added_to_the_points(tmp_path: Path) -> None:
    outline = shapely.box(28.70, 0.32, 28.71, 0.33)
    mines = gpd.GeoDataFrame(geometry=[outline], crs="EPSG:4326")
    mines.to_file(tmp_path / "mines.gpkg")

    table = replace(csv(tmp_path, *VISITS), polygons=str(tmp_path / "mines.gpkg"))()

    assert table["kind"].tolist() == ["mine", "point", "point"]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        pytest.param(
            "1,a,x,2009-01-01,,0,Ituri,Or",
            r"1 visits without coordinates.*row 1, a, longitude nan",
            id="no longitude",
        ),
        pytest.param(
            '1,a,x,2009-01-01,"28,7",0,Ituri,Or',
            "a decimal comma",
            id="decimal comma",
        ),
        pytest.param(
            "1,a,x,2009-01-01,-2.5,28.7,Ituri,Or",
            r"labels\.reader\.area=\[12, -14, 32, 6\].*swapped",
            id="swapped",
        ),
        pytest.param("1,a,x,2009-01-01,0,0,Ituri,Or", "without coordinates", id="zeros"),
        pytest.param(
            "1,,x,2009-01-01,28,0,Ituri,Or", r"1 visits without pcode.*row 1", id="no key"
        ),
        pytest.param(
            "1,a,x,in 2009,28,0,Ituri,Or",
            r"row 1, visit_date: 'in 2009' is not a date.*labels\.reader\.date_formats",
            id="no date",
        ),
        pytest.param(
            "1,a,x,31/12/2009,28,0,Ituri,Or", "'31/12/2009' is not a date", id="day first"
        ),
    ],
)
def test_a_bad_row_is_named(tmp_path: Path, row: str, message: str) -> None:
    with pytest.raises(LabelError, match=message):
        csv(tmp_path, row)()


@pytest.mark.parametrize(
    ("header", "missing"),
    [
        pytest.param(HEADER.replace("pcode", "site"), "pcode", id="key"),
        pytest.param(HEADER.replace("visit_date", "date"), "visit_date", id="date"),
        pytest.param(HEADER.replace("latitude", "lat"), "latitude", id="latitude"),
    ],
)
def test_a_missing_column_is_named(tmp_path: Path, header: str, missing: str) -> None:
    with pytest.raises(LabelError, match=rf"no column {missing} \(found: vid.*columns"):
        csv(tmp_path, *VISITS, header=header)()


def test_column_names_can_be_configured(tmp_path: Path) -> None:
    with_lon = csv(tmp_path, *VISITS, header=HEADER.replace("longitude", "lon"))

    table = replace(with_lon, columns={**with_lon.columns, "longitude": "lon"})()

    assert len(table) == 2


def test_an_empty_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LabelError, match="has no rows"):
        csv(tmp_path)()


def test_a_missing_file_names_the_key(tmp_path: Path) -> None:
    with pytest.raises(LabelError, match=r"no label file at .*labels\.input"):
        reader(tmp_path / "visits.csv")()


def test_visits_must_be_points(tmp_path: Path) -> None:
    path = tmp_path / "visits.geojson"
    columns = {"pcode": ["a"], "name": ["x"], "visit_date": ["2009-01-01"]}
    box = shapely.box(28, 0, 28.1, 0.1)
    gpd.GeoDataFrame(columns, geometry=[box], crs="EPSG:4326").to_file(path)

    with pytest.raises(
        LabelError, match=r"one point per visit, found Polygon.*reader\.polygons"
    ):
        reader(path)()


@pytest.mark.parametrize("area", [[32, -14, 12, 6], [12, -14, 32], [12, 6, 32, -14]])
def test_an_area_has_four_sides(tmp_path: Path, area: list[float]) -> None:
    with pytest.raises(ConfigError, match=r"\[west, south, east, north\]"):
        replace(reader(tmp_path / "visits.csv"), area=area)


def test_every_column_must_be_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="columns must name site, name, date"):
        replace(reader(tmp_path / "visits.csv"), columns={"site": "pcode"})


@pytest.mark.parametrize(
    ("french", "english"),
    [
        ("Or", "gold"),
        ("Cassitérite", "cassiterite"),
        pytest.param("Cassitrite", "cassiterite", id="accent lost in an export"),
        (" coltan ", "coltan"),
        ("Améthyste", "amethyst"),
        ("Diamant", "diamond"),
        ("Gold", "gold"),
        pytest.param("Dignite", "dignite", id="unknown"),
    ],
)
def test_minerals_have_english_names(french: str, english: str) -> None:
    assert mineral(french) == english
