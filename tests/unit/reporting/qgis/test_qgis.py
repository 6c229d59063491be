"""Styles and projects for QGIS: well-formed, with the legend of the map and relative paths."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from minecover.core.map_classes import CLASS_NAMES
from minecover.reporting.candidates import TABLE
from minecover.reporting.qgis import (
    ALIASES,
    RAMP,
    RasterLayer,
    candidate_style,
    class_style,
    probability_style,
    write_project,
    write_styles,
)


@pytest.fixture
def rasters(tmp_path: Path) -> list[RasterLayer]:
    return [
        RasterLayer(tmp_path / f"{kind}_32635.vrt", kind, "EPSG:32635")
        for kind in ("class", "probability")
    ]


def test_the_legend_of_classes_has_a_number_a_name_and_a_colour_each() -> None:
    entries = list(ElementTree.fromstring(class_style()).iter("paletteEntry"))

    labels = [f"{number} {name}" for number, name in enumerate(CLASS_NAMES)]
    assert [entry.get("label") for entry in entries] == labels
    assert [entry.get("alpha") for entry in entries] == ["0", "255", "255", "255"]
    assert entries[2].get("color") == "#d55e00"


@pytest.mark.parametrize("threshold", [0.07, 0.43, 0.5, 1.0])
def test_the_legend_of_probability_names_the_threshold(threshold: float) -> None:
    items = list(ElementTree.fromstring(probability_style(threshold)).iter("item"))

    values = [float(str(item.get("value"))) for item in items]
    assert values == sorted(set(values))
    assert (values[0], values[-1]) == (0.0, 1.0)
    (at,) = [item for item in items if "mine" in str(item.get("label"))]
    assert at.get("label") == f"{threshold:.3f} and more is a mine"
    assert float(str(at.get("value"))) == threshold
    assert [items[0].get("color"), items[-1].get("color")] == [RAMP[0], RAMP[-1]]


def test_candidates_are_coloured_by_what_is_known_of_them() -> None:
    root = ElementTree.fromstring(candidate_style())

    assert [one.get("value") for one in root.iter("category")] == ["new", "known"]
    assert {one.get("field") for one in root.iter("alias")} == set(ALIASES)
    assert set(ALIASES) <= set(TABLE)


def test_every_raster_has_its_style_beside_it(
    rasters: list[RasterLayer], tmp_path: Path
) -> None:
    written = write_styles(rasters, 0.43)

    assert [path.name for path in written] == ["class_32635.qml", "probability_32635.qml"]
    assert "paletted" in (tmp_path / "class_32635.qml").read_text()


def test_a_project_opens_all_layers_by_relative_paths(
    rasters: list[RasterLayer], tmp_path: Path
) -> None:
    path = write_project(
        tmp_path / "candidates.gpkg",
        rasters,
        threshold=0.43,
        bounds=(6e5, -3e5, 7e5, -2e5),
        crs="EPSG:32635",
        title="North & South",
    )

    root = ElementTree.parse(path).getroot()
    sources = [layer.findtext("datasource") for layer in root.iter("maplayer")]
    assert path.name == "candidates.qgs"
    assert root.findtext("title") == "North & South"
    assert sources == [
        "./candidates.gpkg|layername=candidates",
        "./probability_32635.vrt",
        "./class_32635.vrt",
    ]
    assert root.findtext("projectCrs/spatialrefsys/authid") == "EPSG:32635"
    srsids = [one.text for one in root.iter("srsid")]
    assert srsids == ["3119", "3119", "3452", "3119", "3119"]
    assert str(tmp_path) not in path.read_text()
    ids = [layer.findtext("id") for layer in root.iter("maplayer")]
    assert [layer.get("id") for layer in root.iter("layer-tree-layer")] == ids
    assert [one.tag for one in root.iter("renderer-v2")] == ["renderer-v2"]
    assert len(list(root.iter("rasterrenderer"))) == 2
