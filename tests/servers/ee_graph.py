"""Evaluate expressions of the Earth Engine client, as far as the package uses them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from minecover.core.grid import Grid
from minecover.core.hemispheres import named_as
from servers.ee_rasters import F64, Raster, sample

Bounds = tuple[float, float, float, float]  # west, south, east, north [degrees]
MOST_BYTES, MOST_BANDS = 50_331_648, 1024


class ServiceRefusal(Exception):
    """A request that is answered with an error."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Asset:
    """One image of a collection."""

    index: str
    properties: Mapping[str, float | str]
    #: Returns a band by name, for the requested grid.
    raster: Callable[[str, Grid], Raster]
    bands: tuple[str, ...]


class Catalogue(Protocol):
    """The assets of the service."""

    def collection(self, name: str, bounds: Bounds | None) -> Sequence[Asset]:
        """Return the images that intersect an area, if given; KeyError if unknown."""
        ...

    def image(self, name: str) -> Asset:
        """Return an image by its id; KeyError if there is none."""
        ...


@dataclass(frozen=True)
class Band:
    """Pixels that are computed when they are requested on a grid."""

    at: Callable[[Grid, str], F64]
    mode: str
    dtype: str

    def mapped(self, change: Callable[[F64], F64], dtype: str | None = None) -> Band:
        """Return a band with a function applied to every pixel."""
        return Band(
            lambda grid, mode: change(self.at(grid, mode)), self.mode, dtype or self.dtype
        )


class Picture(dict[str, Band]):
    """Bands by name, with the index of the image that they come from."""

    index: str = ""


@dataclass(frozen=True)
class Collection:
    """Images of a catalogue, or a list of images."""

    catalogue: Catalogue | None = None
    name: str = ""
    bounds: Bounds | None = None
    days: tuple[str, str] | None = None
    pictures: Sequence[Picture] = field(default_factory=tuple)

    def assets(self) -> Sequence[Asset]:
        """Return the assets that pass the filters."""
        assert self.catalogue is not None
        try:
            found = self.catalogue.collection(self.name, self.bounds)
        except KeyError:
            raise ServiceRefusal(400, _missing("ImageCollection", self.name)) from None
        if self.days is None:
            return found
        first, end = (
            datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp() * 1000
            for day in self.days
        )
        times = [float(a.properties.get("system:time_start", "nan")) for a in found]
        return [a for a, time in zip(found, times, strict=True) if first <= time < end]


def evaluate(expression: Mapping[str, Any], catalogue: Catalogue) -> Any:
    """Return the result of an expression."""
    values, done = expression["values"], {}

    def value(node: Mapping[str, Any]) -> Any:
        ((kind, content),) = node.items()
        if kind == "valueReference":
            if content not in done:
                done[content] = value(values[content])
            return done[content]
        if kind == "arrayValue":
            return [value(each) for each in content["values"]]
        if kind == "dictionaryValue":
            return {name: value(each) for name, each in content["values"].items()}
        if kind == "functionInvocationValue":
            name = content["functionName"]
            arguments = {key: value(each) for key, each in content["arguments"].items()}
            if name in LOADS:
                return LOADS[name](catalogue, **arguments)
            return FUNCTIONS[name](**arguments)
        return content

    return value({"valueReference": expression["result"]})


def pixels(picture: Picture, grid: Grid) -> NDArray[np.void]:
    """Return the pixels of an image on a grid; masked ones are 0, as in the real service."""
    if len(picture) > MOST_BANDS:
        raise ServiceRefusal(400, f"Too many bands: {len(picture)}, at most {MOST_BANDS}.")
    dtype = np.dtype([(name, f"<{band.dtype}") for name, band in picture.items()])
    size = dtype.itemsize * grid.shape[0] * grid.shape[1]
    if size > MOST_BYTES:
        raise ServiceRefusal(
            400,
            f"Total request size ({size} bytes) must be less than or equal to "
            f"{MOST_BYTES} bytes.",
        )
    table = np.zeros(grid.shape, dtype)
    for name, band in picture.items():
        table[name] = np.nan_to_num(band.at(grid, band.mode)).astype(dtype[name])
    return table


def _missing(kind: str, name: str) -> str:
    return (
        f"{kind}.load: {kind} asset '{name}' not found "
        "(does not exist or caller does not have access)."
    )


def _load_image(catalogue: Catalogue, id: str) -> Picture:
    try:
        return _picture(catalogue.image(id))
    except KeyError:
        raise ServiceRefusal(400, _missing("Image", id)) from None


def _picture(asset: Asset) -> Picture:
    def band(name: str) -> Band:
        def at(grid: Grid, mode: str) -> F64:
            return sample(asset.raster(name, grid), grid, mode)

        return Band(at, "nearest", "f4")

    picture = Picture({name: band(name) for name in asset.bands})
    picture.index = asset.index
    return picture


def _link(
    input: Picture,
    imageCollection: Collection,
    linkedBands: str | Sequence[str],
    matchPropertyName: str = "system:index",
) -> Picture:
    """Add bands of the image with the same index; without one they are masked."""
    if matchPropertyName != "system:index" or not input.index:
        raise ServiceRefusal(400, f"Image.linkCollection: no property {matchPropertyName}.")
    names = [linkedBands] if isinstance(linkedBands, str) else linkedBands
    found = [a for a in imageCollection.assets() if a.index == input.index]
    masked = Band(lambda grid, _: np.full(grid.shape, np.nan), "nearest", "f4")
    linked = _picture(found[0]) if found else Picture(dict.fromkeys(names, masked))
    return Picture(input | _select(linked, names))


def _select(input: Picture | None, bandSelectors: Sequence[str]) -> Picture:
    if input is None:
        raise ServiceRefusal(
            400, "Image.select: Parameter 'input' is required and may not be null."
        )
    for name in bandSelectors:
        if name not in input:
            raise ServiceRefusal(
                400,
                f"Image.select: Band pattern '{name}' did not match any bands. "
                f"Available bands: [{', '.join(input)}]",
            )
    return Picture({name: input[name] for name in bandSelectors})


def _reproject(image: Picture, crs: str, crsTransform: Sequence[float]) -> Picture:
    def onto(band: Band) -> Band:
        def at(grid: Grid, mode: str) -> F64:
            a, _, left, _, e, top = crsTransform
            # Names of one zone are projections of the same pixels.
            grid = named_as(grid, crs)
            off = ((grid.transform.c - left) % a, (grid.transform.f - top) % e)
            if grid.crs != crs or (grid.transform.a, grid.transform.e) != (a, e) or any(off):
                raise ServiceRefusal(400, "the pixels of the output are not those of reproject")
            return band.at(grid, band.mode)

        return Band(at, "nearest", band.dtype)

    return Picture({name: onto(band) for name, band in image.items()})


def _mosaic(collection: Collection) -> Picture:
    pictures = [_picture(asset) for asset in collection.assets()]

    def joined(name: str) -> Band:
        def at(grid: Grid, mode: str) -> F64:
            whole = np.full(grid.shape, np.nan)
            for picture in pictures:
                tile = picture[name].at(grid, mode)
                whole = np.where(np.isnan(tile), whole, tile)
            return whole

        return Band(at, "nearest", "f4")

    return Picture({name: joined(name) for picture in pictures[:1] for name in picture})


def _first(collection: Collection) -> Picture | None:
    assets = collection.assets()
    return _picture(assets[0]) if assets else None


def _each(change: Callable[[Band], Band]) -> Callable[[Picture], Picture]:
    return lambda image: Picture({name: change(band) for name, band in image.items()})


def _cast(dtype: str, low: float, high: float) -> Callable[[Band], Band]:
    # Casts of the service truncate decimals.
    return lambda band: band.mapped(lambda v: np.clip(np.trunc(v), low, high), dtype)


def _flat(images: Sequence[Picture]) -> Picture:
    return Picture(
        {f"{i}_{name}": b for i, image in enumerate(images) for name, b in image.items()}
    )


_whole = _each(lambda band: band.mapped(lambda v: np.sign(v) * np.floor(np.abs(v) + 0.5)))
_uint16 = _each(_cast("u2", 0, 65535))
_float = _each(lambda band: band.mapped(lambda v: v, "f4"))


def _unmask(input: Picture, value: float, sameFootprint: bool) -> Picture:
    return _each(lambda b: b.mapped(lambda v: np.where(np.isnan(v), value, v)))(input)


LOADS: dict[str, Callable[..., Any]] = {
    "Image.load": _load_image,
    "ImageCollection.load": lambda catalogue, id: Collection(catalogue, id),
}
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "GeometryConstructors.Rectangle": lambda coordinates, crs, geodesic: tuple(coordinates),
    "Projection": lambda crs: crs,
    "Feature": lambda geometry: geometry,
    "DateRange": lambda start, end: (start, end),
    "Filter.intersects": lambda leftField, rightValue: {"bounds": rightValue},
    "Filter.dateRangeContains": lambda leftValue, rightField: {"days": leftValue},
    "Collection.filter": lambda collection, filter: replace(collection, **filter),
    "Collection.first": _first,
    "AggregateFeatureCollection.array": lambda collection, property: [
        asset.properties[property]
        for asset in collection.assets()
        if property in asset.properties
    ],
    "ImageCollection.mosaic": _mosaic,
    "ImageCollection.fromImages": lambda images: Collection(pictures=images),
    "ImageCollection.toBands": lambda collection: _flat(collection.pictures),
    "Image.select": _select,
    "Image.linkCollection": _link,
    "Image.addBands": lambda dstImg, srcImg: Picture(dstImg | srcImg),
    "Image.rename": lambda input, names: Picture(zip(names, input.values(), strict=True)),
    "Image.projection": lambda image: "the image's own",
    "Image.setDefaultProjection": lambda image, crs: image,
    "Image.resample": lambda image, mode: _each(lambda b: replace(b, mode=mode))(image),
    "Image.reduceResolution": lambda image, reducer, bestEffort, maxPixels: _each(
        lambda b: replace(b, mode=reducer)
    )(image),
    "Reducer.mean": lambda: "mean",
    "Image.reproject": _reproject,
    "Image.round": lambda value: _whole(value),
    "Image.toUint16": lambda value: _uint16(value),
    "Image.toFloat": lambda value: _float(value),
    "Image.constant": lambda value: value,
    "Image.unmask": _unmask,
}
