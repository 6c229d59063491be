"""Assets of the local Earth Engine: drawn ones, and the simulated world."""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from shapely import Polygon, box

from minecover.core import landsat
from minecover.core.cube import F32
from minecover.core.grid import Grid
from minecover.core.sensors import OLI
from minecover.core.sensors import THERMAL as THERMAL_NAMES
from minecover.core.sites import square
from minecover.sources.simulation.layout import Plot
from minecover.sources.simulation.sensor import THERMAL_CONSTANTS, Exposure
from minecover.sources.simulation.world import World
from servers.ee_graph import Asset, Bounds
from servers.ee_rasters import F64, Raster

#: Names of the bands in the service, and of those that are temperatures.
BANDS = tuple(band.native for band in OLI.bands.values())
THERMAL = tuple(OLI.bands[name].native for name in OLI.bands if name in THERMAL_NAMES)
U16 = NDArray[np.uint16]
QUALITY = ("QA_PIXEL", "QA_RADSAT")
TOA, COUNTS = "LANDSAT/LC08/C02/T1_TOA", "LANDSAT/LC08/C02/T1"
EMPTY = ("LANDSAT/LC09/C02/T1_TOA", "LANDSAT/LC09/C02/T1")
PATH, ZONE = 173, 35
#: Overlap of two rows of a pass [pixels], and difference in sun elevation [degrees].
OVERLAP_PX, SUN_DROP_DEG = 24, 1.5


@dataclass(frozen=True)
class DrawnAssets:
    """Assets drawn by a test: images by collection; "" is for images without collection."""

    collections: Mapping[str, Sequence[Asset]]

    def collection(self, name: str, bounds: Bounds | None) -> Sequence[Asset]:
        """Return the images that intersect an area."""
        return [a for a in self.collections[name] if bounds is None or _intersects(a, bounds)]

    def image(self, name: str) -> Asset:
        """Return an image by its id."""
        collection, _, index = name.rpartition("/")
        for asset in (*self.collections.get(collection, ()), *self.collections.get("", ())):
            if asset.index in (index, name):
                return asset
        raise KeyError(name)


def draw_asset(index: str, rasters: Mapping[str, Raster], **properties: float | str) -> Asset:
    """Return an image with the given rasters, taken at eight o'clock of its day, if any."""
    about = {"system:index": index, **properties}
    if (day := properties.get("DATE_ACQUIRED")) is not None:
        about = {"system:time_start": time_of(f"{day}T08:00:00"), **about}
    return Asset(index, about, lambda b, _: rasters[b], tuple(rasters))


def time_of(iso: str) -> float:
    """Return a time in UTC as the service counts it [ms]."""
    return datetime.fromisoformat(iso).replace(tzinfo=UTC).timestamp() * 1000


def _intersects(asset: Asset, bounds: Bounds) -> bool:
    grid = asset.raster(asset.bands[0], ANYWHERE).grid
    west, south, east, north = bounds
    area = box(*bounds)
    if east > 180:  # longitudes are points on a circle
        area = box(west, south, 180, north).union(box(-180, south, east - 360, north))
    return bool(square(grid).intersects(area))


ANYWHERE = Grid("EPSG:4326", Affine(1, 0, 0, 0, -1, 1), (1, 1))


@dataclass(frozen=True, eq=False)
class PassRow:
    """One row of a pass over a plot, as a Level-1 scene.

    `counts` is (11, row, col) with 0 outside of the row, `pan` is B8 at 15 m.
    """

    day: date
    row: int
    grid: Grid
    counts: U16
    pan: U16
    qa: U16
    sun_deg: float
    cloud_cover: float

    @property
    def index(self) -> str:
        """Id of the scene."""
        return f"LC08_{PATH}{self.row:03d}_{self.day:%Y%m%d}"

    @property
    def pan_grid(self) -> Grid:
        """Grid of the 15 m pan pixels; every other one shares its centre with a 30 m pixel."""
        t, (rows, cols) = self.grid.transform, self.grid.shape
        corner = Affine(15, 0, t.c + 7.5, 0, -15, t.f - 7.5)
        return Grid(self.grid.crs, corner, (2 * rows - 1, 2 * cols - 1))

    @property
    def properties(self) -> dict[str, float | str]:
        """Properties of the scene in the service and in the MTL file."""
        thermal = {
            f"{key}_BAND_{band.removeprefix('B')}": constants[name]
            for band, constants in zip(THERMAL, THERMAL_CONSTANTS, strict=True)
            for key, name in (
                ("RADIANCE_MULT", "mult"),
                ("RADIANCE_ADD", "add"),
                ("K1_CONSTANT", "k1"),
                ("K2_CONSTANT", "k2"),
            )
        }
        numbers = range(1, len(BANDS) - len(THERMAL) + 1)
        return {
            "system:index": self.index,
            "SPACECRAFT_ID": "LANDSAT_8",
            "SENSOR_ID": "OLI_TIRS",
            "DATE_ACQUIRED": self.day.isoformat(),
            "system:time_start": time_of(f"{self.day.isoformat()}T08:00:00"),
            "WRS_PATH": PATH,
            "WRS_ROW": self.row,
            "UTM_ZONE": ZONE,
            "CLOUD_COVER": self.cloud_cover,
            "SUN_ELEVATION": self.sun_deg,
            **{f"REFLECTANCE_MULT_BAND_{n}": landsat.TOA_SCALE for n in numbers},
            **{f"REFLECTANCE_ADD_BAND_{n}": landsat.TOA_OFFSET for n in numbers},
            **thermal,
        }

    def raster(self, band: str, *, is_toa: bool) -> Raster:
        """Return a band as digital numbers, or as the physical values of the service."""
        if band in QUALITY:
            bits = self.qa if band == "QA_PIXEL" else np.zeros_like(self.qa)
            return Raster(np.where(self.qa == 1, np.nan, bits), self.grid)
        is_pan = band == "B8"
        counts = self.pan if is_pan else self.counts[BANDS.index(band)]
        values: F32 | F64 = counts.astype(np.float64)
        if is_toa and band in THERMAL:
            constants = THERMAL_CONSTANTS[THERMAL.index(band)]
            values = landsat.brightness_temperature(counts, **constants)
        elif is_toa:
            up = math.sin(math.radians(self.sun_deg))
            values = (values * landsat.TOA_SCALE + landsat.TOA_OFFSET) / up
            values = values.astype(np.float32)
        masked = np.where(counts == 0, np.nan, values).astype(np.float64)
        return Raster(masked, self.pan_grid if is_pan else self.grid)


@dataclass(frozen=True, eq=False)
class SimulatedAssets:
    """Plots of the simulated world as scenes of one path, in one or two rows."""

    world: World
    rows: int = 1

    def collection(self, name: str, bounds: Bounds | None) -> Sequence[Asset]:
        """Return the scenes over the plots in an area."""
        if name in EMPTY:
            return []
        if name not in (TOA, COUNTS):
            raise KeyError(name)
        plots = [
            p for p in self.world.plots() if bounds and _square(p).intersects(box(*bounds))
        ]
        return [
            self._asset(name, scene)
            for plot in plots
            for scene in pass_rows(self, plot).values()
        ]

    def image(self, name: str) -> Asset:
        """Return a scene, whose pixels depend on the plot that is requested."""
        collection, _, index = name.rpartition("/")
        if collection not in (TOA, COUNTS):
            raise KeyError(name)

        def raster(band: str, grid: Grid) -> Raster:
            scene = pass_rows(self, _plot_under(self, grid)).get(index)
            if scene is None:
                return Raster(np.full((1, 1), np.nan), grid.cut(0, 0, 1, 1))
            return scene.raster(band, is_toa=collection == TOA)

        return Asset(index, {}, raster, (*BANDS, *QUALITY))

    def _asset(self, collection: str, scene: PassRow) -> Asset:
        return Asset(
            scene.index,
            scene.properties,
            lambda band, _: scene.raster(band, is_toa=collection == TOA),
            (*BANDS, *QUALITY),
        )


@lru_cache(maxsize=700)
def _square(plot: Plot) -> Polygon:
    return square(plot.grid)


@lru_cache(maxsize=700)
def _plot_under(assets: SimulatedAssets, grid: Grid) -> Plot:
    return assets.world.plot_under(grid)


#: Prevents concurrent requests for a plot from simulating its scenes twice.
_lock = threading.Lock()


def pass_rows(assets: SimulatedAssets, plot: Plot) -> dict[str, PassRow]:
    """Return all scenes of a plot by id, in the order of days and rows."""
    with _lock:
        return _pass_rows(assets, plot)


@lru_cache(maxsize=64)
def _pass_rows(assets: SimulatedAssets, plot: Plot) -> dict[str, PassRow]:
    world = assets.world
    ground = world.ground(plot)
    rows = []
    for day in world.days(plot):
        exposure = world.expose(plot, ground, day)
        rows += [
            _pass_row(exposure, plot.grid, day, k, assets.rows) for k in range(assets.rows)
        ]
    return {scene.index: scene for scene in rows}


def _pass_row(exposure: Exposure, grid: Grid, day: date, k: int, n_rows: int) -> PassRow:
    """Return one row of a pass, with digital numbers for its own sun elevation."""
    up = landsat.TOA_SCALE / float(exposure.scale[0])
    sun_deg = math.degrees(math.asin(up)) - k * SUN_DROP_DEG
    counts = np.empty_like(exposure.dn)
    physics = exposure.dn * exposure.scale[:, None, None] + exposure.offset[:, None, None]
    rho = physics[:9] * math.sin(math.radians(sun_deg))
    counts[:9] = np.clip(np.rint((rho - landsat.TOA_OFFSET) / landsat.TOA_SCALE), 1, 65535)
    for i, c in enumerate(THERMAL_CONSTANTS, start=9):
        radiance = c["k1"] / (np.exp(c["k2"] / physics[i]) - 1.0)
        counts[i] = np.clip(np.rint((radiance - c["add"]) / c["mult"]), 1, 65535)
    qa = exposure.qa.copy()
    cut = (grid.shape[0] - OVERLAP_PX) // 2
    hidden = np.zeros(grid.shape, np.bool_)
    if n_rows == 2:
        hidden[slice(cut + OVERLAP_PX, None) if k == 0 else slice(0, cut)] = True
    hidden |= exposure.dn[0] == 0
    counts[:, hidden], qa[hidden] = 0, 1
    cloud_cover = round(100 * float(((exposure.qa >> 3) & 1).mean()), 2)
    return PassRow(day, 61 + k, grid, counts, _pan(counts[7]), qa, sun_deg, cloud_cover)


def _pan(counts: U16) -> U16:
    """Return B8 at 15 m from 30 m pixels: the mean of neighbours between them, or no data."""
    rows, cols = counts.shape
    fine = np.zeros((2 * rows - 1, 2 * cols - 1))
    fine[::2, ::2] = np.where(counts == 0, np.nan, counts)
    fine[1::2, ::2] = (fine[:-1:2, ::2] + fine[2::2, ::2]) / 2
    fine[:, 1::2] = (fine[:, :-1:2] + fine[:, 2::2]) / 2
    return np.where(np.isnan(fine), 0, np.rint(fine)).astype(np.uint16)
