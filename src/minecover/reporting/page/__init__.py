"""The page of candidates: a map, a list, every date of a place, verdicts, a dossier.

One design serves maps (``index.html`` beside the rasters), the report of a build
(``reports/index.html``) and reviews (``review.html``); `minecover.reporting.page.content`
describes its data. The page of mines through time shares its design and its scripts.
"""

from __future__ import annotations

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
from minecover.reporting.page.mines_in_time import MinesInTime, render_mines_in_time
from minecover.reporting.page.overlays import (
    Overlay,
    bounds_of,
    canvas_of,
    draw_probability,
    draw_true_colour,
)
from minecover.reporting.page.rendering import render_file
from minecover.reporting.page.scores import ScoreContent, render_scores

__all__ = [
    "CandidatePictures",
    "Image",
    "MinesInTime",
    "Overlay",
    "PageContent",
    "ScoreContent",
    "balloon_of",
    "bounds_of",
    "canvas_of",
    "data_url",
    "dates_shown",
    "draw_candidate",
    "draw_probability",
    "draw_true_colour",
    "render_mines_in_time",
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
    "js/place_parts.js",
    "js/place.js",
    "js/candidates.js",
    "js/map.js",
    "js/list.js",
    "js/review.js",
    "js/dossier.js",
)


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
    values = {
        "title": content.title,
        "warnings": content.warnings,
        "summary": content.summary,
        "metres": language.number(content.pixel_m),
        "files": list((content.files or {}).items()),
        "made": content.made,
        "scores": Markup(content.scores),
    }
    return render_file("page.html", SCRIPTS, page_data(content), language, values)
