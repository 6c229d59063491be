"""Chips of 480 m from simulated and from real ground, and what a model sees of each.

A chip has views: composites of part of its dates in the six bands that Landsat and Sentinel-2
share, as reflectance at the surface. A view is described by bands, indices, and their means and
deviations in squares in metres, of which those at the edge end with the chip.
"""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from pathlib import Path
from typing import TypeVar

import geopandas as gpd
import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray

from minecover.core.config import Params
from minecover.core.cube import F32, Cube
from minecover.core.grid import Grid
from minecover.core.sites import Site, grouped
from minecover.features import FeatureSet
from minecover.features.bands import Bands
from minecover.features.neighbourhood import Neighbourhood
from minecover.features.planes import feature_planes
from minecover.features.spectral import Spectral
from minecover.features.validity import Profile, valid
from minecover.labels.burning import kind_plane, label_plane
from minecover.sources import Source
from minecover.sources.simulation.spectra import CLEAN_AIR, OLI_BANDS, PATH

I8 = NDArray[np.int8]
Plane = TypeVar("Plane", bound=np.generic)
BANDS = ("blue", "green", "red", "nir08", "swir16", "swir22")
INDICES = ("ndvi", "ndwi", "mndwi", "ndmi", "nbr", "ndti", "bsi", "iron_oxide", "clay")
SIZES_M = (30, 90, 210, 450)
#: Side of a chip [m], views of it, and the least share of a view that must be observed.
SIDE_M, N_VIEWS, LEAST_SEEN = 480, 2, 0.5
#: Classes of a chip's locations.
OTHER, MINE, LOOK_ALIKE, IGNORED = 0, 1, 2, -1
#: Where chips of simulated scenes are kept, which take minutes, and the code they depend on.
CACHE, CODE = Path(".cache/bench/transfer"), Path("src/minecover/sources/simulation")


@dataclass(frozen=True, slots=True, eq=False)
class Chips:
    """Labelled chips of one size.

    Parameters
    ----------
    views : (chip, view, band, row, col) float32
        Reflectance of `BANDS`; NaN where nothing was observed.
    classes : (chip, row, col) int8
        `OTHER`, `MINE`, `LOOK_ALIKE` or `IGNORED`.
    label : (chip,) int8
        1 with a mine, 0 without, -1 where a chip is cut from a larger site.
    group : (chip,) str
        Chips of one group are near each other.
    """

    views: F32
    classes: I8
    label: I8
    group: NDArray[np.str_]

    def of(self, kept: NDArray[np.generic]) -> Chips:
        """Return some of the chips."""
        return Chips(*(getattr(self, field.name)[kept] for field in fields(self)))

    @property
    def pixel_m(self) -> float:
        """Side of a pixel [m]."""
        return float(SIDE_M / self.views.shape[-1])


def coarser(chips: Chips, n: int) -> Chips:
    """Return chips on pixels of n x n of theirs; a class is that of most of them."""
    *lead, rows, cols = chips.views.shape
    cut = (rows // n, n, cols // n, n)
    views = chips.views.reshape(*lead, *cut).mean(axis=(-3, -1))
    parts = chips.classes.reshape(len(chips.classes), *cut)
    known = np.array([OTHER, MINE, LOOK_ALIKE, IGNORED], np.int8)
    shares = np.stack([(parts == one).mean(axis=(-3, -1)) for one in known])
    return replace(chips, views=views.astype(np.float32), classes=known[shares.argmax(axis=0)])


def feature_sets() -> dict[str, FeatureSet]:
    """Return the feature sets that describe a view."""
    planes = (*BANDS, *INDICES)
    return {
        "bands": Bands(BANDS),
        "spectral": Spectral(INDICES),
        "squares": Neighbourhood(planes, SIZES_M, least_share=0.2),
    }


def feature_names() -> list[str]:
    """Return the names of the features, in their order."""
    return [name for one in feature_sets().values() for name in one.names]


def described(chips: Chips, *, step: int) -> F32:
    """Return the features of every `step`th pixel, (chip, view, location, feature) float32.

    Those of a view of which less than `LEAST_SEEN` was observed are NaN.
    """
    names, sets, side = feature_names(), feature_sets(), chips.views.shape[-1]
    grid = Grid.from_corner("EPSG:32635", 600_000, 0, side, side, pixel_m=chips.pixel_m)
    unseen = np.full((len(range(0, side, step)) ** 2, len(names)), np.nan, np.float32)

    def one(view: F32) -> F32:
        seen = np.asarray(np.isfinite(view).all(axis=0))
        if seen.mean() < LEAST_SEEN:
            return unseen
        cube = _one_date(np.where(seen, view, np.float32(np.nan)), grid)
        found = feature_planes(cube, seen[None], {}, sets, names, with_medians=True).location
        return np.stack([found[name][::step, ::step].ravel() for name in names], axis=-1)

    flat = chips.views.reshape(-1, *chips.views.shape[2:])
    rows = Parallel(n_jobs=-1, prefer="threads")(delayed(one)(view) for view in flat)
    return np.stack(rows).reshape(*chips.views.shape[:2], -1, len(names))


def _one_date(values: F32, grid: Grid) -> Cube:
    """Return reflectance (band, row, col) as a cube of one date."""
    shape = (1, *grid.shape)
    return Cube(
        dn=values[None],
        scale=np.ones((1, len(BANDS))),
        offset=np.zeros((1, len(BANDS))),
        qa=np.zeros(shape, np.uint16),
        saturated=np.zeros(shape, np.bool_),
        qa_layout="none",
        dates=(date(2020, 1, 1),),
        bands=BANDS,
        grid=grid,
        halo_px=0,
        is_chip=True,
    )


def label_set(params: Params) -> Chips:
    """Read a set of chips (source=chips), each of its dates a view."""
    chips, source = params.build("source.chips"), params.build("source.scenes")
    views, classes, labels, groups = [], [], [], []
    for chip in chips.chips().values():
        grid = chips.grid(chip)
        cube = source.scenes(Site(chip.name, chip.group, grid, 0, chip_label=chip.label))
        values = np.full((N_VIEWS, len(BANDS), *grid.shape), np.nan, np.float32)
        values[-len(cube.dates) :] = cube.values(*BANDS)
        found: Mapping[str, NDArray[np.bool_]] | None = chips.classes_of(chip, grid)
        plane = np.full(grid.shape, IGNORED if found is None else OTHER, np.int8)
        if found is not None:
            plane[found["look_alike"]], plane[found["mine"]] = LOOK_ALIKE, MINE
        views.append(values)
        classes.append(plane)
        labels.append(chip.label)
        groups.append(chip.group)
    label = np.array(labels, np.int8)
    return Chips(np.stack(views), np.stack(classes), label, np.array(groups))


def cut_sites(params: Params) -> Chips:
    """Return the chips that fit into the sites of a source; simulated ones are kept.

    Parameters
    ----------
    params : Params
        Composed: source, labels, sites and mask are taken from it.
    """
    if not params.value("source.is_simulated"):
        return _cut_all(params)
    used = {key: params.value(key) for key in ("source", "world", "sites", "lattice", "mask")}
    code = b"".join(file.read_bytes() for file in sorted(CODE.glob("*.py")))
    key = hashlib.sha256(json.dumps(used, sort_keys=True, default=str).encode() + code)
    path = CACHE / f"{key.hexdigest()[:16]}.npz"
    if not path.is_file():
        CACHE.mkdir(parents=True, exist_ok=True)
        chips = _cut_all(params)
        np.savez(path, **{f.name: getattr(chips, f.name) for f in fields(Chips)})
    with np.load(path) as kept:
        return Chips(*(kept[field.name] for field in fields(Chips)))


def _cut_all(params: Params) -> Chips:
    """Return the chips of all sites."""
    labels = params.build("labels.reader")()
    laid = [site for one in params.build("sites.layouts").values() for site in one(labels)]
    sites = grouped(laid, within_m=params.value("sites.group_within_m"))
    source = params.build("source.scenes")
    profile = params.build(f"masks.{params.value('mask')}")
    parts = Parallel(n_jobs=-1)(delayed(_cut)(source, profile, labels, one) for one in sites)
    return Chips(
        *(np.concatenate([getattr(p, field.name) for p in parts]) for field in fields(Chips))
    )


def _cut(source: Source, profile: Profile, labels: gpd.GeoDataFrame, site: Site) -> Chips:
    """Return the chips of a site."""
    cube = source.scenes(site)
    values = cube.values(*BANDS)
    if "lwir11" in cube.bands:
        # Landsat at the top of the atmosphere: less the path radiance of clean air.
        path = CLEAN_AIR * PATH[[OLI_BANDS.index(band) for band in BANDS]]
        values -= path[:, None, None].astype(np.float32)
    usable = valid(cube, profile)
    seen = cube.core(np.where(usable[:, None], values, np.float32(np.nan)))
    halves = np.array_split(np.arange(len(seen)), min(N_VIEWS, len(seen)))
    with warnings.catch_warnings():
        # Where no date of a half is clear, the composite is NaN.
        warnings.simplefilter("ignore", RuntimeWarning)
        views = np.full((N_VIEWS, *seen.shape[1:]), np.nan, np.float32)
        views[-len(halves) :] = [np.nanmedian(seen[half], axis=0) for half in halves]
    here = labels.to_crs(site.grid.crs)
    classes = label_plane(here, site.grid, day=cube.dates[-1], ignore_ring_m=0)
    alike = kind_plane(labels, site.grid, "look_alike") == 1
    classes = np.where((classes == OTHER) & alike, LOOK_ALIKE, classes).astype(np.int8)
    side = round(SIDE_M / site.grid.side_m)
    planes = _tiles(classes, side)
    group = np.full(len(planes), site.group)
    label = np.full(len(planes), -1, np.int8)
    return Chips(_tiles(views, side), planes, label, group)


def _tiles(planes: NDArray[Plane], side: int) -> NDArray[Plane]:
    """Return planes (..., row, col) cut into whole squares, (square, ..., side, side)."""
    *lead, rows, cols = planes.shape
    down, across = rows // side, cols // side
    whole = planes[..., : down * side, : across * side]
    cut = whole.reshape(*lead, down, side, across, side)
    return np.moveaxis(cut, (-4, -2), (0, 1)).reshape(down * across, *lead, side, side)
