"""Read and write GeoTIFF and COG, rasterise and trace polygons; the only user of rasterio."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from types import MappingProxyType

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.io import DatasetReader, DatasetWriter, MemoryFile
from rasterio.shutil import copy as copy_raster

from minecover.core.cube import Cube
from minecover.core.errors import SceneError
from minecover.core.files import replacing
from minecover.core.grid import Grid
from minecover.core.raster.band_reading import read_band as read_band
from minecover.core.raster.opening import grid_of, opened
from minecover.core.raster.opening import keep_open as keep_open
from minecover.core.raster.polygons import burn as burn
from minecover.core.raster.polygons import trace as trace
from minecover.core.raster.polygons import trace_inside as trace_inside
from minecover.core.raster.remote import read_remote_band as read_remote_band
from minecover.core.raster.resampling import Method as Method
from minecover.core.raster.sampling import Sample as Sample
from minecover.core.raster.sampling import read_sample as read_sample

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
#: A band, (row, col), of the dtype of its file.
Band = NDArray[np.generic]

#: No tags.
NONE: Mapping[str, str] = MappingProxyType({})
#: Names of the quality bands in the file of a cube.
QA, SATURATED = "quality", "saturated"
#: Tag of a map with the digest of what it was made from.
MADE_FROM = "MINECOVER_MADE_FROM"
#: Tag of a file with the description that viewers show.
DESCRIPTION = "TIFFTAG_IMAGEDESCRIPTION"


def write_cube(path: Path, cube: Cube) -> None:
    """Write a cube as a GeoTIFF with bands named ``date/band``, all or nothing.

    Digital numbers and quality bits are stored unchanged (in a float32 cube the bits become
    floats, which represent every uint16 exactly), with scale and offset of each band.

    Parameters
    ----------
    path : Path
        The file.
    cube : Cube
        Scenes of a site, at least one.

    Raises
    ------
    SceneError
        If the cube has no scene.
    """
    n_dates, n_bands = len(cube.dates), len(cube.bands)
    if n_dates == 0:
        raise SceneError(
            f"{path.name} would contain no scene. Write only sites that scenes cover."
        )
    quality = np.stack([cube.qa, cube.saturated], axis=1).astype(cube.dn.dtype)
    stack = np.concatenate([cube.dn, quality], axis=1).reshape(-1, *cube.grid.shape)
    planes = (*cube.bands, QA, SATURATED)
    names = [f"{day.isoformat()}/{plane}" for day in cube.dates for plane in planes]
    plain = np.ones((n_dates, 2))
    with _written(path) as name, created(name, stack, cube.grid) as sink:
        sink.descriptions = names
        sink.scales = np.concatenate([cube.scale, plain], axis=1).ravel().tolist()
        sink.offsets = np.concatenate([cube.offset, 0 * plain], axis=1).ravel().tolist()
        sink.update_tags(halo_px=cube.halo_px, qa_layout=cube.qa_layout, n_bands=n_bands)
        if cube.is_chip:
            sink.update_tags(is_chip=1)


def read_cube(path: Path) -> Cube:
    """Return the cube of a file written by `write_cube`.

    Raises
    ------
    SceneError
        If the file is missing, damaged or of another kind.
    """
    with opened(path) as source:
        tags = source.tags()
        if not {"halo_px", "qa_layout", "n_bands"} <= set(tags):
            raise SceneError(
                f"{path} is not a scene file: its tags are {sorted(tags)}. "
                "Rebuild it with `dvc repro imagery`."
            )
        try:
            return _cube_of(source, path)
        except (ValueError, IndexError) as error:
            raise SceneError(
                f"{path} is not a scene file: its bands and tags disagree ({error}). "
                "Rebuild it with `dvc repro imagery`."
            ) from error


def write_planes(path: Path, planes: Mapping[str, Band], grid: Grid) -> None:
    """Write named planes of one dtype as a GeoTIFF, all or nothing.

    Parameters
    ----------
    path : Path
        The file.
    planes : mapping of str to (row, col) array
        Integers or floats (NaN is nodata), not booleans.
    grid : Grid
        Grid of the planes.
    """
    stack = _stacked(planes, grid)
    with _written(path) as name, created(name, stack, grid) as sink:
        sink.descriptions = list(planes)


def read_planes(path: Path) -> dict[str, Band]:
    """Return the planes of a file of `write_planes` or `write_cog` by name, in order."""
    with opened(path) as source:
        stack = source.read()
        names = [name or f"band_{i}" for i, name in enumerate(source.descriptions, start=1)]
        return dict(zip(names, stack, strict=True))


def write_cog(
    path: Path,
    planes: Mapping[str, F32],
    grid: Grid,
    *,
    tags: Mapping[str, str] = NONE,
    meanings: Mapping[str, str] = NONE,
) -> None:
    """Write named planes as a Cloud Optimized GeoTIFF, all or nothing.

    Parameters
    ----------
    path : Path
        The file.
    planes : mapping of str to (row, col) float32
        NaN is nodata.
    grid : Grid
        Grid of the planes.
    tags : mapping of str
        Tags of the file: viewers show `DESCRIPTION`, and `MADE_FROM` is a digest of all that
        the planes were made from (see `read_made_from`).
    meanings : mapping of str
        What planes show, by their name, as the tag ``MEANING`` of their band.

    References
    ----------
    OGC 21-026, Cloud Optimized GeoTIFF Standard.
    """
    stack = _stacked(planes, grid).astype(np.float32)
    options = {"compress": "deflate", "predictor": "yes", "overview_resampling": "average"}
    with _written(path) as name, MemoryFile() as memory:
        with created(memory.name, stack, grid) as draft:
            draft.descriptions = list(planes)
            draft.update_tags(**tags)
            for number, plane in enumerate(planes, start=1):
                if plane in meanings:
                    draft.update_tags(number, MEANING=meanings[plane])
        copy_raster(memory.name, name, driver="COG", blocksize=256, **options)


def read_made_from(path: Path) -> str:
    """Return the digest of what a file of `write_cog` was made from; empty if it has none."""
    with opened(path) as source:
        return str(source.tags().get(MADE_FROM, ""))


def read_grid(path: Path) -> Grid:
    """Return the grid of a raster file without reading its pixels."""
    with opened(path) as source:
        return grid_of(source, path)


def _cube_of(source: DatasetReader, path: Path) -> Cube:
    tags, names = source.tags(), [name or "" for name in source.descriptions]
    width = int(tags["n_bands"]) + 2
    axes = (len(names) // width, width)
    stack = source.read().reshape(*axes, *source.shape)
    return Cube(
        dn=stack[:, :-2],
        scale=np.array(source.scales).reshape(axes)[:, :-2],
        offset=np.array(source.offsets).reshape(axes)[:, :-2],
        qa=stack[:, -2].astype(np.uint16),
        saturated=stack[:, -1] != 0,
        qa_layout=tags["qa_layout"],
        dates=tuple(date.fromisoformat(n.split("/")[0]) for n in names[::width]),
        bands=tuple(n.split("/")[1] for n in names[: width - 2]),
        grid=grid_of(source, path),
        halo_px=int(tags["halo_px"]),
        is_chip="is_chip" in tags,
    )


@contextmanager
def created(
    path: Path | str, stack: Band, grid: Grid, *, is_packed: bool = True
) -> Iterator[DatasetWriter]:
    """Write a stack (band, row, col) as a GeoTIFF with one strip per band; yield the open file.

    Parameters
    ----------
    path : Path or str
        The file; may be a GDAL name of a file in memory.
    stack : (band, row, col) array
        Integers or floats; NaN is nodata.
    grid : Grid
        Grid of the bands.
    is_packed : bool
        Whether the bands are compressed.
    """
    is_float = np.issubdtype(stack.dtype, np.floating)
    count, rows, cols = stack.shape
    packing = {"compress": "deflate", "zlevel": 1, "predictor": 3 if is_float else 2}
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        count=count,
        height=rows,
        width=cols,
        dtype=stack.dtype,
        crs=grid.crs,
        transform=grid.transform,
        nodata=float("nan") if is_float else None,
        interleave="band",
        blockysize=rows,
        **(packing if is_packed else {}),
    ) as sink:
        sink.write(stack)
        yield sink


@contextmanager
def _written(path: Path) -> Iterator[str]:
    """Yield GDAL's name of a file in memory, which is written to `path`, all or nothing.

    Not written by GDAL: a full disk is then an error of the system, which says so. libtiff
    prints it past every handler of errors, and rasterio's error names no reason.
    """
    with replacing(path) as temporary, MemoryFile() as memory:
        yield memory.name
        temporary.write_bytes(memory.read())


def _stacked(planes: Mapping[str, Band], grid: Grid) -> Band:
    """Return planes as one array; they must share a dtype and the shape of the grid."""
    found = {(str(plane.dtype), plane.shape) for plane in planes.values()}
    if len(found) != 1 or found.pop()[1] != grid.shape:
        kinds = {name: (str(plane.dtype), plane.shape) for name, plane in planes.items()}
        raise ValueError(f"planes need one dtype and the shape {grid.shape}, found {kinds}.")
    return np.stack(list(planes.values()))
