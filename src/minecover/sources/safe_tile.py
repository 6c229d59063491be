"""Read the metadata of the tile of a Sentinel-2 product: grids, angles, mask of clouds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from statistics import fmean
from xml.etree import ElementTree

from affine import Affine

from minecover.core.errors import SceneError
from minecover.core.grid import Grid
from minecover.core.raster.archives import archive_of
from minecover.sources.safe import REPLACE, parsed_xml

#: Name of the file, in the folder of its granule.
MTD_TILE = "MTD_TL.xml"


@dataclass(frozen=True)
class SafeTile:
    """Metadata of the tile of a product, ``MTD_TL.xml``.

    Parameters
    ----------
    grids : mapping of float to Grid
        Grids of the images, by the side of a pixel [m], in the CRS of the files.
    sun_zenith_deg, sun_azimuth_deg : float
        Mean direction of the sun.
    view_zenith_deg : float
        Mean angle between the view of the sensor and the vertical, over all bands.
    classification : PurePosixPath or None
        Path of the raster of clouds and snow of Level 1 in the product, if it names one.
    """

    grids: Mapping[float, Grid]
    sun_zenith_deg: float
    sun_azimuth_deg: float
    view_zenith_deg: float
    classification: PurePosixPath | None


def read_safe_tile(path: Path) -> SafeTile:
    """Return the metadata of a tile, which are read once.

    Parameters
    ----------
    path : Path
        ``MTD_TL.xml``, which may lie in an archive.

    Raises
    ------
    SceneError
        If it cannot be read, is not XML, or lacks an element.
    """
    file = archive_of(path) or path
    return _tile(path, file.stat().st_mtime_ns if file.is_file() else 0)


@lru_cache(maxsize=4096)
def _tile(path: Path, stamp: int) -> SafeTile:
    root = parsed_xml(path)
    try:
        crs = _find(root, "HORIZONTAL_CS_CODE").text or ""
        grids = {
            float(place.get("resolution", "")): _tile_grid(root, place, crs)
            for place in root.iter("Geoposition")
        }
        sun = _find(root, "Mean_Sun_Angle")
        views = [_angle(view, "ZENITH") for view in root.iter("Mean_Viewing_Incidence_Angle")]
        angles = (_angle(sun, "ZENITH"), _angle(sun, "AZIMUTH"), fmean(views))
    except ValueError as error:
        raise SceneError(
            f"{path} cannot be read as the metadata of a tile: {error}. {REPLACE}"
        ) from error
    masks = [m.text or "" for m in root.iter("MASK_FILENAME") if m.get("type") == "MSK_CLASSI"]
    return SafeTile(grids, *angles, PurePosixPath(masks[0]) if masks else None)


def _tile_grid(root: ElementTree.Element, place: ElementTree.Element, crs: str) -> Grid:
    """Return the grid of one pixel size."""
    left, top, width, height = (
        float(_find(place, key).text or "") for key in ("ULX", "ULY", "XDIM", "YDIM")
    )
    side = place.get("resolution")
    (size,) = (one for one in root.iter("Size") if one.get("resolution") == side)
    rows, cols = (int(_find(size, key).text or "") for key in ("NROWS", "NCOLS"))
    return Grid(crs, Affine(width, 0.0, left, 0.0, height, top), (rows, cols))


def _angle(root: ElementTree.Element, name: str) -> float:
    return float(_find(root, f"{name}_ANGLE").text or "")


def _find(root: ElementTree.Element, tag: str) -> ElementTree.Element:
    for element in root.iter(tag):
        return element
    raise ValueError(f"it has no {tag}")
