"""Annual embeddings from GeoTIFFs of int8, as they are published beside Earth Engine's."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

import numpy as np

from minecover.core.cube import F32, Cube
from minecover.core.errors import NotCoveredError, SceneError
from minecover.core.grid import Grid
from minecover.core.hemispheres import northern
from minecover.core.interpolation import block_mean, sampled
from minecover.core.raster.south_up import RasterWindow, north_up_grid, read_window
from minecover.core.sites import Site
from minecover.sources import check_period
from minecover.sources.days import join_days
from minecover.sources.embeddings import alphaearth
from minecover.sources.product import Scene

SUFFIXES = (".tif", ".tiff")
_YEAR = re.compile(r"(?<!\d)(20\d\d)(?!\d)")


@dataclass(frozen=True, slots=True)
class EmbeddingFiles:
    """Source of annual embeddings in a folder of GeoTIFFs.

    Parameters
    ----------
    folder : str
        Folder with the files, in folders of any depth. The year is the name of a folder,
        ``2017/35S/x1.tiff``, or else part of the file's own, ``x1_2017.tiff``.
    bands : sequence of str
        Bands to read, some of A00 to A63.
    first_day, last_day : str
        ISO days, both included: a year is read if its 1 July lies between them.
    """

    folder: str
    bands: Sequence[str]
    first_day: str
    last_day: str

    def __post_init__(self) -> None:
        """Check bands and period without reading files."""
        alphaearth.check_bands(self.bands)
        check_period(self.first_day, self.last_day)

    def scenes(self, site: Site) -> Cube:
        """Return the embeddings of a site on ``site.read_grid``, one date a year (1 July).

        Pixels of the grid's UTM zone are copied, or averaged over larger ones; those of others
        are interpolated. All vectors have the length 1.

        Parameters
        ----------
        site : Site
            The site, with its halo.

        Raises
        ------
        NotCoveredError
            If no file of the period covers the site.
        SceneError
            If a file cannot be read, or holds something else.
        """
        grid = site.read_grid
        found = [
            (day, path)
            for path, day in _days(self.folder).items()
            if self.first_day <= day.isoformat() <= self.last_day
            and northern(_file_grid(path)).overlaps(grid)
        ]
        if not found:
            raise NotCoveredError(
                f"{self.folder} has no embeddings over site {site.site_id} from "
                f"{self.first_day} to {self.last_day}. Widen the period (source.scenes), or "
                "add their files to source.input."
            )
        # Of one year, files in the zone of the site come first: they need no resampling.
        ordered = sorted((day, _zone(path) != grid.crs, path) for day, path in found)
        scenes = [self._scene(path, day, grid) for day, _, path in ordered]
        return join_days(scenes, site, self.bands)

    def _scene(self, path: Path, day: date, grid: Grid) -> Scene:
        window = read_window(path, grid)
        values = (
            np.full((len(alphaearth.BANDS), *grid.shape), np.nan, np.float32)
            if window is None
            else _on_grid(window, grid)
        )
        return alphaearth.scene(path.name, day, alphaearth.unit_vectors(values), self.bands)


def _on_grid(window: RasterWindow, grid: Grid) -> F32:
    """Return decoded pixels on a grid: copies, means by area, or values between pixels."""
    source = northern(window.grid)
    is_own = source.crs == grid.crs
    side = grid.transform.a / source.transform.a
    # Two points a pixel and axis lie in the right pixels wherever edges lie at half pixels.
    n = 2 * round(side) if is_own and side > 1 else 1
    col, row = source.positions(grid.split(n))
    # Of length 1 before they are averaged, as in Earth Engine.
    numbers = alphaearth.unit_vectors(alphaearth.decoded(window.values.astype(np.int8)))
    return np.stack(
        [
            block_mean(sampled(one, col, row, is_smooth=not is_own), n)
            for one in numbers.astype(np.float64)
        ]
    ).astype(np.float32)


def _zone(path: Path) -> str:
    """Return the northern UTM zone of a file."""
    return northern(_file_grid(path)).crs


def _days(folder: str) -> dict[Path, date]:
    """Return the files of a folder with the dates that stand for their years, by name."""
    files = sorted(path for path in Path(folder).rglob("*") if path.suffix.lower() in SUFFIXES)
    if not files:
        raise SceneError(
            f"{folder} has no GeoTIFF of embeddings (*.tif, *.tiff). Fix source.input."
        )
    return {path: alphaearth.day_of(_year(path, Path(folder))) for path in files}


def _year(path: Path, folder: Path) -> int:
    """Return the year of a file: the nearest folder named by one, else that in its own name."""
    *folders, _ = path.relative_to(folder.parent).parts
    named = [name for name in reversed(folders) if _YEAR.fullmatch(name)]
    # Published names hold random text, in which four digits may look like a year.
    found = _YEAR.search(named[0] if named else path.name)
    if not found:
        raise SceneError(
            f"{path} does not say of which year it is. Put it into a folder with the year as "
            "its name, e.g. 2017."
        )
    return int(found[1])


def _file_grid(path: Path) -> Grid:
    """Return the north-up grid of a file, which is checked once per process."""
    return _checked_grid(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=16384)
def _checked_grid(path: Path, stamp: int) -> Grid:
    grid, n_bands, dtype = north_up_grid(path)
    if n_bands != len(alphaearth.BANDS) or dtype != np.int8:
        raise SceneError(
            f"{path} must have {len(alphaearth.BANDS)} bands of int8, found {n_bands} of "
            f"{dtype}. "
            "Use the files of embeddings as published."
        )
    return grid
