"""Candidates in the formats that people open: tables, web maps, desktop GIS, Google Earth."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import geopandas as gpd
import shapely
from jinja2 import Environment, StrictUndefined

from minecover.core.files import replacing, write_text

#: Types of KML by kinds of dtype; others are text.
KML_TYPES = {"i": "int", "f": "double", "b": "bool"}


def write(folder: Path, candidates: gpd.GeoDataFrame) -> None:
    """Write ``candidates.geojson``, ``.csv`` and ``.parquet``, the same bytes every time.

    References
    ----------
    RFC 7946, The GeoJSON Format: longitude first, outer rings counter-clockwise, no CRS member.
    """
    rows = _records(candidates)
    features = [
        json.dumps(
            {
                "type": "Feature",
                "id": row["candidate_id"],
                "geometry": shapely.geometry.mapping(shape),
                "properties": row,
            }
        )
        for row, shape in zip(rows, candidates.geometry, strict=True)
    ]
    body = ",\n".join(features)
    write_text(
        folder / "candidates.geojson",
        f'{{"type": "FeatureCollection", "features": [\n{body}\n]}}\n',
    )
    with replacing(folder / "candidates.csv") as temporary:
        frame = candidates.drop(columns="geometry")
        frame.to_csv(temporary, index=False, lineterminator="\n")
    with replacing(folder / "candidates.parquet") as temporary:
        candidates.to_parquet(temporary, index=False)


def write_geopackage(path: Path, candidates: gpd.GeoDataFrame) -> None:
    """Write the candidates for a desktop GIS (its bytes hold the time of writing)."""
    with replacing(path) as temporary:
        # GDAL would take the empty file that is there for a broken GeoPackage.
        temporary.unlink()
        candidates.to_file(
            temporary, layer="candidates", driver="GPKG", geometry_type="MultiPolygon"
        )


def write_kml(path: Path, candidates: gpd.GeoDataFrame, *, simulated: bool) -> None:
    """Write the candidates for Google Earth: outlines without a filling, known and new apart.

    Written by a template and not by GDAL, whose placemarks hide the ground that they are about.

    References
    ----------
    OGC 12-007r2, KML 2.3: coordinates are longitude, latitude in WGS 84.
    """
    template = files("minecover.reporting.candidates").joinpath("candidates.kml")
    rows = [
        {
            **row,
            # KML has no null: what is missing is left out. It knows true as 1.
            "properties": {
                name: int(value) if isinstance(value, bool) else value
                for name, value in row.items()
                if value is not None
            },
            "polygons": [
                [list(ring.coords) for ring in (polygon.exterior, *polygon.interiors)]
                for polygon in shapely.get_parts(shape)
            ],
        }
        for row, shape in zip(_records(candidates), candidates.geometry, strict=True)
    ]
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    drawn = environment.from_string(template.read_text(encoding="utf-8"))
    dtypes = candidates.drop(columns="geometry").dtypes
    fields = {name: KML_TYPES.get(dtype.kind, "string") for name, dtype in dtypes.items()}
    write_text(path, drawn.render(candidates=rows, fields=fields, simulated=simulated))


def _records(candidates: gpd.GeoDataFrame) -> list[dict[str, object]]:
    """Give the rows without their outlines; what is missing is None, JSON's null."""
    frame = candidates.drop(columns="geometry")
    rows: list[dict[str, object]] = (
        frame.astype(object).where(frame.notna(), None).to_dict("records")
    )
    return rows
