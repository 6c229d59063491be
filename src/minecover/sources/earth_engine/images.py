"""Expressions for Earth Engine to compute; nothing is sent here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import ee

from minecover.core.antimeridian import bounding_box
from minecover.core.grid import Grid
from minecover.core.hemispheres import named_as, northern_crs
from minecover.core.sites import square

#: Resampling methods of layers.
Method = Literal["nearest", "bilinear", "bicubic"]

#: Value of float planes where there is no data; never a reflectance or a temperature.
NO_VALUE = -9999.0
#: Largest number of pixels to average per pixel of a grid; more than can overlap it.
MEAN_PIXELS = 64


@dataclass(frozen=True, slots=True)
class Reading:
    """How a band is read onto a grid.

    Parameters
    ----------
    pixel_m : float
        Side of the band's pixels [m].
    how : {"copied", "interpolated", "averaged"}
        Pixels that nest are copied; those of another lattice or UTM zone are interpolated
        bilinearly, smaller ones averaged, weighted by the area in each pixel of the grid.
    """

    pixel_m: float
    how: Literal["copied", "interpolated", "averaged"]


def reading(pixel_m: float, edge_m: float, crs: str, grid: Grid) -> Reading:
    """Return how to read a band, by the law of `minecover.core.raster.read_band` (adaptive).

    Parameters
    ----------
    pixel_m : float
        Side of the band's pixels [m].
    edge_m : float
        Coordinate of one of their edges, east and north, in the northern UTM zone [m].
    crs : str
        CRS of the band.
    grid : Grid
        The grid, in a northern UTM zone.
    """
    t = grid.transform
    if northern_crs(crs) != grid.crs:
        return Reading(pixel_m, "interpolated")
    if pixel_m < t.a:
        return Reading(pixel_m, "averaged")
    is_nested = not any(at % t.a for at in (pixel_m, t.c - edge_m, t.f - edge_m))
    return Reading(pixel_m, "copied" if is_nested else "interpolated")


@dataclass(frozen=True, slots=True)
class Linked:
    """A band of the image of the same index in another collection.

    Parameters
    ----------
    collection, band : str
        Id of the collection, and name of the band.
    reading : Reading
        How the band is read.
    """

    collection: str
    band: str
    reading: Reading


@dataclass(frozen=True, slots=True)
class ImageRequest:
    """Request for planes of one image.

    Parameters
    ----------
    asset : str
        Id of the image.
    crs : str
        CRS of its pixels, by the name that the service uses: ``"EPSG:32735"``.
    bands : mapping of str to Reading
        Bands, and how they are read.
    bits : mapping of str to int
        Names of bit fields and classes, with their values for "no data".
    is_count : bool
        Whether bands are uint16 with 0 for "no data", instead of float32 with `NO_VALUE`.
    linked : Linked or None
        A band to add, as float32 with `NO_VALUE`, also where there is no image for it.
    """

    asset: str
    crs: str
    bands: Mapping[str, Reading]
    bits: Mapping[str, int]
    is_count: bool
    linked: Linked | None

    @property
    def kinds(self) -> dict[str, str]:
        """Allowed NumPy kinds (see `unpack_planes`) by plane, in the order of delivery."""
        kind = "ui" if self.is_count else "f"
        linked = {} if self.linked is None else {self.linked.band: "f"}
        return dict.fromkeys(self.bands, kind) | dict.fromkeys(self.bits, "ui") | linked


def listing(
    properties: Mapping[str, Sequence[str]],
    bounds: Sequence[float],
    days: tuple[str, str],
) -> ee.Dictionary:
    """Return the expression of lists of image properties, by collection and property.

    Parameters
    ----------
    properties : mapping of str to sequence of str
        Names of properties by id of the image collection.
    bounds : west, south, east, north
        Area that images must intersect [degrees]; across 180 degrees west is the greater.
    days : first, end
        ISO days; the end is not included.
    """
    lists = {}
    for name, keys in properties.items():
        found = ee.ImageCollection(name).filterBounds(_rectangle(bounds)).filterDate(*days)
        lists[name] = ee.Dictionary({key: found.aggregate_array(key) for key in keys})
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
    tiles = ee.ImageCollection(asset).filterBounds(_rectangle(bounding_box(square(grid))))
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
    image = ee.Image(request.asset)
    # The pixels of bands that are averaged together must be the same.
    parts = [
        _on_grid(
            image.select([name for name, how in request.bands.items() if how == one]),
            one,
            request.crs,
            grid,
        )
        for one in dict.fromkeys(request.bands.values())
    ]
    values = ee.Image.cat(parts)
    if len(parts) > 1:
        values = values.select(list(request.bands))
    whole = (
        values.round().toUint16().unmask(0, False)
        if request.is_count
        else values.toFloat().unmask(NO_VALUE, False)
    )
    rest = [
        image.select([name]).toUint16().unmask(fill, False)
        for name, fill in request.bits.items()
    ]
    if (linked := request.linked) is not None:
        both = image.linkCollection(ee.ImageCollection(linked.collection), [linked.band])
        score = _on_grid(both.select([linked.band]), linked.reading, request.crs, grid)
        rest.append(score.toFloat().unmask(NO_VALUE, False))
    everything: ee.Image = ee.Image.cat([whole, *rest])
    return everything


def _on_grid(image: ee.Image, reading: Reading, crs: str, grid: Grid) -> ee.Image:
    """Return the expression of bands, all of one size of pixels, as they are read."""
    if reading.how == "copied":
        return image
    if reading.how == "interpolated":
        return image.resample("bilinear")
    # Averaged in the image's own zone, of which the grid may use the other hemisphere's name.
    own = named_as(grid, crs)
    t = own.transform
    mean = image.reduceResolution(ee.Reducer.mean(), False, MEAN_PIXELS)
    return mean.reproject(own.crs, [t.a, t.b, t.c, t.d, t.e, t.f])


def _read(image: ee.Image, method: Method) -> ee.Image:
    smooth = image if method == "nearest" else image.resample(method)
    whole: ee.Image = smooth.toFloat().unmask(NO_VALUE, False)
    return whole


def _rectangle(bounds: Sequence[float]) -> ee.Geometry:
    west, south, east, north = (float(degrees) for degrees in bounds)
    # The service takes longitudes as points on a circle.
    corners = [west, south, east + 360 if east < west else east, north]
    rectangle: ee.Geometry = ee.Geometry.Rectangle(corners, "EPSG:4326", False)
    return rectangle
