"""Files of a review: questions as a GeoPackage and as a page, and the ground they are about."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd

from minecover.core.files import write_json, write_text
from minecover.core.language import Language
from minecover.labels.review import write_geopackage
from minecover.reporting.page import PageContent, render_page

#: Names of the files of an export; the last one names the ground that the questions are about.
GEOPACKAGE, PAGE, WORLD = "review.gpkg", "review.html", "review.world.json"


def write_export(out: Path, questions: gpd.GeoDataFrame, content: PageContent) -> list[Path]:
    """Write questions as a GeoPackage with its style, as a page, and the name of their ground.

    Parameters
    ----------
    out : Path
        Folder for the files.
    questions : GeoDataFrame
        See `minecover.labels.review.write_geopackage`.
    content : PageContent
        Content of the page, whose images are part of it: it is sent to reviewers alone.

    Returns
    -------
    list of Path
        The files written.
    """
    page = render_page(content)
    # Written once everything is read: what cannot be read leaves no half of an export.
    files = write_geopackage(out / GEOPACKAGE, questions)
    write_text(out / PAGE, page)
    write_json(out / WORLD, {"world": content.world})
    return [*files, out / PAGE, out / WORLD]


def review_title(language: Language, *, simulated: bool) -> str:
    """Return the title of a review page."""
    say = language.text
    title = say("Review of candidates")
    return title + ", " + say("simulated data") if simulated else title
