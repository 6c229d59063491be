"""The page of mines that were followed over periods: a slider, before and after, areas.

It has the design of the page of candidates, and of its data
(`minecover.reporting.page.content`) ``lang``, ``title``, ``texts``, ``threshold``, ``files``,
``overlays`` (the true colour of the period that is shown at first) and ``lines``, which is
empty. Besides:

``periods``
    One object for each period, in the order of time: ``name``, ``first_day`` and ``last_day``
    (ISO), ``is_mapped``, and ``image``, null or ``href`` and ``bounds`` of its true colour.
``colours``
    Colours of the states that an outline can have.
``candidates``
    One object for each mine: the columns of its table (docs/guides/change.md), of which
    ``areas`` [ha; null is not observed] and ``states`` are lists over the periods;
    ``geometry``, all ground that was ever mined (GeoJSON); ``outlines``, its outline in each
    period, or null; ``alert``, null or ``kind``, ``since`` and ``grown_ha``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import geopandas as gpd
import shapely

from minecover.core.language import Language
from minecover.core.periods import Period
from minecover.reporting.changes.change_table import AREA, STATE
from minecover.reporting.changes.states import HIDDEN
from minecover.reporting.page.content import OUTLINE_DECIMALS, Image, table_rows
from minecover.reporting.page.rendering import render_file
from minecover.reporting.qgis import CHANGE_COLOURS

#: The scripts of the page, in the order in which they run.
SCRIPTS = (
    "leaflet/leaflet.js",
    "js/state.js",
    "js/place_parts.js",
    "js/mines.js",
    "js/map.js",
    "js/list.js",
    "js/periods.js",
    "js/mine.js",
)


@dataclass(frozen=True, slots=True, eq=False)
class MinesInTime:
    """Content of a page of mines that were followed.

    Parameters
    ----------
    title : str
        Title, in the language of the page.
    language : Language
        Language of the page.
    periods : sequence of Period
        In the order of time.
    mapped : sequence of bool
        Whether each period has a map.
    images : sequence of Image or None
        True colour of each period, of which the files lie beside the page.
    table, in_time, alerts : GeoDataFrame
        From `change_table`, `by_period` and `alerts` of `minecover.reporting.changes`.
    since : date
        Day from which alerts are counted.
    alert_ha : float
        Least growth of an alert [ha].
    level : float
        Level of the intervals of growth, 0 ... 1.
    threshold : float
        Probability from which a location is a mine.
    made : str
        A sentence on how the page was made.
    warnings, summary : sequence of str
        What stands above the map.
    files : mapping of str to str
        What each file beside the page is for, by name.
    """

    title: str
    language: Language
    periods: Sequence[Period]
    mapped: Sequence[bool]
    images: Sequence[Image | None]
    table: gpd.GeoDataFrame
    in_time: gpd.GeoDataFrame
    alerts: gpd.GeoDataFrame
    since: date
    alert_ha: float
    level: float
    threshold: float
    made: str
    warnings: Sequence[str]
    summary: Sequence[str]
    files: Mapping[str, str]


def render_mines_in_time(content: MinesInTime) -> str:
    """Render a page of mines as one HTML file; the images of periods lie beside it."""
    language = content.language
    values = {
        "title": content.title,
        "warnings": content.warnings,
        "summary": content.summary,
        "level": language.number(100 * content.level),
        "since": language.day(content.since),
        "alert_ha": language.number(content.alert_ha, 2),
        "files": list(content.files.items()),
        "made": content.made,
    }
    return render_file(
        "mines_in_time.html", SCRIPTS, mines_in_time_data(content), language, values
    )


def mines_in_time_data(content: MinesInTime) -> dict[str, object]:
    """Return what the scripts of the page read, as the head of this module says."""
    images = [
        image and {"href": image.href, "bounds": image.bounds} for image in content.images
    ]
    last = [image for image in images if image][-1:]
    return {
        "lang": content.language.code,
        "title": content.title,
        "threshold": content.threshold,
        "texts": content.language.texts,
        "files": {"kmz": "changes.kmz"} if "changes.kmz" in content.files else {},
        "overlays": [{"name": "true colour", **image} for image in last],
        "lines": [],
        # Grey is whatever is not in this list, a mine that was not observed too.
        "colours": {
            name: f"rgb({colour})" for name, colour in CHANGE_COLOURS.items() if name != HIDDEN
        },
        "periods": [
            {
                "name": period.name,
                "first_day": period.first_day.isoformat(),
                "last_day": period.last_day.isoformat(),
                "is_mapped": is_mapped,
                "image": image,
            }
            for period, is_mapped, image in zip(
                content.periods, content.mapped, images, strict=True
            )
        ],
        "candidates": _mines(content),
    }


def _mines(content: MinesInTime) -> list[dict[str, object]]:
    """Return the mines by rank, with what each was in each period."""
    names = [period.name for period in content.periods]
    shapes = shapely.transform(
        content.in_time.geometry.to_numpy(), lambda degrees: degrees.round(OUTLINE_DECIMALS)
    )
    keys = zip(content.in_time["change_id"], content.in_time["period"], strict=True)
    outlines = dict(zip(keys, map(shapely.geometry.mapping, shapes), strict=True))
    columns = ["change_id", "kind", "since", "grown_ha"]
    found = content.alerts[columns].to_dict("records")
    alerts = {one.pop("change_id"): one for one in found}
    by_period = [f"{column}{name}" for column in (AREA, STATE) for name in names]
    return [
        {
            **{key: value for key, value in row.items() if key not in by_period},
            "areas": [row[f"{AREA}{name}"] for name in names],
            "states": [row[f"{STATE}{name}"] for name in names],
            "outlines": [outlines.get((str(row["change_id"]), name)) for name in names],
            "alert": alerts.get(row["change_id"]),
        }
        for row in table_rows(content.table.drop(columns=["zone", "track"]))
    ]
