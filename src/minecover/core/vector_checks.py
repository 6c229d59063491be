"""Checks of vector files: the file, its layers, geometry and coordinates."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer
from pyproj.exceptions import ProjError

from minecover.core.antimeridian import RULE
from minecover.core.errors import MinecoverError

#: Files beside a database in which another program keeps changes that it has not stored yet.
UNSAVED = ("-wal", "-journal")
#: A begin or end of a TimeSpan in KML, and the dates that GDAL reads of them.
KML_TIME = re.compile(r"<(?:\w+:)?(begin|end)>\s*([^<\s]+)\s*</")
KML_DAY = re.compile(r"\d{4}-\d{2}-\d{2}(T.*)?")
#: Row numbers that a message lists at most.
LISTED = 5


@dataclass(frozen=True, slots=True)
class VectorFileKind:
    """The words of messages about a kind of vector file.

    Parameters
    ----------
    error : type of MinecoverError
        The error to raise.
    name : str
        What the file is: ``"label file"``.
    fix : str
        What to do where there is no such file, as a sentence.
    layer : str
        The key or option that chooses a layer.
    """

    error: type[MinecoverError]
    name: str
    fix: str
    layer: str


def rows(index: Iterable[object]) -> str:
    """Return row numbers as words: ``"row 3"``, ``"rows 3, 5 and 12 others"``."""
    listed = [str(row) for row in index]
    if len(listed) == 1:
        return f"row {listed[0]}"
    more = f" and {len(listed) - LISTED} others" if len(listed) > LISTED else ""
    return f"rows {', '.join(listed[:LISTED])}{more}"


def check_file(path: Path, kind: VectorFileKind) -> None:
    """Refuse a missing file, a folder, a database with unsaved changes, and years in KML."""
    if not path.exists():
        raise kind.error(f"there is no {kind.name} at {path}. {kind.fix}")
    if path.is_dir() and path.suffix.lower() != ".gdb":
        inside = ", ".join(sorted(one.name for one in path.iterdir())[:LISTED]) or "nothing"
        raise kind.error(
            f"{path} is a folder (it holds {inside}), not a {kind.name}. {kind.fix}"
        )
    for end in UNSAVED:
        beside = path.with_name(path.name + end)
        if beside.is_file() and beside.stat().st_size:
            raise kind.error(
                f"{beside} holds changes that are not stored in {path.name} yet. Close the "
                "program that has the file open (QGIS), or save a copy of it and name that."
            )
    _check_kml(path, kind)


def _check_kml(path: Path, kind: VectorFileKind) -> None:
    """Refuse KML of several files, of which one would be read, and periods that are no days."""
    files = _kml_files(path)
    if len(files) > 1:
        raise kind.error(
            f"{path} holds {len(files)} KML files ({', '.join(sorted(files)[:LISTED])}), of "
            "which only one would be read. Save all places in one KML file (Google Earth: Save "
            "Place As on their common folder), or each as a file of its own."
        )
    text = "".join(files.values())
    if "<NetworkLink" in text:
        raise kind.error(
            f"{path} links to other files (NetworkLink), whose places are not in it. Save the "
            "linked places in the file itself, or name the linked file."
        )
    for name, value in KML_TIME.findall(text):
        if not KML_DAY.fullmatch(value):
            raise kind.error(
                f"{path}: the {name} of a TimeSpan is {value!r}, not a whole day. Write days "
                "such as 2019-01-25 into the file."
            )


def _kml_files(path: Path) -> dict[str, str]:
    """Return the text of the KML files in a KML or KMZ file, by name; none in others."""
    if path.suffix.lower() == ".kml":
        return {path.name: path.read_text(encoding="utf-8", errors="replace")}
    if path.suffix.lower() != ".kmz" or not zipfile.is_zipfile(path):
        return {}
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.lower().endswith(".kml")]
        return {name: archive.read(name).decode("utf-8", "replace") for name in names}


def check_layer(
    path: Path, frame: gpd.GeoDataFrame, kind: VectorFileKind, types: Sequence[str]
) -> None:
    """Refuse a layer without CRS, with geometry of another type, or impossible coordinates."""
    if frame.crs is None:
        raise kind.error(
            f"{path} has no coordinate reference system, so the location of its {len(frame)} "
            "features is unknown. Save it with one (a Shapefile needs its .prj)."
        )
    if types:
        _check_types(path, frame, kind, types)
    bounds = frame.bounds.to_numpy()
    there = ~(frame.geometry.isna() | frame.geometry.is_empty).to_numpy()
    xy, which = shapely.get_coordinates(frame.geometry.to_numpy(), return_index=True)
    broken = np.zeros(len(frame), bool)
    broken[which[~np.isfinite(xy).all(axis=1)]] = True
    if broken.any():
        raise kind.error(
            f"{path}: {rows(frame.index[broken])} has coordinates that are not finite numbers. "
            "Redraw or delete what is broken."
        )
    _check_units(path, frame[there], bounds[there], kind)


def _check_types(
    path: Path, frame: gpd.GeoDataFrame, kind: VectorFileKind, types: Sequence[str]
) -> None:
    """Refuse features of another type of geometry, with their rows; those without any pass."""
    wrong = (~frame.geometry.isna() & ~frame.geom_type.isin(types)).to_numpy()
    if wrong.any():
        found = sorted(set(frame.geom_type[wrong]))
        raise wrong_type(path, kind, types, found, f" in {rows(frame.index[wrong])}")


def _check_units(
    path: Path, frame: gpd.GeoDataFrame, bounds: NDArray[np.float64], kind: VectorFileKind
) -> None:
    """Refuse metres in a CRS in degrees, degrees in one in metres, and ground off the earth."""
    if frame.empty:
        return
    west, south, east, north = bounds.T
    far = np.maximum(np.abs(west), np.abs(east)), np.maximum(np.abs(south), np.abs(north))
    if frame.crs.is_geographic:
        off = (far[0] > 360) | (far[1] > 90)
        if off.any():
            row = int(off.argmax())
            raise kind.error(
                f"{path} says that its coordinates are degrees, but {rows(frame.index[off])} "
                f"lies at longitude {west[row]:.10g} and latitude {south[row]:.10g}: these are "
                "no longitudes and latitudes. Save the file with the coordinate reference "
                "system in which it was drawn (GeoJSON: reproject to EPSG:4326)."
            )
        over = far[0] > 180
        if over.any():
            raise kind.error(
                f"{path}, {rows(frame.index[over])}: longitudes reach from "
                f"{west[over].min():.10g} to {east[over].max():.10g}, beyond 180. {RULE}"
            )
        return
    if (far[0] <= 180).all() and (far[1] <= 90).all():
        raise kind.error(
            f"{path} says that its coordinates are metres ({frame.crs.name}), but they reach "
            f"from {west.min():g}, {south.min():g} to {east.max():g}, {north.max():g}, as "
            "degrees do. Set the file's coordinate reference system to EPSG:4326."
        )
    try:
        to_degrees = Transformer.from_crs(frame.crs, "EPSG:4326", always_xy=True)
    except ProjError as error:
        raise kind.error(
            f"{path} has the coordinate reference system {frame.crs.name}, which has no place "
            f"on the earth: {error}. Save the file with another one."
        ) from error
    corners = np.concatenate([bounds[:, :2], bounds[:, 2:]])
    off = ~np.isfinite(to_degrees.transform(*corners.T)).all(axis=0).reshape(2, -1).all(axis=0)
    if off.any():
        raise kind.error(
            f"{path}: {rows(frame.index[off])} lies outside of {frame.crs.name}. Save the file "
            "with the coordinate reference system in which it was drawn."
        )


def wrong_type(
    path: Path, kind: VectorFileKind, types: Sequence[str], found: list[str], where: str
) -> MinecoverError:
    """Return the error about a file of another type of geometry."""
    return kind.error(
        f"{path} should hold {types[0].lower()}s, found {', '.join(found) or 'nothing'}"
        f"{where}. "
        f"Save each type of geometry in a file or layer of its own. {kind.fix}"
    )
