"""Mutations of features: geometry, coordinates, reference systems."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from typing import Any

import geopandas as gpd
import numpy as np

from mutated.trial import REFUSED, SAME, NotApplicableError, Trial, kind, write

Rng = np.random.Generator
#: Files of outlines: as labels, as reviewed candidates, and as areas of maps.
OUTLINES = ("vector", "area")
JSON = (".geojson",)


def edit(trial: Trial, role: str, change: Callable[[dict[str, Any]], str]) -> str:
    """Change the parsed GeoJSON of an input."""
    path = trial.path(role)
    tree = json.loads(path.read_text(encoding="utf-8"))
    did = change(tree)
    write(path, json.dumps(tree, ensure_ascii=False))
    return did


def choose_feature(tree: dict[str, Any], rng: Rng) -> dict[str, Any]:
    """Choose one of the features of a parsed GeoJSON."""
    features = tree["features"]
    one: dict[str, Any] = features[int(rng.integers(len(features)))]
    return one


def _ring(feature: dict[str, Any]) -> list[list[float]]:
    if feature["geometry"]["type"] != "Polygon":
        raise NotApplicableError
    ring: list[list[float]] = feature["geometry"]["coordinates"][0]
    return ring


def _save(trial: Trial, role: str, frame: gpd.GeoDataFrame) -> None:
    """Write features again in the format of the input."""
    path = trial.path(role)
    for beside in path.parent.glob(f"{path.stem}.*"):  # other trials link to them
        beside.unlink()
    frame.to_file(path)


@kind(*OUTLINES, "points", suffixes=JSON, expected=REFUSED)
def _geometry_null(trial: Trial, role: str, rng: Rng) -> str:
    return edit(trial, role, lambda tree: _set_all(tree, "geometry", None))


def _set_all(tree: dict[str, Any], key: str, value: object) -> str:
    for one in tree["features"]:
        one[key] = value
    return f"{key} of all"


@kind("vector", suffixes=JSON, expected=REFUSED)
def _one_geometry_empty(trial: Trial, role: str, rng: Rng) -> str:
    def change(tree: dict[str, Any]) -> str:
        one = tree["features"][0]  # of reviewed candidates, one with a verdict
        empty = [None, {"type": "Polygon", "coordinates": []}, {"type": "Polygon"}]
        one["geometry"] = empty[int(rng.integers(3))]
        return str(one["geometry"])

    return edit(trial, role, change)


@kind(*OUTLINES, suffixes=JSON, expected=REFUSED)
def _a_coordinate_that_is_none(trial: Trial, role: str, rng: Rng) -> str:
    def change(tree: dict[str, Any]) -> str:
        ring = _ring(choose_feature(tree, rng))
        value: Any = [np.nan, np.inf, 1e308, None, "28.1", 95.0, -1e9, [], True][
            int(rng.integers(9))
        ]
        axis = int(rng.integers(2))
        ring[1][1 if value == 95.0 else axis] = value
        return f"{value!r}"

    return edit(trial, role, change)


@kind(*OUTLINES, suffixes=JSON)
def _longitude_and_latitude_swapped(trial: Trial, role: str, rng: Rng) -> str:
    def change(tree: dict[str, Any]) -> str:
        for one in tree["features"]:
            for point in _ring(one):
                point.reverse()
        return "all"

    return edit(trial, role, change)


@kind(*OUTLINES, suffixes=JSON, expected=SAME)
def _heights_in_the_coordinates(trial: Trial, role: str, rng: Rng) -> str:
    def change(tree: dict[str, Any]) -> str:
        for one in tree["features"]:
            for point in _ring(one):
                point.append(1200.5)
        return "all"

    return edit(trial, role, change)


@kind(*OUTLINES, suffixes=JSON, expected=SAME)
def _a_multipolygon_of_one(trial: Trial, role: str, rng: Rng) -> str:
    def change(tree: dict[str, Any]) -> str:
        one = choose_feature(tree, rng)
        _ring(one)
        one["geometry"] = {
            "type": "MultiPolygon",
            "coordinates": [one["geometry"]["coordinates"]],
        }
        return "one"

    return edit(trial, role, change)


@kind(*OUTLINES, suffixes=JSON)
def _a_collection(trial: Trial, role: str, rng: Rng) -> str:
    def change(tree: dict[str, Any]) -> str:
        one = choose_feature(tree, rng)
        point = {"type": "Point", "coordinates": _ring(one)[0]}
        one["geometry"] = {"type": "GeometryCollection", "geometries": [one["geometry"], point]}
        return "outline and point"

    return edit(trial, role, change)


@kind(*OUTLINES, suffixes=JSON)
def _an_outline_that_crosses_itself(trial: Trial, role: str, rng: Rng) -> str:
    def change(tree: dict[str, Any]) -> str:
        ring = _ring(choose_feature(tree, rng))
        ring[1], ring[2] = ring[2], ring[1]
        return "bow tie"

    return edit(trial, role, change)


@kind(*OUTLINES, suffixes=JSON)
def _an_outline_without_area(trial: Trial, role: str, rng: Rng) -> str:
    def change(tree: dict[str, Any]) -> str:
        ring = _ring(choose_feature(tree, rng))
        n = int(rng.integers(2, 5))
        ring[:] = [ring[0]] * n if rng.random() < 0.5 else [ring[0], ring[1], ring[0], ring[0]]
        return f"{len(ring)} vertices"

    return edit(trial, role, change)


@kind(*OUTLINES, suffixes=JSON)
def _the_other_direction(trial: Trial, role: str, rng: Rng) -> str:
    return edit(trial, role, lambda tree: _reverse(_ring(choose_feature(tree, rng))))


def _reverse(ring: list[list[float]]) -> str:
    ring.reverse()
    return "one ring"


@kind(*OUTLINES, suffixes=JSON, expected=REFUSED)
def _lines_instead_of_outlines(trial: Trial, role: str, rng: Rng) -> str:
    def change(tree: dict[str, Any]) -> str:
        for one in tree["features"]:
            one["geometry"] = {"type": "LineString", "coordinates": _ring(one)}
        return "all"

    return edit(trial, role, change)


@kind(*OUTLINES, suffixes=JSON)
def _an_outline_across_the_world(trial: Trial, role: str, rng: Rng) -> str:
    def change(tree: dict[str, Any]) -> str:
        boxes = (
            (-180, -90, 180, 90), (179.9, -4.2, -179.9, -4.1), (179.9, -4.2, 180.1, -4.1),
            (27.9, 83.9, 28.0, 84.1), (-400, -4.2, 27, -4.1), (29.9, -4.2, 30.1, -4.1),
        )  # fmt: skip
        west, south, east, north = boxes[int(rng.integers(len(boxes)))]
        ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
        choose_feature(tree, rng)["geometry"] = {"type": "Polygon", "coordinates": [ring]}
        return f"{west},{south},{east},{north}"

    return edit(trial, role, change)


@kind(*OUTLINES, "points", suffixes=JSON, expected=REFUSED)
def _no_features(trial: Trial, role: str, rng: Rng) -> str:
    def change(tree: dict[str, Any]) -> str:
        tree["features"] = []
        return "[]"

    return edit(trial, role, change)


@kind(*OUTLINES, suffixes=JSON, expected=REFUSED)
def _degrees_called_metres(trial: Trial, role: str, rng: Rng) -> str:
    def change(tree: dict[str, Any]) -> str:
        name = "urn:ogc:def:crs:EPSG::32735"
        tree["crs"] = {"type": "name", "properties": {"name": name}}
        return name

    return edit(trial, role, change)


@kind("vector", "area", suffixes=(".shp", ".gpkg"), expected=REFUSED)
def _no_reference_system(trial: Trial, role: str, rng: Rng) -> str:
    frame = gpd.read_file(trial.path(role))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _save(trial, role, frame.set_crs(None, allow_override=True))
    return trial.roles[role]


@kind("vector", "area", suffixes=(".shp", ".gpkg", ".geojson"))
def _another_reference_system(trial: Trial, role: str, rng: Rng) -> str:
    crs = str(rng.choice(["EPSG:32735", "EPSG:3857", "EPSG:4267", "ESRI:102022"]))
    _save(trial, role, gpd.read_file(trial.path(role)).to_crs(crs))
    return crs
