"""The data of a page of candidates, as the JSON that its scripts read.

The page is one HTML file. Its element ``data`` holds:

``lang``, ``title``, ``threshold``, ``world``
    Language, title, the threshold of the model, and the name of the ground, which files of
    verdicts repeat.
``key``
    Digest of the ground's name, under which a browser keeps the verdicts.
``texts``
    The catalogue: texts of the language by the English ones in the code; empty for English.
``verdicts``, ``look_alikes``
    Words that are saved, by the key that gives them.
``files``
    Names of files beside the page, by suffix.
``site_id``
    Whether each candidate has a site of its own, as candidates of maps have.
``overlays``
    Images over the map: ``name``, ``href``, and ``bounds``, west, south, east and north
    [degrees]; each is drawn in Web Mercator.
``lines``
    Lines over the map: ``name``, ``colour`` and ``parts``, lists of [latitude, longitude].
``candidates``
    One object each: the columns of its table (see `minecover.reporting.candidates.TABLE`; those
    that a question has not are left out), ``reason`` of a question, ``geometry`` (GeoJSON, what
    a verdict is saved with), ``digest`` of it, and ``pictures``, null or:

    ``href``
        One image with all pictures of the candidate below each other, from the top.
    ``size``, ``pixel_m``
        Width and height of each picture [px], and side of a pixel [m].
    ``planes``
        [name, date] of each picture, from the top; the date is ISO or empty. Names are ``true
        colour`` and ``infrared``, one for each date, and ``probability``, the last one.
    ``seen``
        What each date shows, see `minecover.reporting.page.candidate_pictures.dates_shown`.
    ``corners``
        [longitude, latitude] of the upper left, upper right, lower right and lower left corner.
    ``outlines``
        Rings of [x, y] in pixels by name: ``candidate``, ``label``, ``truth``.

An ``href`` is the path of a file beside the page, or a data URL: then the page is complete
alone.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely

from minecover.core.language import Language
from minecover.labels import LOOK_ALIKES, VERDICTS
from minecover.reporting.figures.canvas import GREY
from minecover.reporting.figures.overview import LAYERS
from minecover.reporting.page.candidate_pictures import CandidatePictures

#: Decimals of the coordinates of outlines, 0.1 m, and of lines, 1 m [degrees].
OUTLINE_DECIMALS, LINE_DECIMALS = 6, 5
#: Hexadecimal digits of a digest.
DIGITS = 12
#: Decimals of other numbers.
DECIMALS = 6
#: Share of the map's width by which lines are simplified.
SIMPLIFY_SHARE = 1 / 4000


@dataclass(frozen=True, slots=True)
class Image:
    """An image over the map: its name, where it lies, and its edges [degrees]."""

    name: str
    href: str
    bounds: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, eq=False)
class PageContent:
    """Content of a page of candidates.

    Parameters
    ----------
    title : str
        Title, in the language of the page.
    language : Language
        Language of the page.
    candidates : GeoDataFrame
        Candidates or questions by rank, in WGS 84; a verdict is saved with the outline.
    pictures : mapping of str to mapping
        Of each candidate that has some, by ``candidate_id``: its facts with ``href``, see
        `with_href`.
    threshold : float
        Probability from which a location is a mine.
    pixel_m : float
        Side of a pixel [m].
    world : str
        Name of the ground that verdicts are about; empty where their sites say it.
    made : str
        A sentence on how the page was made.
    overlays : sequence of Image
        Images over the map.
    lines : mapping of str to GeoDataFrame
        Polygons or lines by name, in any CRS.
    warnings, summary : sequence of str
        What stands above the map.
    files : mapping of str to str
        What each file beside the page is for, by name.
    scores : str
        HTML of what follows the map, which is not escaped.
    """

    title: str
    language: Language
    candidates: gpd.GeoDataFrame
    pictures: Mapping[str, Mapping[str, object]]
    threshold: float
    pixel_m: float
    world: str
    made: str = ""
    overlays: Sequence[Image] = ()
    lines: Mapping[str, gpd.GeoDataFrame] | None = None
    warnings: Sequence[str] = ()
    summary: Sequence[str] = ()
    files: Mapping[str, str] | None = None
    is_map: bool = False
    scores: str = ""


def with_href(pictures: CandidatePictures, href: str | None = None) -> dict[str, object]:
    """Return the facts of pictures with the place of their image.

    Parameters
    ----------
    pictures : CandidatePictures
        The pictures.
    href : str or None
        Path of their image from the page; None puts the image into the page.
    """
    return {"href": href or data_url(pictures.image), **pictures.facts}


def data_url(image: bytes) -> str:
    """Return a WebP image as a data URL."""
    return f"data:image/webp;base64,{base64.b64encode(image).decode()}"


def page_data(content: PageContent) -> dict[str, object]:
    """Return what the scripts of the page read.

    Parameters
    ----------
    content : PageContent
        Content of the page.

    Returns
    -------
    dict
        As the head of this module says; JSON can hold it.
    """
    candidates = [
        {
            **row,
            "pictures": content.pictures.get(str(row["candidate_id"])),
            "digest": _digest(row["geometry"]),
        }
        for row in table_rows(content.candidates)
    ]
    return {
        "lang": content.language.code,
        "title": content.title,
        "threshold": content.threshold,
        "world": content.world,
        "key": _digest(content.world),
        "texts": content.language.texts,
        "verdicts": {name[0]: name for name in VERDICTS},
        "look_alikes": {str(n): name for n, name in enumerate(LOOK_ALIKES, start=1)},
        "files": {name.rpartition(".")[2]: name for name in content.files or {}},
        "site_id": content.is_map,
        "overlays": [
            {"name": one.name, "href": one.href, "bounds": one.bounds}
            for one in content.overlays
        ],
        "lines": [_line_layer(name, layer) for name, layer in (content.lines or {}).items()],
        "candidates": candidates,
    }


def _digest(value: object) -> str:
    """Return a short digest of what JSON can hold."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:DIGITS]


def table_rows(table: gpd.GeoDataFrame) -> list[dict[str, object]]:
    """Return the rows of a table as JSON can hold them, with ``geometry`` as GeoJSON.

    Parameters
    ----------
    table : GeoDataFrame
        In WGS 84.
    """
    outlines = shapely.transform(
        table.geometry.to_numpy(), lambda degrees: degrees.round(OUTLINE_DECIMALS)
    )
    rows = table.drop(columns="geometry").to_dict("records")
    return [
        {
            **{str(name): _plain(value) for name, value in row.items()},
            "geometry": shapely.geometry.mapping(outline),
        }
        for row, outline in zip(rows, outlines, strict=True)
    ]


def _plain(value: object) -> object:
    """Return a cell as JSON can hold it; missing values are None."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool | np.bool_):
        return bool(value)
    number = float(str(value)) if str(value) not in ("<NA>", "nan") else None
    if number is None:
        return None
    return int(number) if number.is_integer() else round(number, DECIMALS)


def _line_layer(name: str, layer: gpd.GeoDataFrame) -> dict[str, object]:
    """Return a layer as lines in degrees."""
    west, _, east, _ = layer.to_crs("EPSG:4326").total_bounds
    shapes = layer.to_crs("EPSG:4326").geometry.simplify(SIMPLIFY_SHARE * (east - west))
    lines = shapes.boundary.where(shapes.geom_type.str.contains("Polygon"), shapes)
    parts = [line for line in lines.explode(ignore_index=True) if not line.is_empty]
    return {
        "name": name,
        "colour": LAYERS.get(name, GREY),
        "parts": [
            shapely.get_coordinates(part)[:, ::-1].round(LINE_DECIMALS).tolist()
            for part in parts
        ],
    }
