"""Read and write GeoTIFF and COG, burn and trace polygons: the only door to rasterio."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Literal

import numpy as np
import rasterio
import shapely
from affine import Affine
from numpy.typing import NDArray
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.features import rasterize, shapes
from rasterio.io import DatasetReader, MemoryFile
from rasterio.shutil import copy as copy_raster
from rasterio.warp import Resampling, reproject, transform_bounds
from rasterio.windows import Window

from minecover.atomic import replacing
from minecover.cube import Cube
from minecover.errors import SceneError
from minecover.grid import Grid, area_mean

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
#: A band of whatever dtype its file has.
Band = NDArray[np.generic]
Method = Literal["nearest", "bilinear", "average"]

#: The names under which a cube's quality bits stand beside its bands.
QA, RADSAT = "QA_PIXEL", "QA_RADSAT"
#: Source pixels read round the target, so that a bilinear kernel never runs dry.
KERNEL_MARGIN_PX = 2
#: Largest part of a pixel by which two lattices may differ and still count as one.
LATTICE_TOLERANCE_PX = 1e-4


def write_cube(path: Path, cube: Cube) -> None:
    """Write a cube as a GeoTIFF whose bands are described ``date/band``, all or nothing.

    Digital numbers and quality bits are stored as they are (in a float32 cube the bits become
    floats, which hold every uint16 exactly); scale and offset stand at each band.
    """
    n_dates, n_bands = len(cube.dates), len(cube.bands)
    if n_dates == 0:
        raise SceneError(f"{path.name} would hold no scene at all. Write only covered sites.")
    quality = np.stack([cube.qa, cube.radsat], axis=1).astype(cube.dn.dtype)
    stack = np.concatenate([cube.dn, quality], axis=1).reshape(-1, *cube.grid.shape)
    names = [f"{day.isoformat()}/{b}" for day in cube.dates for b in (*cube.bands, QA, RADSAT)]
    plain = np.ones((n_dates, 2))
    with (
        replacing(path) as temporary,
        rasterio.open(temporary, "w", **_profile(stack, cube.grid)) as sink,
    ):
        sink.write(stack)
        sink.descriptions = names
        sink.scales = np.concatenate([cube.scale, plain], axis=1).ravel().tolist()
        sink.offsets = np.concatenate([cube.offset, 0 * plain], axis=1).ravel().tolist()
        sink.update_tags(halo_px=cube.halo_px, qa_layout=cube.qa_layout, n_bands=n_bands)


def read_cube(path: Path) -> Cube:
    """Read what `write_cube` wrote.

    Raises
    ------
    SceneError
        If the file cannot be read or was not written by `write_cube`.
    """
    with _opened(path) as source:
        tags, names = source.tags(), [name or "" for name in source.descriptions]
        if not {"halo_px", "qa_layout", "n_bands"} <= set(tags):
            raise SceneError(
                f"{path} is not a scene file: its tags are {sorted(tags)}. "
                "Rebuild it with `dvc repro imagery`."
            )
        width = int(tags["n_bands"]) + 2
        axes = (len(names) // width, width)
        stack = source.read().reshape(*axes, *source.shape)
        return Cube(
            dn=stack[:, :-2],
            scale=np.array(source.scales).reshape(axes)[:, :-2],
            offset=np.array(source.offsets).reshape(axes)[:, :-2],
            qa=stack[:, -2].astype(np.uint16),
            radsat=stack[:, -1].astype(np.uint16),
            qa_layout=tags["qa_layout"],
            dates=tuple(date.fromisoformat(n.split("/")[0]) for n in names[::width]),
            bands=tuple(n.split("/")[1] for n in names[: width - 2]),
            grid=_grid(source),
            halo_px=int(tags["halo_px"]),
        )


def write_planes(path: Path, planes: Mapping[str, Band], grid: Grid) -> None:
    """Write named planes of one dtype as a GeoTIFF, all or nothing.

    Parameters
    ----------
    path : Path
        The file to create or replace.
    planes : mapping of str to (row, col) array
        Integers or floats, one dtype; NaN is nodata. Cast booleans to uint8 first.
    grid : Grid
        Where the planes lie.
    """
    stack = _stacked(planes, grid)
    with (
        replacing(path) as temporary,
        rasterio.open(temporary, "w", **_profile(stack, grid)) as sink,
    ):
        sink.write(stack)
        sink.descriptions = list(planes)


def read_planes(path: Path) -> dict[str, Band]:
    """Read what `write_planes` or `write_cog` wrote: the planes by name, in order."""
    with _opened(path) as source:
        stack = source.read()
        names = [name or f"band_{i}" for i, name in enumerate(source.descriptions, start=1)]
        return dict(zip(names, stack, strict=True))


def write_cog(path: Path, planes: Mapping[str, F32], grid: Grid) -> None:
    """Write named float32 planes as a Cloud Optimized GeoTIFF, all or nothing; NaN is nodata.

    References
    ----------
    OGC 21-026, Cloud Optimized GeoTIFF Standard.
    """
    stack = _stacked(planes, grid).astype(np.float32)
    with replacing(path) as temporary, MemoryFile() as memory:
        with memory.open(**_profile(stack, grid)) as draft:
            draft.write(stack)
            draft.descriptions = list(planes)
        options = {"compress": "deflate", "predictor": "yes", "overview_resampling": "average"}
        with memory.open() as draft:
            copy_raster(draft, temporary, driver="COG", blocksize=256, **options)


def read_grid(path: Path) -> Grid:
    """Read only where a raster lies."""
    with _opened(path) as source:
        return _grid(source)


def read_band(path: Path, grid: Grid, *, resampling: Method, fill: float = 0) -> Band:
    """Read a single-band file onto `grid`.

    Where CRS and lattice agree, pixels are copied and `resampling` is not used. Where only the
    lattice differs, ``"average"`` is the mean over the ground each pixel covers: for the 15 m
    pan band, whose pixels do not nest into the 30 m ones, that is the kernel [1/4, 1/2, 1/4].
    Everything else is warped.

    Parameters
    ----------
    path : Path
        A GeoTIFF, or whatever GDAL reads.
    grid : Grid
        The pixels wanted; they may reach beyond the file, or lie outside it.
    resampling : {"nearest", "bilinear", "average"}
        How values of another lattice are brought onto this one: nearest for bit fields.
    fill : float
        What stands for "no data", in the file (beside its own nodata) and in the result.

    Returns
    -------
    (row, col) array
        The file's dtype; float32 if `fill` is NaN.

    Raises
    ------
    SceneError
        If the file is missing, cut short, no raster, has no CRS or several bands.
    """
    with _opened(path) as source:
        if source.count != 1:
            raise SceneError(f"{path} must hold one band, found {source.count}.")
        dtype = np.dtype(np.float32 if np.isnan(fill) else source.dtypes[0])
        target = np.full(grid.shape, np.nan)
        shift = _lattice_shift(source, grid)
        if shift is not None:
            _paste(source, target, *shift, fill)
        else:
            _resample(source, grid, target, resampling, fill)
    if np.issubdtype(dtype, np.integer):
        target = np.rint(target)
    return np.where(np.isnan(target), fill, target).astype(dtype)


def burn(
    geometries: Iterable[shapely.Geometry], grid: Grid, *, all_touched: bool
) -> NDArray[np.bool_]:
    """Mark the pixels under geometries given in ``grid.crs``.

    Parameters
    ----------
    geometries : iterable of shapely geometries
        Empty ones, and an empty iterable, mark nothing.
    grid : Grid
        The pixels.
    all_touched : bool
        Mark every pixel a geometry touches instead of those whose centre lies inside.

    Returns
    -------
    (row, col) bool
    """
    solid = [geometry for geometry in geometries if not geometry.is_empty]
    if not solid:
        return np.zeros(grid.shape, np.bool_)
    burned = rasterize(
        solid,
        out_shape=grid.shape,
        transform=grid.transform,
        all_touched=all_touched,
        dtype=np.uint8,
    )
    return np.asarray(burned, np.bool_)


def trace(mask: NDArray[np.bool_], grid: Grid) -> list[shapely.Polygon]:
    """Outline the True pixels: one polygon a 4-connected object, holes kept, in ``grid.crs``.

    Polygons come from north to south, then from west to east.
    """
    cells = mask.astype(np.uint8)
    outlines = shapes(cells, mask=mask, connectivity=4, transform=grid.transform)
    polygons = [shapely.geometry.shape(outline) for outline, _ in outlines]
    return sorted(polygons, key=lambda polygon: (-polygon.bounds[3], polygon.bounds[0]))


@contextmanager
def _opened(path: Path) -> Iterator[DatasetReader]:
    """Open a raster for reading; whatever rasterio raises becomes a `SceneError`."""
    if not path.is_file():
        raise SceneError(f"{path} is missing. Download it again, or restore it: dvc pull.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            source = rasterio.open(path)
        with source:
            if source.crs is None:
                raise SceneError(
                    f"{path} has no coordinate system. "
                    "Use the georeferenced GeoTIFF that was delivered."
                )
            yield source
    except RasterioError as error:
        raise SceneError(
            f"{path} cannot be read as a raster: found {path.stat().st_size} bytes and "
            f"{str(error.__cause__ or error).rstrip(chr(46))}. It is damaged or cut short: "
            "download it again, or restore it: dvc pull."
        ) from error


def _grid(source: DatasetReader) -> Grid:
    return Grid(source.crs.to_string(), source.transform, source.shape)


def _profile(stack: Band, grid: Grid) -> dict[str, object]:
    """Creation options of a GeoTIFF that holds `stack`, one compressed strip a band."""
    is_float = np.issubdtype(stack.dtype, np.floating)
    count, rows, cols = stack.shape
    return {
        "driver": "GTiff",
        "count": count,
        "height": rows,
        "width": cols,
        "dtype": stack.dtype,
        "crs": grid.crs,
        "transform": grid.transform,
        "nodata": float("nan") if is_float else None,
        "interleave": "band",
        "blockysize": min(rows, 256),
        "compress": "deflate",
        "zlevel": 1,
        "predictor": 3 if is_float else 2,
    }


def _stacked(planes: Mapping[str, Band], grid: Grid) -> Band:
    """Stack planes, which must share a dtype and the grid's shape."""
    found = {name: (str(plane.dtype), plane.shape) for name, plane in planes.items()}
    if len({dtype for dtype, _ in found.values()}) != 1 or any(
        shape != grid.shape for _, shape in found.values()
    ):
        raise ValueError(f"planes need one dtype and the shape {grid.shape}, found {found}.")
    return np.stack(list(planes.values()))


def _lattice_shift(source: DatasetReader, grid: Grid) -> tuple[int, int] | None:
    """Source row and column of the grid's first pixel, or None where the lattices differ."""
    if source.crs != rasterio.CRS.from_user_input(grid.crs):
        return None
    step = ~source.transform @ grid.transform
    near = Affine(1, 0, round(step.c), 0, 1, round(step.f))
    drift = max(
        abs(a - b)
        for corner in [(0, 0), grid.shape[::-1]]
        for a, b in zip(step @ corner, near @ corner, strict=True)
    )
    return (int(near.f), int(near.c)) if drift < LATTICE_TOLERANCE_PX else None


def _paste(source: DatasetReader, target: F64, row: int, col: int, fill: float) -> None:
    """Copy the part of `target`, whose first pixel is the source's (row, col), that it has."""
    rows, cols = target.shape
    top, left = max(row, 0), max(col, 0)
    bottom, right = min(row + rows, source.height), min(col + cols, source.width)
    if top < bottom and left < right:
        inside = target[top - row : bottom - row, left - col : right - col]
        inside[:] = _values(source, Window(left, top, right - left, bottom - top), fill)


def _resample(
    source: DatasetReader, grid: Grid, target: F64, resampling: Method, fill: float
) -> None:
    """Fill `target` from a source of another lattice, reading no more than it needs."""
    bounds = transform_bounds(grid.crs, source.crs, *grid.bounds)
    if not np.all(np.isfinite(bounds)):
        return
    corners = [~source.transform @ (x, y) for x in bounds[::2] for y in bounds[1::2]]
    first = np.floor(np.min(corners, axis=0)).astype(int) - KERNEL_MARGIN_PX
    last = np.ceil(np.max(corners, axis=0)).astype(int) + KERNEL_MARGIN_PX
    left, top = np.maximum(first, 0).tolist()
    right, bottom = np.minimum(last, (source.width, source.height)).tolist()
    if left >= right or top >= bottom:
        return
    values = _values(source, Window(left, top, right - left, bottom - top), fill)
    transform = source.transform @ Affine.translation(left, top)
    is_same_crs = source.crs == rasterio.CRS.from_user_input(grid.crs)
    if resampling == "average" and is_same_crs and _is_north_up(transform):
        target[:] = area_mean(values, Grid(grid.crs, transform, values.shape), grid)
        return
    reproject(
        values,
        target,
        src_transform=transform,
        src_crs=source.crs,
        src_nodata=np.nan,
        dst_transform=grid.transform,
        dst_crs=grid.crs,
        dst_nodata=np.nan,
        resampling=Resampling[resampling],
    )


def _values(source: DatasetReader, window: Window, fill: float) -> F64:
    """Read a window as float64; the file's nodata and `fill` become NaN."""
    values: F64 = source.read(1, window=window).astype(np.float64)
    values[(values == fill) | (values == source.nodata)] = np.nan
    return values


def _is_north_up(transform: Affine) -> bool:
    return bool(transform.b == transform.d == 0 and transform.a > 0 > transform.e)
