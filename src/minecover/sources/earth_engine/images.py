"""Expressions for Earth Engine to compute; nothing is sent here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import ee

from minecover.core.grid import Grid
from minecover.core.sites import square

#: Resampling methods of layers.
Method = Literal["nearest", "bilinear", "bicubic"]

#: Value of float planes where there is no data; never a reflectance or a temperature.
NO_VALUE = -9999.0
#: Largest number of 15 m pan pixels to average per 30 m pixel; more than can overlap it.
PAN_PIXELS = 64


@dataclass(frozen=True, slots=True)
class ImageRequest:
    """Request for planes of one image.

    Parameters
    ----------
    asset : str
        Id of the image.
    bands : tuple of str
        Bands, without those below.
    pan : str or None
        A band of finer pixels, which is averaged over the pixels of the grid.
    bits : mapping of str to int
        Names of bit fields, with their values for "no data".
    is_count : bool
        Whether bands are uint16 with 0 for "no data", instead of float32 with `NO_VALUE`.
    is_smooth : bool
        Whether bands are interpolated, as needed if the grid is not aligned with the image.
    """

    asset: str
    bands: tuple[str, ...]
    pan: str | None
    bits: Mapping[str, int]
    is_count: bool
    is_smooth: bool

    @property
    def kinds(self) -> dict[str, str]:
        """Allowed NumPy kinds (see `unpack_planes`) by plane, in the order of delivery."""
        pan = () if self.pan is None else (self.pan,)
        kind = "ui" if self.is_count else "f"
        return dict.fromkeys((*self.bands, *pan), kind) | dict.fromkeys(self.bits, "ui")


def listing(
    collections: Sequence[str],
    bounds: Sequence[float],
    days: tuple[str, str],
    names: Sequence[str],
) -> ee.Dictionary:
    """Return the expression of lists of image properties, by collection and property.

    Parameters
    ----------
    collections : sequence of str
        Ids of image collections.
    bounds : west, south, east, north
        Area that images must intersect [degrees].
    days : first, end
        ISO days; the end is not included.
    names : sequence of str
        Names of properties.
    """
    lists = {}
    for name in collections:
        found = ee.ImageCollection(name).filterBounds(_rectangle(bounds)).filterDate(*days)
        lists[name] = ee.Dictionary({key: found.aggregate_array(key) for key in names})
    return ee.Dictionary(lists)


def stacked(requested: Sequence[ImageRequest], names: Sequence[str], grid: Grid) -> ee.Image:
    """Return the expression of an image whose bands, `names`, are planes of several images."""
    images = [_planes(one, grid) for one in requested]
    stack: ee.Image = ee.ImageCollection.fromImages(images).toBands().rename(list(names))
    return stack


def layer(asset: str, band: str, method: Method) -> ee.Image:
    """Return the expression of one band of an image, with `NO_VALUE` where it has no data."""
    return _read(ee.Image(asset).select([band]), method)


def joined_layer(asset: str, band: str, method: Method, grid: Grid) -> ee.Image:
    """Return the expression of one band of a collection of tiles, joined over a grid."""
    tiles = ee.ImageCollection(asset).filterBounds(_rectangle(square(grid).bounds))
    lattice = tiles.first().select([band]).projection()
    return _read(tiles.mosaic().setDefaultProjection(lattice).select([band]), method)


def pixels(image: ee.Image, grid: Grid) -> dict[str, object]:
    """Return the parameters of a request for an image's pixels on a grid, as an NPY file."""
    (rows, cols), t = grid.shape, grid.transform
    lattice = {"scaleX": t.a, "shearX": t.b, "translateX": t.c}
    lattice |= {"shearY": t.d, "scaleY": t.e, "translateY": t.f}
    return {
        "expression": image,
        "fileFormat": "NPY",
        "grid": {
            "dimensions": {"width": cols, "height": rows},
            "affineTransform": lattice,
            "crsCode": grid.crs,
        },
    }


def _planes(request: ImageRequest, grid: Grid) -> ee.Image:
    """Return the expression of the planes of an image, in the order of `ImageRequest.kinds`."""
    image, parts = ee.Image(request.asset), []
    if request.bands:
        bands = image.select(list(request.bands))
        parts.append(bands.resample("bilinear") if request.is_smooth else bands)
    if request.pan is not None:
        t = grid.transform
        mean = image.select([request.pan]).reduceResolution(
            ee.Reducer.mean(), False, PAN_PIXELS
        )
        parts.append(mean.reproject(grid.crs, [t.a, t.b, t.c, t.d, t.e, t.f]))
    values = ee.Image.cat(parts)
    whole = (
        values.round().toUint16().unmask(0, False)
        if request.is_count
        else values.toFloat().unmask(NO_VALUE, False)
    )
    bits = [
        image.select([name]).toUint16().unmask(fill, False)
        for name, fill in request.bits.items()
    ]
    everything: ee.Image = ee.Image.cat([whole, *bits])
    return everything


def _read(image: ee.Image, method: Method) -> ee.Image:
    smooth = image if method == "nearest" else image.resample(method)
    whole: ee.Image = smooth.toFloat().unmask(NO_VALUE, False)
    return whole


def _rectangle(bounds: Sequence[float]) -> ee.Geometry:
    corners = [float(degrees) for degrees in bounds]
    rectangle: ee.Geometry = ee.Geometry.Rectangle(corners, "EPSG:4326", False)
    return rectangle
