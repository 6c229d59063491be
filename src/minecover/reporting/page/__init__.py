"""The page of candidates: a map, a list, every date of a place, verdicts, a dossier.

One design serves maps (``index.html`` beside the rasters), the report of a build
(``reports/index.html``) and reviews (``review.html``); `minecover.reporting.page.content`
describes its data.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files

from markupsafe import Markup

from minecover.reporting.page.candidate_pictures import (
    CandidatePictures,
    balloon_of,
    dates_shown,
    draw_candidate,
    window_around,
)
from minecover.reporting.page.content import (
    Image,
    PageContent,
    data_url,
    page_data,
    with_href,
)
from minecover.reporting.page.overlays import Overlay, draw_probability, draw_true_colour
from minecover.reporting.page.scores import TEMPLATES, ScoreContent, render_scores

__all__ = [
    "CandidatePictures",
    "Image",
    "Overlay",
    "PageContent",
    "ScoreContent",
    "balloon_of",
    "data_url",
    "dates_shown",
    "draw_candidate",
    "draw_probability",
    "draw_true_colour",
    "render_page",
    "render_scores",
    "window_around",
    "with_href",
]

#: The scripts of the page, in the order in which they run.
SCRIPTS = (
    "leaflet/leaflet.js",
    "js/state.js",
    "js/answers.js",
    "js/place.js",
    "js/map.js",
    "js/list.js",
    "js/review.js",
    "js/dossier.js",
)
STYLES = ("leaflet/leaflet.css", "page.css")


def render_page(content: PageContent) -> str:
    """Render a page of candidates as one HTML file that needs no network.

    Parameters
    ----------
    content : PageContent
        What it shows. Images whose ``href`` is a path must lie beside the page.

    Returns
    -------
    str
        HTML, the same for the same content.
    """
    language = content.language
    return TEMPLATES.get_template("page.html").render(
        _=language.text,
        lang=language.code,
        title=content.title,
        style=Markup("\n".join(_read(name) for name in STYLES)),
        scripts=[Markup(_read(name)) for name in SCRIPTS],
        data=_script_json(page_data(content)),
        warnings=content.warnings,
        summary=content.summary,
        metres=language.number(content.pixel_m),
        files=list((content.files or {}).items()),
        made=content.made,
        scores=Markup(content.scores),
    )


def _script_json(content: object) -> Markup:
    """Return JSON that is safe inside a script element."""
    text = json.dumps(content, separators=(",", ":"), ensure_ascii=False)
    return Markup(text.replace("<", "\\u003c"))


@cache
def _read(name: str) -> str:
    """Read a file of this package."""
    return files("minecover.reporting.page").joinpath(name).read_text(encoding="utf-8")
