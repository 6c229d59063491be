"""Write candidates as GeoJSON, CSV, GeoParquet, GeoPackage, KML and KMZ."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import geopandas as gpd
import shapely

from minecover.core.files import replacing, write_text
from minecover.core.language import IN_ENGLISH, Language
from minecover.core.styled_geopackage import write_styled_geopackage
from minecover.core.templates import templates_of
from minecover.reporting.qgis import candidate_style

#: First columns of the CSV file.
FIRST = ("lat", "lon")
#: Folder of the pictures in a KMZ file.
IMAGES = "pictures"
#: KML types by the kind of a NumPy dtype; other kinds are written as strings.
KML_TYPES = {"i": "int", "f": "double", "b": "bool"}


def write_candidates(
    folder: Path, candidates: gpd.GeoDataFrame, *, name: str = "candidates"
) -> None:
    """Write ``candidates.geojson``, ``candidates.csv`` and ``candidates.parquet``.

    The same candidates give the same bytes.

    Parameters
    ----------
    folder : Path
        Folder to write to.
    candidates : GeoDataFrame
        Candidates in WGS 84, as `find_candidates` or `describe` return them.
    name : str
        Name of the files without suffix.

    References
    ----------
    RFC 7946, The GeoJSON Format: longitude first, outer rings counter-clockwise, no CRS member.
    """
    write_geojson(folder / f"{name}.geojson", candidates, id_column="candidate_id")
    write_place_csv(folder / f"{name}.csv", candidates)
    with replacing(folder / f"{name}.parquet") as temporary:
        candidates.to_parquet(temporary, index=False)


def write_geojson(path: Path, table: gpd.GeoDataFrame, *, id_column: str) -> None:
    """Write a table as GeoJSON, a line for each feature; the same table gives the same bytes.

    Parameters
    ----------
    path : Path
        File to write.
    table : GeoDataFrame
        In WGS 84.
    id_column : str
        Column of the features' ids.
    """
    features = [
        json.dumps(
            {
                "type": "Feature",
                "id": row[id_column],
                "geometry": shapely.geometry.mapping(shape),
                "properties": row,
            }
        )
        for row, shape in zip(property_rows(table), table.geometry, strict=True)
    ]
    body = ",\n".join(features)
    write_text(path, f'{{"type": "FeatureCollection", "features": [\n{body}\n]}}\n')


def write_place_csv(path: Path, table: gpd.GeoDataFrame) -> None:
    """Write a table without its outlines as CSV, the columns `FIRST` first."""
    with replacing(path) as temporary:
        # Tables of places are pasted into maps by their first two columns.
        others = table.columns.drop([*FIRST, "geometry"])
        table[[*FIRST, *others]].to_csv(temporary, index=False, lineterminator="\n")


def write_geopackage(path: Path, candidates: gpd.GeoDataFrame) -> None:
    """Write candidates as a GeoPackage with one layer, ``candidates``, and its QGIS style.

    Parameters
    ----------
    path : Path
        File to write; the same candidates give the same bytes.
    candidates : GeoDataFrame
        Candidates in WGS 84.
    """
    write_styled_geopackage(
        path,
        candidates,
        layer="candidates",
        style=candidate_style(),
        description="Candidate mines: known and new ones by colour, with their ranks",
    )


@dataclass(frozen=True, slots=True, eq=False)
class Balloon:
    """Pictures of a candidate as one PNG: its dates in true colour, then its probability."""

    png: bytes
    dates: Sequence[date]


@dataclass(frozen=True, slots=True, eq=False)
class Balloons:
    """Language of the balloons of a KML file, and pictures by ``candidate_id``."""

    language: Language
    pictures: Mapping[str, Balloon]


PLAIN = Balloons(IN_ENGLISH, {})


def write_kml(path: Path, candidates: gpd.GeoDataFrame, *, simulated: bool) -> None:
    """Write candidates as KML, see `render_kml`."""
    write_text(path, render_kml(candidates, simulated=simulated))


def write_kmz(
    path: Path, candidates: gpd.GeoDataFrame, balloons: Balloons, *, simulated: bool
) -> None:
    """Write candidates as KMZ: `render_kml` in a ZIP file, with the pictures.

    Parameters
    ----------
    path : Path
        File to write; the same candidates give the same bytes.
    candidates, balloons, simulated
        See `render_kml`.
    """
    write_zipped(
        path,
        render_kml(candidates, balloons, simulated=simulated),
        images={name: balloon.png for name, balloon in balloons.pictures.items()},
    )


def write_zipped(path: Path, kml: str, *, images: Mapping[str, bytes] | None = None) -> None:
    """Write a KML document and its images as KMZ; the same content gives the same bytes.

    Parameters
    ----------
    path : Path
        File to write.
    kml : str
        Text of the document.
    images : mapping of bytes or None
        PNG files by name, to which the document refers as ``IMAGES/name.png``.
    """
    with replacing(path) as temporary, ZipFile(temporary, "w", ZIP_DEFLATED) as archive:
        # A member without a date of its own has the oldest that ZIP knows, 1980.
        archive.writestr(ZipInfo("doc.kml"), kml, ZIP_DEFLATED)
        for name, content in sorted((images or {}).items()):
            archive.writestr(ZipInfo(f"{IMAGES}/{name}.png"), content)


def rings_of(shape: shapely.Geometry) -> list[list[list[tuple[float, ...]]]]:
    """Return the coordinates of polygons: of each the outer ring, then the inner ones."""
    return [
        [list(ring.coords) for ring in (polygon.exterior, *polygon.interiors)]
        for polygon in shapely.get_parts(shape)
    ]


def render_kml(
    candidates: gpd.GeoDataFrame, balloons: Balloons = PLAIN, *, simulated: bool
) -> str:
    """Return candidates as KML for Google Earth, known and new ones in different colours.

    A template writes outlines without filling; GDAL's placemarks would cover the ground.

    Parameters
    ----------
    candidates : GeoDataFrame
        Candidates in WGS 84, as `describe` returns them.
    balloons : Balloons
        Language, and pictures that lie beside the file.
    simulated : bool
        Whether the data are simulated; the document's name then says so.

    References
    ----------
    OGC 12-007r2, KML 2.3: coordinates are longitude, latitude in WGS 84.
    """
    rows = [
        {
            **row,
            "image": f"{IMAGES}/{row['candidate_id']}.png",
            "balloon": balloons.pictures.get(str(row["candidate_id"])),
            # KML has no null, so missing values are left out. True is written as 1.
            "properties": {
                name: int(value) if isinstance(value, bool) else value
                for name, value in row.items()
                if value is not None
            },
            "polygons": rings_of(shape),
        }
        for row, shape in zip(property_rows(candidates), candidates.geometry, strict=True)
    ]
    document = templates_of("minecover.reporting.candidates").get_template("candidates.kml")
    dtypes = candidates.drop(columns="geometry").dtypes
    fields = {name: KML_TYPES.get(dtype.kind, "string") for name, dtype in dtypes.items()}
    language = balloons.language
    return document.render(
        candidates=rows,
        fields=fields,
        simulated=simulated,
        _=language.text,
        number=language.number,
        day=language.day,
    )


def property_rows(table: gpd.GeoDataFrame) -> list[dict[str, object]]:
    """Return the rows without geometry; missing values are None, JSON's null."""
    frame = table.drop(columns="geometry")
    rows: list[dict[str, object]] = (
        frame.astype(object).where(frame.notna(), None).to_dict("records")
    )
    return rows
