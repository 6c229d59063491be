"""Files of a review: questions as a GeoPackage and as a page, and the ground they are about."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import geopandas as gpd

from minecover.core.files import write_json, write_text
from minecover.labels.review import Pictures, render_page, write_geopackage

#: Names of the files of an export; the last one names the ground that the questions are about.
GEOPACKAGE, PAGE, WORLD = "review.gpkg", "review.html", "review.world.json"


def write_export(
    out: Path,
    questions: gpd.GeoDataFrame,
    pictures: Mapping[str, Pictures],
    *,
    simulated: bool,
    world: str,
) -> list[Path]:
    """Write questions as a GeoPackage with its style, as a page, and the name of their ground.

    Parameters
    ----------
    out : Path
        Folder for the files.
    questions, pictures, simulated, world
        See `minecover.labels.review.render_page`.

    Returns
    -------
    list of Path
        The files written.
    """
    page = render_page(questions, pictures, simulated=simulated, world=world)
    # Written once everything is read: what cannot be read leaves no half of an export.
    files = write_geopackage(out / GEOPACKAGE, questions)
    write_text(out / PAGE, page)
    write_json(out / WORLD, {"world": world})
    return [*files, out / PAGE, out / WORLD]
