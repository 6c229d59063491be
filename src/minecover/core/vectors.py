"""Read vector files: every layer of the right geometry, with checked coordinates."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely

from minecover.core.antimeridian import cut, wide_parts
from minecover.core.vector_checks import (
    VectorFileKind,
    check_file,
    check_layer,
    rows,
    wrong_type,
)

log = logging.getLogger(__name__)

#: Types of geometry of outlines and of points.
POLYGONS, POINTS = ("Polygon", "MultiPolygon"), ("Point", "MultiPoint")


def read_vector(
    path: Path,
    kind: VectorFileKind,
    *,
    types: Sequence[str] = (),
    layer: str | None = None,
    where: str | None = None,
) -> gpd.GeoDataFrame:
    """Read all layers of a vector file, or one, with text as it stands in the file.

    Parameters
    ----------
    path : Path
        A file that GDAL reads.
    kind : VectorFileKind
        The words of messages.
    types : sequence of str
        Types of geometry to read, e.g. `POLYGONS`; all of them if empty. Layers without any are
        left out; the members of a collection that have such a type are read.
    layer : str or None
        Name of the layer to read; None reads all layers with geometry of these types.
    where : str or None
        Features to read, as an SQL condition.

    Returns
    -------
    GeoDataFrame
        Columns as they are, geometry in two dimensions, in the CRS of the first layer. The
        index holds the row of each feature in the file, counted from 1; where several layers
        are read, with the name of its layer.

    Raises
    ------
    MinecoverError
        Of ``kind.error``: if the file is missing, cannot be read, has no features or no CRS,
        lacks the layer, mixes types of geometry, or has coordinates that its CRS excludes.
    """
    check_file(path, kind)
    names = _layer_names(path, kind, layer)
    frames = {}
    for name in names:
        frame = _read_layer(path, name, kind, where)
        if not frame.empty:
            frames[name] = frame.set_geometry(_members(frame.geometry, types, path))
    if not frames:
        unless = f" where {where}" if where else ""
        raise kind.error(
            f"{path} has no features{unless}. Draw at least one, or name another file."
        )
    right = {name: frame for name, frame in frames.items() if _holds(frame, types)}
    if not right:
        found = sorted({t for f in frames.values() for t in f.geom_type.dropna()})
        raise wrong_type(path, kind, types, found, "")
    if len(names) > 1:
        _say_layers(path, right, [name for name in names if name not in right])
    for name, frame in right.items():
        frame.index = pd.Index(
            [i if len(right) == 1 else f"{i} of layer {name}" for i in range(1, len(frame) + 1)]
        )
        check_layer(path, frame, kind, types)
    first = next(iter(right.values())).crs
    return gpd.GeoDataFrame(
        pd.concat(
            [frame if frame.crs == first else frame.to_crs(first) for frame in right.values()]
        )
    )


def read_polygons(
    path: Path, kind: VectorFileKind, *, layer: str | None = None
) -> shapely.Geometry:
    """Read an area: the union of a file's polygons, in WGS 84.

    Parameters
    ----------
    path, kind, layer
        See `read_vector`.

    Raises
    ------
    MinecoverError
        Of ``kind.error``: as `read_vector`, or if a polygon is invalid.
    """
    frame = read_vector(path, kind, types=POLYGONS, layer=layer)
    frame = frame[~(frame.geometry.isna() | frame.geometry.is_empty)]
    broken = ~frame.geometry.is_valid
    if frame.empty or broken.any():
        what = (
            f"{rows(frame.index[broken])} invalid: "
            f"{shapely.is_valid_reason(frame.geometry[broken].iloc[0])}"
            if broken.any()
            else "no polygon with an outline"
        )
        raise kind.error(
            f"{path}: {what}. Repair it, for instance with `Fix geometries` in QGIS: the "
            "inside of an outline that crosses itself is ambiguous."
        )
    return shapely.union_all(in_degrees(frame, path, kind).geometry.to_numpy())


def in_degrees(frame: gpd.GeoDataFrame, path: Path, kind: VectorFileKind) -> gpd.GeoDataFrame:
    """Return features in WGS 84, outlines across the antimeridian cut in two there.

    Parameters
    ----------
    frame : GeoDataFrame
        From `read_vector`.
    path : Path
        The file, for messages.
    kind : VectorFileKind
        The words of messages.

    Raises
    ------
    MinecoverError
        If an outline reaches around more than half of the earth.
    """
    degrees = frame.to_crs("EPSG:4326")
    shapes = degrees.geometry.to_numpy()
    across = np.array([len(wide_parts(shape)) > 0 for shape in shapes], bool)
    if not across.any():
        return degrees
    try:
        shapes[across] = [cut(shape) for shape in shapes[across]]
    except ValueError as error:
        raise kind.error(f"{path}, {rows(frame.index[across])}: {error}") from error
    log.warning(
        "%s, %s: outlines across the antimeridian were cut in two there", path,
        rows(frame.index[across]),
    )  # fmt: skip
    return degrees.set_geometry(gpd.GeoSeries(shapes, index=degrees.index, crs=degrees.crs))


def find_column(table: pd.DataFrame, *names: str) -> str | None:
    """Return the column with the first of these names that there is, in any case.

    A Shapefile often has NAME, a KML file Name. The name as given is preferred.
    """
    for name in names:
        if name in table:
            return name
        alike = [str(c) for c in table.columns if str(c).casefold() == name.casefold()]
        if alike:
            return alike[0]
    return None


def _members(geometry: gpd.GeoSeries, types: Sequence[str], path: Path) -> gpd.GeoSeries:
    """Return geometries in two dimensions, collections as their members of the given types."""
    shapes = shapely.force_2d(geometry.to_numpy())
    mixed = shapely.get_type_id(shapes) == shapely.GeometryType.GEOMETRYCOLLECTION
    for i in np.flatnonzero(mixed) if types else ():
        parts = _flat(shapes[i])
        right = [part for part in parts if part.geom_type in types]
        if right and len(right) < len(parts):
            others = sorted({part.geom_type for part in parts} - set(types))
            log.warning(
                "%s, row %d: left out %s of a collection", path, i + 1, ", ".join(others)
            )
        shapes[i] = shapely.union_all(right) if right else shapes[i]
    return gpd.GeoSeries(shapes, index=geometry.index, crs=geometry.crs)


def _flat(shape: shapely.Geometry) -> list[shapely.Geometry]:
    """Return the members of a collection, and of collections in it."""
    if shape.geom_type != "GeometryCollection":
        return [shape]
    return [part for member in shape.geoms for part in _flat(member)]


def _layer_names(path: Path, kind: VectorFileKind, layer: str | None) -> list[str]:
    """Return the names of the layers to read."""
    if "!" in str(path):
        raise kind.error(
            f"{path} cannot be read: the library takes what stands before '!' for an archive. "
            "Rename the file or folder."
        )
    try:
        with _logged_warnings(path):
            listed = pyogrio.list_layers(path)
    except (OSError, RuntimeError, ValueError) as error:
        raise kind.error(
            f"{path} is not a vector file that GDAL reads: {error}. Save it as GeoPackage or "
            "GeoJSON."
        ) from error
    # QGIS stores the style of a GeoPackage's layer as a layer without geometry.
    names = [str(name) for name, geometry_type in listed if geometry_type is not None]
    if layer is None:
        return names
    if layer not in names:
        raise kind.error(
            f"{path} has no layer {layer!r} with geometry (found: "
            f"{', '.join(names) or 'none'}). Fix {kind.layer}."
        )
    return [layer]


def _read_layer(
    path: Path, name: str, kind: VectorFileKind, where: str | None
) -> gpd.GeoDataFrame:
    try:
        with _logged_warnings(path):
            # In columns of several time zones, each day is one of its own zone.
            source, options = _source(path, name)
            frame = pyogrio.read_dataframe(
                source, where=where, mixed_offsets_as_utc=False, **options
            )
    except UnicodeDecodeError as error:
        raise kind.error(
            f"layer {name} of {path} holds text of another encoding than the file says "
            f"({error}). Correct or delete the .cpg file of a Shapefile, or save the layer as "
            "GeoPackage with the right encoding."
        ) from error
    except (OSError, RuntimeError, ValueError, shapely.errors.GEOSException) as error:
        condition = f" where {where}" if where else ""
        correct = "Correct the condition, choose" if where else "Choose"
        raise kind.error(
            f"layer {name} of {path} cannot be read{condition}: {error}. {correct} another "
            f"layer ({kind.layer}), or save it as GeoPackage."
        ) from error
    if not isinstance(frame, gpd.GeoDataFrame):
        raise kind.error(f"layer {name} of {path} has no geometry. Fix {kind.layer}.")
    return frame


def _source(path: Path, name: str) -> tuple[Path | bytes, dict[str, str]]:
    """Return what to read, a file or its content, with the layer and the driver's options.

    GDAL guesses dates in the text of GeoJSON: "05-06-19" becomes 19 June 2005. The driver of
    GeoJSON can be kept from it; that of GeoJSON with one feature a line cannot.
    """
    driver = pyogrio.read_info(path, layer=name)["driver"]
    if driver == "GeoJSON":
        return path, {"layer": name, "DATE_AS_STRING": "YES"}
    if driver != "GeoJSONSeq":
        return path, {"layer": name}
    text = path.read_text(encoding="utf-8-sig")
    # RFC 8142 puts a record separator before each feature, which may then take several lines.
    found = text.split("\x1e" if "\x1e" in text else "\n")
    features = ",\n".join(one for one in found if one.strip())
    collection = f'{{"type": "FeatureCollection", "features": [{features}]}}'
    return collection.encode(), {"DATE_AS_STRING": "YES"}


@contextmanager
def _logged_warnings(path: Path) -> Iterator[None]:
    """Log what the reader warns of, each once and in one line, with the name of the file."""
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        yield
    for text in dict.fromkeys(" ".join(str(one.message).split()) for one in found):
        log.warning("%s: %s", path, text)


def _holds(frame: gpd.GeoDataFrame, types: Sequence[str]) -> bool:
    """Whether a layer has geometry of one of the types, or none that could be of another."""
    found = set(frame.geom_type.dropna())
    return not types or not found or bool(found & set(types))


def _say_layers(path: Path, read: dict[str, gpd.GeoDataFrame], left_out: list[str]) -> None:
    used = ", ".join(f"{name} ({len(frame)} features)" for name, frame in read.items())
    rest = f"; left out: {', '.join(left_out)}, without such geometry" if left_out else ""
    log.info("%s: read from %s%s", path, used, rest)
