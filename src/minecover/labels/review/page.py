"""Questions as one HTML file: pictures, a key a verdict, and a file to send back."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import geopandas as gpd
import shapely
from jinja2 import Environment, PackageLoader, StrictUndefined

from minecover.core.grid import Grid
from minecover.labels import VERDICTS
from minecover.labels.review.questions import ANSWERS, ASKED


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    """What is shown of one site.

    Parameters
    ----------
    grid : Grid
        Of the pictures, a pixel a pixel.
    png : mapping of str to bytes
        PNG by caption.
    shown : mapping of str to sequence of str
        The captions of the pictures beside each question, by `candidate_id`.
    """

    grid: Grid
    png: Mapping[str, bytes]
    shown: Mapping[str, Sequence[str]]


def page(
    questions: gpd.GeoDataFrame, pictures: Mapping[str, Pictures], *, simulated: bool
) -> str:
    """Render the page: it opens without a network, and keeps what was answered.

    Parameters
    ----------
    questions : GeoDataFrame
        `ASKED` and outlines, in WGS 84.
    pictures : mapping of str to Pictures
        By `site_id`, of every site that is asked about.
    simulated : bool
        Whether to say that the data are.

    Returns
    -------
    str
        HTML. What it saves is what `minecover.labels.received` reads.
    """
    rows = questions.drop(columns="geometry").to_dict("records")
    items = [
        {
            "properties": {**{name: row[name] for name in ASKED}, **dict.fromkeys(ANSWERS, "")},
            "geometry": shapely.geometry.mapping(shape),
            "rings": rings,
            "shown": list(pictures[row["site_id"]].shown[row["candidate_id"]]),
        }
        for row, shape, rings in zip(
            rows, questions.geometry, _drawn(questions, pictures), strict=True
        )
    ]
    sites = {
        site_id: {
            "size": [one.grid.shape[1], one.grid.shape[0]],
            "pictures": {
                caption: base64.b64encode(png).decode() for caption, png in one.png.items()
            },
        }
        for site_id, one in sorted(pictures.items())
    }
    body = json.dumps(items)
    return _TEMPLATES.get_template("page.html").render(
        title="Review of candidates" + (", simulated data" if simulated else ""),
        verdicts={word[0]: word for word in VERDICTS},
        items=items,
        sites=sites,
        # Answers of another export are not taken for answers to this one.
        key=hashlib.sha256(body.encode()).hexdigest()[:16],
    )


def _drawn(
    questions: gpd.GeoDataFrame, pictures: Mapping[str, Pictures]
) -> Sequence[list[list[list[float]]]]:
    """Give each outline's rings in pixels of its site's pictures, x to the right, y down."""
    drawn: dict[object, list[list[list[float]]]] = {}
    for site_id, part in questions.groupby("site_id"):
        grid = pictures[str(site_id)].grid
        for index, shape in part.geometry.to_crs(grid.crs).items():
            rings = [
                ring
                for polygon in shapely.get_parts(shape)
                for ring in (polygon.exterior, *polygon.interiors)
            ]
            drawn[index] = [
                [[round(v, 2) for v in ~grid.transform @ point] for point in ring.coords]
                for ring in rings
            ]
    return [drawn[index] for index in questions.index]


_TEMPLATES = Environment(
    loader=PackageLoader("minecover.labels.review", ""),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
