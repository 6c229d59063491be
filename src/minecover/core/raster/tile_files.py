"""Write tiles of a map as Cloud Optimized GeoTIFFs, and VRT mosaics that refer to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from rasterio.io import MemoryFile
from rasterio.shutil import copy as copy_raster

from minecover.core.files import replacing, write_text
from minecover.core.grid import Grid
from minecover.core.map_classes import CLASS_COLOURS, CLASS_NAMES
from minecover.core.raster import NONE, Band, created

#: GDAL's names of the dtypes of tiles.
GDAL_TYPES = {"float32": "Float32", "uint8": "Byte"}


@dataclass(frozen=True, slots=True)
class MosaicTile:
    """A tile of a mosaic.

    Parameters
    ----------
    path : str
        Path of the tile's file, relative to the mosaic.
    grid : Grid
        Grid of the tile.
    """

    path: str
    grid: Grid


def write_tile(
    path: Path, plane: Band, grid: Grid, *, name: str, tags: Mapping[str, str] = NONE
) -> None:
    """Write one plane as a COG, all or nothing, with fast compression.

    Classes have a colour table, and their names as tags of the band. GDAL keeps the names of
    categories in a file beside, ``*.tif.aux.xml``, which is written too.

    Parameters
    ----------
    path : Path
        The file.
    plane : (row, col) float32 or uint8
        Probabilities (NaN is nodata, overviews are means) or classes (0 is nodata, overviews
        are the most frequent class).
    grid : Grid
        Grid of the plane.
    name : str
        Description of the band.
    tags : mapping of str
        Tags of the file.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    is_float = np.issubdtype(plane.dtype, np.floating)
    options = {
        "compress": "deflate",
        "level": 1,
        "predictor": "yes" if is_float else "no",
        "blocksize": 256,
        "overview_resampling": "average" if is_float else "mode",
    }
    with replacing(path) as temporary, MemoryFile() as memory, MemoryFile() as whole:
        with created(memory.name, plane[None], grid, is_packed=False) as draft:
            draft.descriptions = [name]
            draft.update_tags(**tags)
            if not is_float:
                draft.nodata = 0
                draft.write_colormap(1, dict(enumerate(CLASS_COLOURS)))
                draft.update_tags(1, **class_tags())
        copy_raster(memory.name, whole.name, driver="COG", **options)
        # Not written by GDAL, which may only print that the disk is full.
        temporary.write_bytes(whole.read())
    if not is_float:
        root = ElementTree.Element("PAMDataset")
        _add_names(ElementTree.SubElement(root, "PAMRasterBand", band="1"))
        _write_xml(path.with_name(f"{path.name}.aux.xml"), root)


def class_tags() -> dict[str, str]:
    """Return the names of the classes as tags of a band: ``CLASS_0`` ... ``CLASS_3``."""
    return {f"CLASS_{number}": name for number, name in enumerate(CLASS_NAMES)}


def write_mosaic(
    path: Path,
    tiles: Sequence[MosaicTile],
    dtype: str,
    nodata: float,
    tags: Mapping[str, str] = NONE,
) -> None:
    """Write a VRT mosaic of tiles of one CRS; classes have names and colours.

    Parameters
    ----------
    path : Path
        The file.
    tiles : sequence of MosaicTile
        At least one.
    dtype : str
        ``"float32"`` or ``"uint8"``.
    nodata : float
        Value where there is no tile.
    tags : mapping of str
        Tags of the mosaic.
    """
    whole = _union([tile.grid for tile in tiles])
    rows, cols = whole.shape
    root = ElementTree.Element("VRTDataset", rasterXSize=str(cols), rasterYSize=str(rows))
    ElementTree.SubElement(root, "SRS").text = whole.crs
    t = whole.transform
    corner = (t.c, t.a, t.b, t.f, t.d, t.e)
    ElementTree.SubElement(root, "GeoTransform").text = ", ".join(f"{n:.1f}" for n in corner)
    _add_tags(root, tags)
    band = ElementTree.SubElement(root, "VRTRasterBand", dataType=GDAL_TYPES[dtype], band="1")
    if dtype == "uint8":
        _add_tags(band, class_tags())
        ElementTree.SubElement(band, "ColorInterp").text = "Palette"
        _add_names(band)
        _add_colours(band)
    ElementTree.SubElement(band, "NoDataValue").text = f"{nodata:g}"
    for tile in sorted(tiles, key=lambda tile: tile.path):
        _add(band, tile, whole)
    _write_xml(path, root)


def _union(grids: Sequence[Grid]) -> Grid:
    """Return the grid that encloses aligned grids of one CRS."""
    edges = np.array([grid.bounds for grid in grids])
    left, bottom = edges[:, 0].min(), edges[:, 1].min()
    right, top = edges[:, 2].max(), edges[:, 3].max()
    side_m = grids[0].transform.a
    rows, cols = round((top - bottom) / side_m), round((right - left) / side_m)
    return Grid.from_corner(
        grids[0].crs, float(left), float(top), rows, cols, pixel_m=float(side_m)
    )


def _add(band: ElementTree.Element, tile: MosaicTile, whole: Grid) -> None:
    """Add a tile to the band of a mosaic."""
    rows, cols = tile.grid.shape
    row, col = whole.rowcol(*tile.grid.xy(0, 0))
    source = ElementTree.SubElement(band, "SimpleSource")
    name = ElementTree.SubElement(source, "SourceFilename", relativeToVRT="1")
    name.text = tile.path
    ElementTree.SubElement(source, "SourceBand").text = "1"
    size = {"xSize": str(cols), "ySize": str(rows)}
    ElementTree.SubElement(source, "SrcRect", {"xOff": "0", "yOff": "0"} | size)
    ElementTree.SubElement(source, "DstRect", {"xOff": str(col), "yOff": str(row)} | size)


def _add_tags(parent: ElementTree.Element, tags: Mapping[str, str]) -> None:
    if tags:
        metadata = ElementTree.SubElement(parent, "Metadata")
        for key, value in tags.items():
            ElementTree.SubElement(metadata, "MDI", key=key).text = value


def _add_names(band: ElementTree.Element) -> None:
    """Add the names of the classes to a band."""
    names = ElementTree.SubElement(band, "CategoryNames")
    for name in CLASS_NAMES:
        ElementTree.SubElement(names, "Category").text = name


def _add_colours(band: ElementTree.Element) -> None:
    """Add the colours of the classes to a band."""
    table = ElementTree.SubElement(band, "ColorTable")
    for colour in CLASS_COLOURS:
        parts = dict(zip(("c1", "c2", "c3", "c4"), map(str, colour), strict=True))
        ElementTree.SubElement(table, "Entry", parts)


def _write_xml(path: Path, root: ElementTree.Element) -> None:
    ElementTree.indent(root)
    write_text(path, ElementTree.tostring(root, encoding="unicode") + "\n")
