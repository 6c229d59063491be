"""Read archives of the 2017 proof of concept (PoC), and scenes from them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from types import ModuleType

import numpy as np
from affine import Affine
from numpy.typing import NDArray

from minecover.core.cube import Cube
from minecover.core.errors import ConfigError, NotCoveredError, SceneError
from minecover.core.grid import Grid
from minecover.core.sensors import OLI
from minecover.core.sites import Site

Image = NDArray[np.generic]

#: Names of the archive's sources.
LANDSAT8, MASK, WATER = "landsat8", "mask", "water"
QUALITY = "BQA"
CRS = "EPSG:4326"
#: Value of the quality band where a composite has no data.
QA_FILL = 1


@dataclass(frozen=True, slots=True)
class ArchiveArray:
    """Description of one array of an archive.

    Parameters
    ----------
    location_id, source_id : str
        Location and kind of the array; together they are the path of its folder.
    metadata : mapping
        Entry in metadata.json: ``top_left``, ``bottom_right`` and ``pixel_size`` (longitude,
        latitude) [degrees]; for scenes also ``bands`` and ``dates``.
    """

    location_id: str
    source_id: str
    metadata: Mapping[str, object]

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts from the metadata; a `SceneError` if there is none."""
        found = self.metadata.get(key)
        if not isinstance(found, list):
            raise self._missing_key(key)
        return tuple(str(text) for text in found)

    def days(self) -> tuple[date, ...]:
        """Return the dates, written as ``20161015`` in the metadata."""
        return tuple(datetime.strptime(day, "%Y%m%d").date() for day in self.texts("dates"))

    def grid(self) -> Grid:
        """Return the grid of the array, in longitude and latitude."""
        (left, top), (right, bottom), (width, height) = (
            self._pair(key) for key in ("top_left", "bottom_right", "pixel_size")
        )
        if not 0 < width == -height:
            raise SceneError(
                f"{self.location_id}/{self.source_id} must have square pixels, north up, found "
                f"pixel_size {width:g}, {height:g} in metadata.json."
            )
        shape = round((top - bottom) / width), round((right - left) / width)
        return Grid(CRS, Affine(width, 0.0, left, 0.0, -width, top), shape)

    def _pair(self, key: str) -> tuple[float, float]:
        found = self.metadata.get(key)
        if not isinstance(found, list) or len(found) != 2:
            raise self._missing_key(key)
        return float(found[0]), float(found[1])

    def _missing_key(self, key: str) -> SceneError:
        return SceneError(
            f"metadata.json has no valid {key} of {self.location_id}/{self.source_id} "
            f"(it has: {', '.join(sorted(self.metadata)) or 'nothing'}). Restore the archive."
        )


@dataclass(frozen=True, slots=True)
class Archive:
    """A folder of bcolz arrays ``<location>/<source>`` with a ``metadata.json``.

    The proof of concept calls the first axes x and y, but they are those of GDAL's
    ``ReadAsArray``: row (north first), column, band, date. Cloud shadows confirm this: in the
    morning passes they fall west of their clouds.

    Parameters
    ----------
    folder : str
        The folder.
    """

    folder: str

    def arrays(self, source_id: str) -> dict[str, ArchiveArray]:
        """Return the arrays of a source by location, sorted.

        Parameters
        ----------
        source_id : str
            Name of the source, e.g. `LANDSAT8`.

        Raises
        ------
        SceneError
            If there is no archive, or it has no array of this source.
        """
        found = {
            s.location_id: s for s in read_index(Path(self.folder)) if s.source_id == source_id
        }
        if not found:
            raise SceneError(
                f"{self.folder} must be an archive with arrays of {source_id!r} (a folder with "
                f"metadata.json and a bcolz array per location and source), found none. "
                "Fix source.input."
            )
        return dict(sorted(found.items()))

    def array(self, location_id: str, source_id: str) -> ArchiveArray:
        """Return the array of a location and source; a `NotCoveredError` if there is none."""
        arrays = self.arrays(source_id)
        if location_id not in arrays:
            raise NotCoveredError(
                f"{self.folder} has no location {location_id} (found {len(arrays)}: "
                f"{', '.join(list(arrays)[:3])} ...). Choose sites=poc_archive."
            )
        return arrays[location_id]

    def read(self, array: ArchiveArray) -> Image:
        """Return the values of an array, (row, col, ...), in its own dtype.

        Raises
        ------
        SceneError
            If the array is missing or has another shape than its metadata.
        """
        path = Path(self.folder) / array.location_id / array.source_id
        if not path.is_dir():
            raise SceneError(f"{path} is missing. Restore the archive.")
        image: Image = import_bcolz().open(str(path), mode="r")[:]
        rows, cols = array.grid().shape
        if image.shape[:2] != (rows, cols):
            raise SceneError(
                f"{path} must be {rows} x {cols} pixels, as metadata.json says, found "
                f"{' x '.join(map(str, image.shape))}. Restore the archive."
            )
        return image


@dataclass(frozen=True, slots=True)
class ArchiveScenes:
    """Source of the 32-day composites of an archive: float32, with pre-collection BQA.

    Parameters
    ----------
    archive : Archive
        The archive.
    bands : sequence of str
        Bands to read, by common name; the archive calls them B1 to B11. A location that lacks
        one of them is an error.
    drop_last_date : bool
        Whether to ignore the last date of every location, as the proof of concept did.
    """

    archive: Archive
    bands: Sequence[str]
    drop_last_date: bool

    def scenes(self, site: Site) -> Cube:
        """Return the composites of a location.

        Parameters
        ----------
        site : Site
            A site with the name, the corner and the pixels of a location.

        Raises
        ------
        NotCoveredError
            If the archive has no location with the name of the site.
        SceneError
            If the site has another grid, or a band is missing.
        """
        found = self.archive.array(site.site_id, LANDSAT8)
        _check_grid(site, found.grid())
        rows, cols = site.read_grid.shape
        image = self.archive.read(found).astype(np.float32)[:rows, :cols].transpose(3, 2, 0, 1)
        days, names = found.days(), found.texts("bands")
        if image.shape[:2] != (len(days), len(names)) or len(set(days)) < len(days):
            raise SceneError(
                f"{site.site_id} must have one plane per date and band, without repetition, "
                f"found {image.shape[:2]} dates and bands for {days} and {names}. "
                "Restore the archive."
            )
        order = np.argsort(np.array(days))[: len(days) - self.drop_last_date]
        natives = [OLI.native(band) for band in self.bands]
        dn = image[order][:, [_index_of(names, native, site) for native in natives]]
        bqa = image[order, _index_of(names, QUALITY, site)]
        ones = np.ones(dn.shape[:2])
        return Cube(
            dn=np.where(np.isfinite(dn), dn, np.float32(np.nan)),
            scale=ones,
            offset=0 * ones,
            qa=np.where(np.isfinite(bqa), bqa, QA_FILL).astype(np.uint16),
            saturated=np.zeros(bqa.shape, np.bool_),
            qa_layout="pre",
            dates=tuple(days[i] for i in order),
            bands=tuple(self.bands),
            grid=site.read_grid,
            halo_px=site.halo_px,
        )


def read_index(folder: Path) -> list[ArchiveArray]:
    """Return the arrays in metadata.json; an empty list if there is no such file."""
    path = folder / "metadata.json"
    if not path.is_file():
        return []
    table = json.loads(path.read_text(encoding="utf-8"))
    return [
        ArchiveArray(location, table["source_id"][i], table["metadata"][i])
        for i, location in table["location_id"].items()
    ]


def _check_grid(site: Site, grid: Grid) -> None:
    """Check that a site has the corner and the pixels of its location."""
    own = site.read_grid
    is_inside = all(a <= b for a, b in zip(own.shape, grid.shape, strict=True))
    if (own.crs, own.transform) != (grid.crs, grid.transform) or not is_inside:
        raise SceneError(
            f"the archive is not resampled: site {site.site_id} must lie on the grid of its "
            f"location, found {own.crs}, {tuple(own.transform)[:6]}. "
            "Choose sites=poc_archive."
        )


def _index_of(names: Sequence[str], band: str, site: Site) -> int:
    if band not in names:
        raise SceneError(
            f"location {site.site_id} has no band {band} (found: {', '.join(names)}). "
            "Remove it from source.bands."
        )
    return names.index(band)


def import_bcolz() -> ModuleType:
    """Return the module bcolz, which is not available for every Python."""
    try:
        import bcolz
    except ImportError as error:
        raise ConfigError(
            "archives of the proof of concept need bcolz, which is not installed: "
            "pip install 'minecover[archive]' (Python 3.11 or 3.12; 3.13 has no wheel of it)."
        ) from error
    module: ModuleType = bcolz
    return module
