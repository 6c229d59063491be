"""What Earth Engine is to compute, as expressions of its own client; nothing is sent here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import ee

from minecover.core.grid import Grid
from minecover.core.sites import square

#: How a layer's pixels are read between their centres.
Method = Literal["nearest", "bilinear", "bicubic"]

#: What is delivered of a float plane where there is nothing: no reflectance, no temperature.
NO_VALUE = -9999.0
#: 15 m pan pixels that touch a pixel of 30 m at whatever angle, and then some.
PAN_PIXELS = 64


@dataclass(frozen=True, slots=True)
class Wanted:
    """Planes of one image, to be brought onto the lattice of a grid.

    Parameters
    ----------
    asset : str
        Id of the image.
    bands : tuple of str
        Its bands, but for those below.
    pan : str or None
        A band of finer pixels, of which the area mean is taken.
    bits : mapping of str to int
        Bit fields, and what stands in them where there is no data.
    is_count : bool
        Whether bands come as uint16 with 0 for no data, instead of float32 with `NO_VALUE`.
    is_smooth : bool
        Whether bands are interpolated, as on another lattice than the image's own.
    """

    asset: str
    bands: tuple[str, ...]
    pan: str | None
    bits: Mapping[str, int]
    is_count: bool
    is_smooth: bool

    @property
    def kinds(self) -> dict[str, str]:
        """The planes in the order of their delivery, with NumPy's letters of their kinds."""
        pan = () if self.pan is None else (self.pan,)
        kind = "ui" if self.is_count else "f"
        return dict.fromkeys((*self.bands, *pan), kind) | dict.fromkeys(self.bits, "ui")


def listing(
    collections: Sequence[str],
    bounds: Sequence[float],
    days: tuple[str, str],
    names: Sequence[str],
) -> ee.Dictionary:
    """Describe a table of images by collection: a list of values by property.

    Parameters
    ----------
    collections, names
        Ids of the collections; the properties wanted.
    bounds : west, south, east, north [degrees]
        Ground that an image must touch.
    days : first, end
        ISO days; the end is not included.
    """
    lists = {}
    for name in collections:
        found = ee.ImageCollection(name).filterBounds(_rectangle(bounds)).filterDate(*days)
        lists[name] = ee.Dictionary({key: found.aggregate_array(key) for key in names})
    return ee.Dictionary(lists)


def stacked(wanted: Sequence[Wanted], names: Sequence[str], grid: Grid) -> ee.Image:
    """Describe the planes of several images as bands of one, under new names."""
    images = [_on_lattice(one, grid) for one in wanted]
    stack: ee.Image = ee.ImageCollection.fromImages(images).toBands().rename(list(names))
    return stack


def layer(asset: str, band: str, method: Method) -> ee.Image:
    """Describe one band of an image, without gaps."""
    return _read(ee.Image(asset).select([band]), method)


def joined_layer(asset: str, band: str, method: Method, grid: Grid) -> ee.Image:
    """Describe one band of a collection of tiles, joined over a grid, without gaps."""
    tiles = ee.ImageCollection(asset).filterBounds(_rectangle(square(grid).bounds))
    lattice = tiles.first().select([band]).projection()
    return _read(tiles.mosaic().setDefaultProjection(lattice).select([band]), method)


def pixels(image: ee.Image, grid: Grid) -> dict[str, object]:
    """Describe the request for an image's pixels on a grid, as an NPY file."""
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


def _on_lattice(wanted: Wanted, grid: Grid) -> ee.Image:
    """Describe an image's planes without gaps, in the order of `Wanted.kinds`."""
    image, parts = ee.Image(wanted.asset), []
    if wanted.bands:
        bands = image.select(list(wanted.bands))
        parts.append(bands.resample("bilinear") if wanted.is_smooth else bands)
    if wanted.pan is not None:
        t = grid.transform
        mean = image.select([wanted.pan]).reduceResolution(ee.Reducer.mean(), False, PAN_PIXELS)
        parts.append(mean.reproject(grid.crs, [t.a, t.b, t.c, t.d, t.e, t.f]))
    values = ee.Image.cat(parts)
    whole = (
        values.round().toUint16().unmask(0, False)
        if wanted.is_count
        else values.toFloat().unmask(NO_VALUE, False)
    )
    bits = [
        image.select([name]).toUint16().unmask(fill, False)
        for name, fill in wanted.bits.items()
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
