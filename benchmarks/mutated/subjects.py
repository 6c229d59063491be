"""The commands, each with its good inputs."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from mutated.trial import Trial, copy_tree

Subject = Callable[[Path, Path], Trial]
#: Commands by name, and how often each is drawn: maps start worker processes.
SUBJECTS: dict[str, tuple[Subject, float]] = {}
#: Map options that keep a map small.
TINY = ("--workers", "1", "--tile", "256")
BOX = "28.7963,-1.8101,28.8040,-1.8040"


def _add(name: str, subject: Subject, weight: float = 1.0) -> None:
    SUBJECTS[name] = (subject, weight)


def _trial(
    words: Sequence[str],
    roles: dict[str, str],
    *copied: str,
    results: tuple[str, ...] = (),
    params: str = "params.yaml",
) -> Subject:
    """Return what copies good inputs into a folder, as a trial of a command."""

    def subject(world: Path, folder: Path) -> Trial:
        folder.mkdir(parents=True)
        for name in (*copied, "conf"):
            copy_tree(world / name, folder / name)
        copy_tree(world / params, folder / "params.yaml")
        ids = json.loads((world / "store" / "runs.json").read_text())
        [band] = json.loads((world / "one_band" / "level1.json").read_text())["bands"]
        filled = [w.format(a=ids[0], b=ids[1], box=_box(world), band=band) for w in words]
        return Trial(folder, filled, dict(roles), results)

    return subject


def _box(world: Path) -> str:
    import geopandas as gpd

    bounds = gpd.read_file(world / "in" / "area.geojson").total_bounds
    return ",".join(f"{edge:.6f}" for edge in bounds)


for _end in ("geojson", "gpkg", "shp", "kml"):
    _name = f"in/mines.{_end}"
    _beside = [f"in/mines.{e}" for e in ("shp", "shx", "dbf", "prj", "cpg")]
    _add(
        f"labels check {_end}",
        _trial(
            ["labels", "check", _name, "--json"],
            {"vector": _name},
            *(_beside if _end == "shp" else [_name]),
        ),
        2.5 if _end == "geojson" else 1.0,
    )
_add(
    "labels check csv",
    _trial(
        ["labels", "check", "in/visits.csv", "--json"],
        {"table": "in/visits.csv"},
        "in/visits.csv",
    ),
    2.0,
)  # fmt: skip
_add(
    "labels check with points and provinces",
    _trial(
        ["labels", "check", "in/mines.gpkg", "--json", "--points", "in/points.geojson",
         "--provinces", "in/provinces.geojson"],
        {"points": "in/points.geojson", "provinces": "in/provinces.geojson"},
        "in/mines.gpkg", "in/points.geojson", "in/provinces.geojson",
    ),
)  # fmt: skip
_add(
    "stage labels",
    _trial(
        ["stage", "labels"],
        {"vector": "in/mines.geojson"},
        "in/mines.geojson", "labels",
        results=("data/labels.parquet",), params="files.yaml",
    ),
    2.0,
)  # fmt: skip
_add(
    "stage labels with verdicts",
    _trial(
        ["stage", "labels"],
        {"verdicts": "labels/verdicts.geojson"},
        "in/mines.geojson", "labels",
        results=("data/labels.parquet",), params="files.yaml",
    ),
)  # fmt: skip
_add(
    "stage context",
    _trial(
        ["stage", "context"],
        {"raster": "in/layers/dem.tif", "vector": "in/layers/roads.gpkg"},
        "in/layers", "data/sites.parquet", "data/scenes/index.csv",
        results=("data/context/*.tif",), params="files.yaml",
    ),
)  # fmt: skip
for _stage, _reads, _writes in (
    ("sites", "data/labels.parquet", "data/sites.parquet"),
    ("masks", "data/scenes", "data/masks/*.tif"),
    ("folds", "data/features/locations", "data/folds.parquet"),
    ("evaluate", "data/out_of_fold.parquet", "reports/metrics.json"),
    ("predict", "models", "data/predictions/*.tif"),
    ("report", "data/predictions", "reports/index.html"),
):
    _needs = ("labels", "data", "models", "reports")
    _add(
        f"stage {_stage}",
        _trial(["stage", _stage], {"state": _reads}, *_needs, results=(_writes,)),
        0.5,
    )
_add(
    "params --write",
    _trial(["params", "--write", "folds.n=3"], {"override": "2"}, results=("params.yaml",)),
    5.0,
)
for _path in ("conf/config.yaml", "conf/model/boosted.yaml", "conf/source/simulated.yaml"):
    _add(
        f"params --write, {_path}",
        _trial(
            ["params", "--write", "model=boosted"], {"yaml": _path}, results=("params.yaml",)
        ),
        0.7,
    )
_add(
    "stage sites, params.yaml",
    _trial(
        ["stage", "sites"], {"yaml": "params.yaml"}, "data/labels.parquet",
        results=("data/sites.parquet",),
    ),
)  # fmt: skip
for _level in (1, 2):
    _add(
        f"predict level {_level}",
        _trial(
            ["predict", "--model", f"one_band/level{_level}.pkl", "--source", f"l{_level}",
             "--out", "maps"],
            {"product": f"l{_level}", "name1": "2", "name2": "4", "out": "6"},
            "one_band", f"l{_level}", results=("maps/*.tif",),
        ),
        4.0 if _level == 1 else 2.0,
    )  # fmt: skip
_add(
    "predict, all bands",
    _trial(
        ["predict", "--model", "models/model.pkl", "--source", "simulated", "--out", "maps"],
        {"product": "simulated", "card": "models/model.json", "model": "models/model.pkl"},
        "models", "simulated", results=("maps/*.tif",),
    ),
    2.0,
)  # fmt: skip
_add(
    "predict, one band",
    _trial(
        ["predict", "--model", "one_band/level1.pkl", "--source", "l1", "--out", "maps"],
        {"card": "one_band/level1.json", "model": "one_band/level1.pkl"},
        "one_band", "l1", results=("maps/*.tif",),
    ),
    1.5,
)  # fmt: skip
_MAP = ("--source", "l1", "--model", "one_band/level1.pkl")
for _end in ("geojson", "gpkg"):
    _add(
        f"map {_end}",
        _trial(
            ["map", f"in/area.{_end}", *_MAP, *TINY, "--out", "map"],
            {"area": f"in/area.{_end}", "number1": "7", "number2": "9", "out": "11"},
            f"in/area.{_end}", "one_band", "l1",
            results=("map/*.vrt", "map/*.json"),
        ),
        0.7,
    )  # fmt: skip
_add(
    "map box",
    _trial(
        ["map", "{box}", *_MAP, *TINY, "--out", "map"],
        {"box": "1", "product": "l1"},
        "one_band", "l1",
        results=("map/*.vrt", "map/*.json"),
    ),
    0.8,
)  # fmt: skip
_add(
    "plan",
    _trial(
        ["plan", "{box}", *_MAP, "--tile", "64", "--json"],
        {"box": "1", "number": "7"},
        "one_band",
        "l1",
    ),
    0.6,
)  # fmt: skip
for _end in ("geojson", "gpkg"):
    _add(
        f"review import {_end}",
        _trial(
            ["review", "import", f"in/reviewed.{_end}", "--json"],
            {"vector": f"in/reviewed.{_end}"},
            f"in/reviewed.{_end}", "labels", "data/sites.parquet", "reports/candidates",
            results=("labels/*.geojson",),
        ),
        2.0 if _end == "geojson" else 1.0,
    )  # fmt: skip
_add(
    "review export",
    _trial(
        ["review", "export", "--top", "3", "--json", "--out", "review"],
        {"number": "3", "state1": "data/out_of_fold.parquet", "state2": "reports/candidates",
         "card": "models/model.json", "out": "6"},
        "data", "labels", "models", "reports/candidates",
        results=("review/review.gpkg", "review/review.html"),
    ),
)  # fmt: skip
_add("summary", _trial(["summary", "--json"], {"metrics": "reports/metrics.json"}, "reports"))
_add(
    "source check",
    _trial(
        ["source", "check", "--source", "product_folder", "--at", "28.8001", "-1.8070",
         "source.input=l1", "source.bands=[{band}]", "--json"],
        {"name": "3", "number1": "5", "number2": "6", "product": "l1"},
        "l1",
    ),
)  # fmt: skip
_add(
    "compare",
    _trial(["compare", "{a}", "{b}", "--json"], {"name1": "1", "name2": "2"}, "store"),
    0.7,
)
_add("trace", _trial(["trace", "1", "--json"], {"name": "1"}, "store"), 0.3)
_add(
    "simulate",
    _trial(
        ["simulate", "--rows", "90", "--cols", "90", "--dates", "1", "--out", "new"],
        {"number1": "2", "number2": "4", "number3": "6", "out": "8"},
        results=("new/*/*.TIF",),
    ),
    0.4,
)  # fmt: skip
for _type, _end in (("text/csv", "csv"), ("application/json", "json")):
    _add(
        f"http {_end}",
        _trial(["http", _type], {"body": f"in/body.{_end}"}, f"in/body.{_end}", "one_band"),
        1.5,
    )
