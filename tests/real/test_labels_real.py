"""Labels as they come: the visits of IPIS, the sites of the PoC, hand-drawn mines."""

from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import pytest

from minecover.core.config import composed
from minecover.labels import IpisLabels, Quality, quality, read_features


def looked_over(path: Path) -> Quality:
    features = read_features(path, longitude="longitude", latitude="latitude")
    return quality(features, points=None, provinces=None)


@pytest.fixture(scope="module")
def visits(real_data: Path) -> Path:
    return real_data / "drc_vectors" / "ipis_mines.geojson"


@pytest.fixture(scope="module")
def reader(visits: Path) -> IpisLabels:
    built = composed(["labels=ipis", f"labels.input={visits}"]).build("labels.reader")
    assert isinstance(built, IpisLabels)
    return built


def test_the_visits_are_1918_sites(reader: IpisLabels, visits: Path) -> None:
    raw = gpd.read_file(visits)

    table = reader()

    assert len(table) == raw["pcode"].nunique() == 1918
    assert set(table["kind"]) == {"point"}
    assert table["label_id"].is_monotonic_increasing


def test_the_latest_of_four_visits_is_kept(reader: IpisLabels, visits: Path) -> None:
    raw = gpd.read_file(visits)
    four = raw[raw["pcode"] == "codmine00945"].sort_values(["visit_date", "vid"])

    table = reader().set_index("label_id")

    assert len(four) == 4
    assert table.geometry["codmine00945"] == four.geometry.iloc[-1]


def test_a_csv_of_the_visits_gives_the_same_points(
    reader: IpisLabels, visits: Path, tmp_path: Path
) -> None:
    raw = gpd.read_file(visits)
    raw["visit_date"] = raw["visit_date"].dt.strftime("%m/%d/%Y")
    raw.drop(columns="geometry").to_csv(tmp_path / "visits.csv", index=False)

    table = replace(reader, visits=str(tmp_path / "visits.csv"))()

    assert table["label_id"].equals(reader()["label_id"])
    assert table.geometry.geom_equals_exact(reader().geometry, 1e-7).all()


def test_the_visits_as_they_are_described(visits: Path) -> None:
    found = looked_over(visits)

    assert (found.features, found.sites, found.most_visits) == (2281, 1918, 4)
    assert list(found.minerals)[:3] == ["gold", "cassiterite", "coltan"]
    assert len(found.provinces) == 9
    assert sum(found.provinces.values()) == 1918
    assert found.dates["visit_date"].unreadable == 0


def test_half_of_the_pocs_sites_share_ground(real_data: Path) -> None:
    found = looked_over(real_data / "drc_vectors" / "poc_sites.geojson")

    assert found.sites == 224
    assert found.near_share == pytest.approx(0.48, abs=0.005)


def test_areas_are_those_that_were_measured_when_drawing(real_data: Path) -> None:
    path = real_data / "brumadinho" / "mines.geojson"
    drawn = gpd.read_file(path)["area_ha"]

    found = looked_over(path)

    assert found.features == 8
    wanted = {"min": drawn.min(), "median": drawn.median(), "max": drawn.max()}
    assert {name: found.area_ha[name] for name in wanted} == pytest.approx(wanted, rel=0.005)
    assert found.dates["seen_from"].missing == 6
