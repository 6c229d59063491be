"""The good inputs that all trials share: a simulated build, products, vector files, models."""

from __future__ import annotations

import importlib
import json
import os
import shutil
import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely
from drawn_models import write_model
from products import DrawnProduct
from stores import Build, make_registry_checkout

from minecover.core import paths
from minecover.core.config import composed, load_params, write_params
from minecover.core.grid import Grid
from minecover.core.raster import write_planes
from minecover.core.sites import read_sites, square
from minecover.labels import read_reviewed, write_verdicts
from minecover.pipeline import STAGES
from minecover.sources.simulated_products import write_products
from minecover.sources.simulation.wide_area import Area

#: A build that takes half a minute.
SMALL = (
    "world.n_sites=6", "folds.n=2", "folds.gate=false", "model.n_estimators=10",
    "metrics.bootstrap.replicates=20",
)  # fmt: skip
#: Layers of the context from files.
FILES = (
    "labels=files",
    "labels.input=in/mines.geojson",
    "context=files",
    "context.input=in/layers",
)
#: Planes that are left, of those from files.
NO_PLANES = (
    "distance_to_water", "distance_to_river", "elevation_change", "elevation_change_error",
    "water_occurrence", "tpi_1km",
)  # fmt: skip
#: Columns of verdicts that a reviewer may leave empty.
BLANKS = ("who", "when", "why")
DAYS = ("2017-01-15", "2017-03-04")
GROUND = Grid("EPSG:32635", DrawnProduct().grid.transform, (40, 40))


def build(root: Path, project: Path) -> None:
    """Write what trials start from below a folder, which becomes the working directory."""
    os.chdir(root)
    for name in ("conf", "labels"):
        shutil.copytree(project / name, root / name)
    write_params(composed(SMALL))
    params = load_params()
    for stage in STAGES:
        importlib.import_module(f"minecover.pipeline.stages.{stage}").run(params)
    _write_vectors(root / "in")
    _write_layers(root / "in" / "layers")
    _write_products(root)
    _write_models(root)
    _write_reviewed(root / "in")
    _write_params(root)
    store = root / "store"
    store.mkdir()
    checkout = make_registry_checkout(store, root / "conf")
    versions = [checkout.register(Build("1", 2.0)), checkout.register(Build("2", 2.5))]
    (store / "runs.json").write_text(json.dumps([one.run_id for one in versions]))


def _write_vectors(folder: Path) -> None:
    """Write six mines, points, provinces, and an area, in every format."""
    folder.mkdir()
    rng = np.random.default_rng(3)
    xy = [(28.80 + 0.02 * n, -1.82 - 0.01 * n) for n in range(6)]
    outlines = [shapely.box(x, y, x + 0.002, y + 0.0015 + rng.random() * 1e-3) for x, y in xy]
    mines = gpd.GeoDataFrame(
        {
            "label_id": [f"mine-{n}" for n in range(6)],
            "name": ["Étang", "mine b", "mine c", "mine d", "mine e", "mine f"],
            "seen_from": ["2016-01-01"] * 6,
            "seen_to": ["2019-12-31", "2018-06-30", *["2020-01-01"] * 4],
        },
        geometry=outlines,
        crs="EPSG:4326",
    )
    for end in ("geojson", "gpkg", "shp", "kml"):
        mines.to_file(folder / f"mines.{end}", **({"driver": "KML"} if end == "kml" else {}))
    points = mines.set_geometry(gpd.points_from_xy(*zip(*xy, strict=True)), crs="EPSG:4326")
    points.to_file(folder / "points.geojson")
    rows = [f"p{n},mine {n},2019-0{n + 1}-25,{x:.4f},{y:.4f}" for n, (x, y) in enumerate(xy)]
    head = "pcode,name,visit_date,longitude,latitude"
    (folder / "visits.csv").write_text("\n".join([head, *rows]) + "\n")
    provinces = [shapely.box(28, -3, 28.85, -1), shapely.box(28.85, -3, 30, -1)]
    gpd.GeoDataFrame(
        {"name": ["Nord-Kivu", "Sud-Kivu"]}, geometry=provinces, crs="EPSG:4326"
    ).to_file(folder / "provinces.geojson")
    middle = square(GROUND).centroid
    area = gpd.GeoDataFrame({"name": ["here"]}, geometry=[middle.buffer(0.003).envelope])
    for end in ("geojson", "gpkg"):
        area.set_crs("EPSG:4326").to_file(folder / f"area.{end}")


def _write_layers(folder: Path) -> None:
    """Write a road along all sites of the build, an elevation model, and a province."""
    folder.mkdir()
    squares = [square(site.grid) for site in read_sites(paths.SITES)]
    around = shapely.union_all(squares).buffer(0.05)
    west, south, east, north = around.bounds
    road = shapely.LineString([one.centroid for one in squares])
    gpd.GeoDataFrame({"fclass": ["primary"]}, geometry=[road], crs="EPSG:4326").to_file(
        folder / "roads.gpkg"
    )
    gpd.GeoDataFrame({"name": ["Ituri"]}, geometry=[around], crs="EPSG:4326").to_file(
        folder / "provinces.gpkg"
    )
    size = max(east - west, north - south) / 300
    from affine import Affine

    grid = Grid("EPSG:4326", Affine(size, 0, west, 0, -size, north), (300, 300))
    rows, cols = np.mgrid[:300, :300]
    heights = (1200 + 50 * np.sin(rows / 5) + cols).astype(np.float32)
    write_planes(folder / "dem.tif", {"elevation": heights}, grid)


def _write_products(root: Path) -> None:
    """Write Level-1 and Level-2 products of one band, and simulated ones of all bands."""
    rng = np.random.default_rng(5)
    shape = GROUND.shape
    for day in DAYS:
        dn = rng.integers(7000, 15000, shape).astype(np.uint16)
        quality = {"QA_PIXEL": 21824, "QA_RADSAT": 0}
        DrawnProduct(day=day, grid=GROUND).put(root / "l1", B4=dn, **quality)
        DrawnProduct(day=day, grid=GROUND, level="L2SP").put(root / "l2", SR_B4=dn, **quality)
    parameters = load_params().build("world.parameters")
    write_products(Area(7, 90, 90, 2, 40.0, parameters), root / "simulated", quiet=True)


def _write_models(root: Path) -> None:
    """Write models of one band, of both levels."""
    for level in (1, 2):
        path = root / "one_band" / f"level{level}.pkl"
        path.parent.mkdir(exist_ok=True)
        write_model(path, slope=20.0, level=level)


def _write_reviewed(folder: Path) -> None:
    """Write verdicts on the first candidates, and bodies of requests."""
    found = gpd.read_parquet(paths.CANDIDATES / "candidates.parquet").head(4)
    columns = {
        "candidate_id": found["candidate_id"].to_numpy(),
        "site_id": found["site_id"].to_numpy(),
        "verdict": ["mine", "not mine", "unsure", ""][: len(found)],
        "who": "Ada L.",
        "when": "2026-03-01",
        "why": "pit",
        "seen_from": "2016-01-01",
        "seen_to": "",
    }
    reviewed = gpd.GeoDataFrame(columns, geometry=found.geometry.to_numpy(), crs=found.crs)
    for end in ("geojson", "gpkg"):
        reviewed.to_crs("EPSG:4326").to_file(folder / f"reviewed.{end}")
    verdicts, _ = read_reviewed(folder / "reviewed.geojson", blanks=dict.fromkeys(BLANKS, ""))
    write_verdicts(Path("labels/verdicts.geojson"), verdicts)
    [feature] = json.loads((folder.parent / "one_band" / "level1.json").read_text())["features"]
    (folder / "body.csv").write_text(f"{feature}\n0.1\n0.3\n")
    split = {"columns": [feature], "data": [[0.1], [0.3]]}
    (folder / "body.json").write_text(json.dumps({"dataframe_split": split}))


def _write_params(root: Path) -> None:
    """Compose the parameters of builds from files."""
    no_planes = [f"~context.planes.{name}" for name in NO_PLANES]
    no_lines = ["~context.outlines.river"]
    write_params(composed([*SMALL, *FILES, *no_planes, *no_lines]), root / "files.yaml")


if __name__ == "__main__":
    build(Path(sys.argv[1]), Path(sys.argv[2]))
