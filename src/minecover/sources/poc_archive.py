"""The disk format of the 2017 proof of concept, read and written, and the scenes in it."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from types import ModuleType

import numpy as np
from affine import Affine
from numpy.typing import NDArray

from minecover.core.cube import F32, Cube
from minecover.core.errors import ConfigError, NotCoveredError, SceneError
from minecover.core.files import write_text
from minecover.core.grid import Grid
from minecover.core.sites import Site

Image = NDArray[np.generic]

#: What the archive calls its sources, and those that predictions are written back to.
LANDSAT8, MASK, WATER = "landsat8", "mask", "water"
INFERENCE, INFERENCE_TIMEAGG = "landsat8_inference", "landsat8_inference_timeagg"
QUALITY = "BQA"
CRS = "EPSG:4326"
#: What a quality band holds where a composite has no data.
QA_FILL = 1
#: Decimals of a degree that the proof of concept noted.
DECIMALS = 10


@dataclass(frozen=True, slots=True)
class Stored:
    """One array of an archive.

    Parameters
    ----------
    location_id, source_id : str
        Where and what: together they name its folder.
    metadata : mapping
        What the proof of concept noted of it: ``top_left``, ``bottom_right`` and ``pixel_size``
        (longitude, latitude) [degrees]; of scenes ``bands`` and ``dates`` too.
    """

    location_id: str
    source_id: str
    metadata: Mapping[str, object]

    def texts(self, key: str) -> tuple[str, ...]:
        """Give a list of texts from the metadata."""
        found = self.metadata.get(key)
        if not isinstance(found, list):
            raise self._lacks(key)
        return tuple(str(text) for text in found)

    def days(self) -> tuple[date, ...]:
        """Give the dates, which stand there as ``20161015``."""
        return tuple(datetime.strptime(day, "%Y%m%d").date() for day in self.texts("dates"))

    def grid(self) -> Grid:
        """Give the lon/lat lattice of the array, as it is."""
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
            raise self._lacks(key)
        return float(found[0]), float(found[1])

    def _lacks(self, key: str) -> SceneError:
        return SceneError(
            f"metadata.json has no usable {key} of {self.location_id}/{self.source_id} "
            f"(it has: {', '.join(sorted(self.metadata)) or 'nothing'}). Restore the archive."
        )


@dataclass(frozen=True, slots=True)
class Archive:
    """A folder of bcolz arrays, ``<location>/<source>``, beside a ``metadata.json``.

    The proof of concept calls the axes x and y, yet it stacked what GDAL's ``ReadAsArray``
    gave: row (north first), column, band, date. In the morning passes of the archive at hand
    shadows fall west of their clouds, which agrees.
    """

    folder: str

    def stored(self, source_id: str) -> dict[str, Stored]:
        """List the arrays of a source by location, sorted.

        Raises
        ------
        SceneError
            If there is no archive, or none of its arrays is of that source.
        """
        found = {
            s.location_id: s for s in _listed(Path(self.folder)) if s.source_id == source_id
        }
        if not found:
            raise SceneError(
                f"{self.folder} is no archive that holds {source_id!r}: a folder with "
                f"metadata.json and one bcolz array a location and source. Fix source.input."
            )
        return dict(sorted(found.items()))

    def one(self, location_id: str, source_id: str) -> Stored:
        """Find one array of a source; a `NotCoveredError` says so where there is none."""
        stored = self.stored(source_id)
        if location_id not in stored:
            raise NotCoveredError(
                f"{self.folder} has no location {location_id} (found {len(stored)}: "
                f"{', '.join(list(stored)[:3])} ...). Choose sites=poc_archive."
            )
        return stored[location_id]

    def read(self, stored: Stored) -> Image:
        """Read an array whole, (row, col, ...), in the dtype it has."""
        path = Path(self.folder) / stored.location_id / stored.source_id
        if not path.is_dir():
            raise SceneError(f"{path} is missing. Restore the archive.")
        image: Image = _bcolz().open(str(path), mode="r")[:]
        rows, cols = stored.grid().shape
        if image.shape[:2] != (rows, cols):
            raise SceneError(
                f"{path} must be {rows} x {cols} pixels, as metadata.json says, found "
                f"{' x '.join(map(str, image.shape))}. Restore the archive."
            )
        return image


@dataclass(frozen=True, slots=True)
class ArchiveScenes:
    """The source of an archive's 32-day composites: float32, pre-collection BQA.

    Parameters
    ----------
    archive : Archive
    bands : sequence of str
        Bands to read; a location without one of them is an error.
    drop_last_date : bool
        Leave the last date of every location out, as the proof of concept did.
    """

    archive: Archive
    bands: Sequence[str]
    drop_last_date: bool

    def scenes(self, site: Site) -> Cube:
        """Read a location, whose site must lie on its own grid.

        Raises
        ------
        NotCoveredError
            If the archive has no such location.
        SceneError
            If the site has another grid, or a band is missing.
        """
        found = self.archive.one(site.site_id, LANDSAT8)
        _check_grid(site, found.grid())
        rows, cols = site.read_grid.shape
        image = self.archive.read(found).astype(np.float32)[:rows, :cols].transpose(3, 2, 0, 1)
        days, names = found.days(), found.texts("bands")
        if image.shape[:2] != (len(days), len(names)) or len(set(days)) < len(days):
            raise SceneError(
                f"{site.site_id} must have one band a name and one date a plane, each once, "
                f"found {image.shape[:2]} dates and bands for {days} and {names}."
            )
        order = np.argsort(np.array(days))[: len(days) - self.drop_last_date]
        dn = image[order][:, [_place(names, band, site) for band in self.bands]]
        bqa = image[order, _place(names, QUALITY, site)]
        ones = np.ones(dn.shape[:2])
        return Cube(
            dn=np.where(np.isfinite(dn), dn, np.float32(np.nan)),
            scale=ones,
            offset=0 * ones,
            qa=np.where(np.isfinite(bqa), bqa, QA_FILL).astype(np.uint16),
            radsat=np.zeros(bqa.shape, np.uint16),
            qa_layout="pre",
            dates=tuple(days[i] for i in order),
            bands=tuple(self.bands),
            grid=site.read_grid,
            halo_px=site.halo_px,
        )


def predicted(
    scenes: Stored, dates: Sequence[str], by_date: F32, together: F32
) -> list[tuple[Stored, Image]]:
    """Give the predictions of a location the names and the notes of the proof of concept.

    Parameters
    ----------
    scenes, dates
        What they were made from; ISO dates of the first axis.
    by_date, together : (date, row, col) and (row, col) float32
        Probability of a mine on each date, and over all dates.
    """
    right, bottom = scenes.grid().transform @ together.shape[::-1]
    about = {
        **{key: scenes.metadata.get(key) for key in ("projection", "top_left", "pixel_size")},
        "bottom_right": [round(right, DECIMALS), round(bottom, DECIMALS)],
        "dates": [day.replace("-", "") for day in dates],
        # Its viewer looks for the corners, its own predictions carry these three.
        "location_id": scenes.location_id,
        "source_id": scenes.source_id,
        "metadata": scenes.metadata,
    }
    return [
        (Stored(scenes.location_id, INFERENCE, about), by_date),
        (Stored(scenes.location_id, INFERENCE_TIMEAGG, about), together),
    ]


def write_back(folder: Path, images: Iterable[tuple[Stored, Image]]) -> None:
    """Add arrays to an archive, or begin one; what was there under their names is replaced.

    ``metadata.json`` is written last, as pandas writes a table: column, row number, value.
    """
    rows = {(s.location_id, s.source_id): s for s in _listed(folder)}
    for stored, image in images:
        home = folder / stored.location_id
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".", dir=home) as draft:
            new, path = Path(draft) / "new", home / stored.source_id
            _bcolz().carray(image, rootdir=str(new), mode="w").flush()
            if path.is_dir():
                shutil.rmtree(path)
            new.rename(path)
        rows[stored.location_id, stored.source_id] = stored
    columns = ("location_id", "source_id", "metadata")
    table = {
        name: {str(i): getattr(row, name) for i, row in enumerate(rows.values())}
        for name in columns
    }
    write_text(folder / "metadata.json", json.dumps(table, separators=(",", ":")))


def _listed(folder: Path) -> list[Stored]:
    """List what metadata.json names; nothing where there is none."""
    path = folder / "metadata.json"
    if not path.is_file():
        return []
    table = json.loads(path.read_text(encoding="utf-8"))
    return [
        Stored(location, table["source_id"][i], table["metadata"][i])
        for i, location in table["location_id"].items()
    ]


def _check_grid(site: Site, grid: Grid) -> None:
    """Refuse a site that does not share its location's corner and pixels."""
    wanted = site.read_grid
    is_inside = all(a <= b for a, b in zip(wanted.shape, grid.shape, strict=True))
    if (wanted.crs, wanted.transform) != (grid.crs, grid.transform) or not is_inside:
        raise SceneError(
            f"the archive's pixels are kept as they are, and site {site.site_id} lies on "
            f"another grid: {wanted.crs}, {tuple(wanted.transform)[:6]}. "
            "Choose sites=poc_archive."
        )


def _place(names: Sequence[str], band: str, site: Site) -> int:
    if band not in names:
        raise SceneError(
            f"location {site.site_id} has no band {band} (found: {', '.join(names)}). "
            "Take it out of source.bands."
        )
    return names.index(band)


def _bcolz() -> ModuleType:
    """Import bcolz, which has no wheel for every Python."""
    try:
        import bcolz
    except ImportError as error:
        raise ConfigError(
            "reading an archive of the proof of concept takes bcolz, which is not installed: "
            "pip install 'minecover[archive]' (Python 3.11 or 3.12; 3.13 has no wheel of it)."
        ) from error
    module: ModuleType = bcolz
    return module
