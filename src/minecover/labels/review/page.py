"""Review questions as one HTML page: pictures, one key per verdict, a file to send back."""

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
from minecover.labels import LOOK_ALIKES, VERDICTS
from minecover.labels.review.questions import ANSWER_FIELDS, QUESTION_FIELDS


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    """Pictures of one site.

    Parameters
    ----------
    grid : Grid
        Grid of the pictures, one picture pixel per grid pixel.
    png : mapping of str to bytes
        PNG files by caption.
    shown : mapping of str to sequence of str
        Captions of the pictures to show with each question, by ``candidate_id``.
    """

    grid: Grid
    png: Mapping[str, bytes]
    shown: Mapping[str, Sequence[str]]


def render_page(
    questions: gpd.GeoDataFrame,
    pictures: Mapping[str, Pictures],
    *,
    simulated: bool,
    world: str,
) -> str:
    """Return the review page, which works without a network and stores answers in the browser.

    Parameters
    ----------
    questions : GeoDataFrame
        `QUESTION_FIELDS` and outlines, in WGS 84.
    pictures : mapping of str to Pictures
        By ``site_id``, of every site with a question.
    simulated : bool
        Whether the title says that the data are simulated.
    world : str
        Name of the ground that the questions are about. The saved file repeats it.

    Returns
    -------
    str
        HTML. The page saves a file that `minecover.labels.read_reviewed` reads.
    """
    rows = questions.drop(columns="geometry").to_dict("records")
    items = [
        {
            "properties": {
                **{name: row[name] for name in QUESTION_FIELDS},
                **dict.fromkeys(ANSWER_FIELDS, ""),
            },
            "geometry": shapely.geometry.mapping(shape),
            "rings": rings,
            "shown": list(pictures[row["site_id"]].shown[row["candidate_id"]]),
        }
        for row, shape, rings in zip(
            rows, questions.geometry, _pixel_rings(questions, pictures), strict=True
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
        look_alikes={str(n): word for n, word in enumerate(LOOK_ALIKES, start=1)},
        items=items,
        sites=sites,
        world=world,
        # Stored answers of another export must not be used for this one.
        key=hashlib.sha256(body.encode()).hexdigest()[:16],
    )


def _pixel_rings(
    questions: gpd.GeoDataFrame, pictures: Mapping[str, Pictures]
) -> Sequence[list[list[list[float]]]]:
    """Return each outline's rings in pixels of its site's pictures, x to the right, y down."""
    rings_of: dict[object, list[list[list[float]]]] = {}
    for site_id, part in questions.groupby("site_id"):
        grid = pictures[str(site_id)].grid
        for index, shape in part.geometry.to_crs(grid.crs).items():
            rings = [
                ring
                for polygon in shapely.get_parts(shape)
                for ring in (polygon.exterior, *polygon.interiors)
            ]
            rings_of[index] = [
                [[round(v, 2) for v in ~grid.transform @ point] for point in ring.coords]
                for ring in rings
            ]
    return [rings_of[index] for index in questions.index]


_TEMPLATES = Environment(
    loader=PackageLoader("minecover.labels.review", ""),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
