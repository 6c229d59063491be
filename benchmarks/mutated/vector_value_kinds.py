"""Mutations of features: dates, columns, values, layers, and the files of a Shapefile."""

from __future__ import annotations

import json
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from mutated.trial import ANY, DATES, REFUSED, SAME, Trial, kind, write
from mutated.vector_kinds import JSON, choose_feature, edit

Rng = np.random.Generator


@kind("vector", suffixes=JSON)
def _another_date(trial: Trial, role: str, rng: Rng) -> str:
    def change(tree: dict[str, Any]) -> str:
        one = choose_feature(tree, rng)
        columns = [c for c in ("seen_from", "seen_to", "when") if c in one["properties"]]
        column = str(rng.choice(columns))
        one["properties"][column] = str(rng.choice(DATES))
        return f"{column} {one['properties'][column]}"

    return edit(trial, role, change)


@kind("vector", suffixes=JSON, expected=REFUSED)
def _begin_after_end(trial: Trial, role: str, rng: Rng) -> str:
    def change(tree: dict[str, Any]) -> str:
        choose_feature(tree, rng)["properties"] |= {
            "seen_from": "2020-01-01",
            "seen_to": "2019-01-01",
        }
        return "2020 to 2019"

    return edit(trial, role, change)


@kind("vector", suffixes=JSON, expected=SAME)
def _columns_in_capitals(trial: Trial, role: str, rng: Rng) -> str:
    def change(tree: dict[str, Any]) -> str:
        for one in tree["features"]:
            one["properties"] = {k.upper(): v for k, v in one["properties"].items()}
        return "all"

    return edit(trial, role, change)


@kind("vector", suffixes=JSON)
def _a_column_misspelt_or_missing(trial: Trial, role: str, rng: Rng) -> str:
    def change(tree: dict[str, Any]) -> str:
        names = list(tree["features"][0]["properties"])
        name = str(rng.choice(names))
        new = None if rng.random() < 0.5 else f"{name[:-1]}x"
        for one in tree["features"]:
            value = one["properties"].pop(name)
            one["properties"] |= {} if new is None else {new: value}
        return f"{name} -> {new}"

    return edit(trial, role, change)


@kind("vector", suffixes=JSON)
def _a_value_of_another_type(trial: Trial, role: str, rng: Rng) -> str:
    def change(tree: dict[str, Any]) -> str:
        one = choose_feature(tree, rng)
        name = str(rng.choice(list(one["properties"])))
        values: list[Any] = [
            0, -1, 1.5, True, None, [], {}, "", " ", "x" * 70000, [1, 2], 1e308, "'); --",
            "été", "a\nb", "../../etc", "<script>alert(1)</script>", "😀", "NaN", "null",
        ]  # fmt: skip
        one["properties"][name] = values[int(rng.integers(len(values)))]
        return f"{name} = {str(one['properties'][name])[:30]!r}"

    return edit(trial, role, change)


@kind("vector", suffixes=JSON)
def _a_feature_twice(trial: Trial, role: str, rng: Rng) -> str:
    def change(tree: dict[str, Any]) -> str:
        tree["features"].append(choose_feature(tree, rng))
        return "one"

    return edit(trial, role, change)


@kind("vector", "points", suffixes=JSON, expected=ANY)
def _no_collection_of_features(trial: Trial, role: str, rng: Rng) -> str:
    path = trial.path(role)
    tree = json.loads(path.read_text(encoding="utf-8"))
    other = [tree["features"], tree["features"][0], tree["features"][0]["geometry"], {}, 5]
    chosen = int(rng.integers(len(other)))
    write(path, json.dumps(other[chosen]))
    return ("a list", "one feature", "one geometry", "{}", "5")[chosen]


@kind("vector", suffixes=(".gpkg",))
def _a_layer_without_geometry_beside(trial: Trial, role: str, rng: Rng) -> str:
    frame = gpd.read_file(trial.path(role))
    extra = frame.assign(geometry=shapely.points(28.0, -4.0)).set_crs(frame.crs)
    write(trial.path(role), trial.path(role).read_bytes())
    extra.to_file(trial.path(role), layer="notes")
    return "points in a second layer"


@kind("vector", suffixes=(".shp",))
def _a_file_of_the_shapefile_missing(trial: Trial, role: str, rng: Rng) -> str:
    end = str(rng.choice([".dbf", ".shx", ".prj", ".cpg"]))
    trial.path(role).with_suffix(end).unlink()
    return end


@kind("vector", suffixes=(".shp",))
def _a_file_of_the_shapefile_damaged(trial: Trial, role: str, rng: Rng) -> str:
    path = trial.path(role).with_suffix(str(rng.choice([".dbf", ".shx", ".prj", ".cpg"])))
    data = path.read_bytes()
    n = int(rng.integers(len(data) + 1))
    write(path, data[:n] + rng.bytes(len(data) - n))
    return f"{path.suffix} from byte {n}"
