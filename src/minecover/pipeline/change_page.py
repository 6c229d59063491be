"""The page of mines through time, above the maps of several periods."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import geopandas as gpd

from minecover.core.files import write_text
from minecover.core.language import Language
from minecover.core.periods import Period
from minecover.evaluation.change import ChangeRule
from minecover.pipeline.candidate_files import PAGE
from minecover.pipeline.map_page import PICTURES, overlay_path
from minecover.pipeline.period_list import PeriodMaps
from minecover.prediction.true_colour import TRUE_COLOUR
from minecover.reporting.changes import CHANGES
from minecover.reporting.page import (
    Image,
    MinesInTime,
    bounds_of,
    canvas_of,
    render_mines_in_time,
)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Followed:
    """Mines that were followed over periods, and the alerts among them.

    Parameters
    ----------
    table, in_time, alerts : GeoDataFrame
        From `change_table`, `by_period` and `alerts` of `minecover.reporting.changes`.
    since : date
        Day from which alerts are counted.
    """

    table: gpd.GeoDataFrame
    in_time: gpd.GeoDataFrame
    alerts: gpd.GeoDataFrame
    since: date


def write_change_page(
    out: Path, maps: PeriodMaps, rule: ChangeRule, found: Followed, language: Language
) -> Path:
    """Write ``changes.html``, the page of mines through time, and return its path.

    Parameters
    ----------
    out : Path
        Folder to write to. The page shows the true colour that the pages of the maps show, so
        that it has none of its own if the maps are not below this folder.
    maps : PeriodMaps
        The maps.
    rule : ChangeRule
        How they were compared.
    found : Followed
        What was found.
    language : Language
        Language of the page.
    """
    say, number = language.text, language.number
    heading = say("Mines through time")
    shown = [period for period, is_mapped in maps.states.items() if is_mapped]
    years = sorted({shown[0].first_day.year, shown[-1].last_day.year})
    # Without the name of the folder: the same maps give the same bytes.
    title = f"{heading} · {'–'.join(map(str, years))}"
    if maps.is_simulated:
        title += ", " + say("simulated data")
    states = found.table["state"].value_counts().sort_index()
    summary = [
        say("{n} mines in {periods} periods.", n=number(len(found.table)),
            periods=number(len(maps.periods))),
        *[say("{state}: {n}.", state=_word(state, language), n=number(n))
          for state, n in states.items()],
        say("Alerts since {day}: {n}.", day=language.day(found.since),
            n=number(len(found.alerts))),
    ]  # fmt: skip
    content = MinesInTime(
        title=title,
        language=language,
        periods=maps.periods,
        mapped=maps.mapped,
        images=[_true_colour(out, maps, period) for period in maps.periods],
        table=found.table,
        in_time=found.in_time,
        alerts=found.alerts,
        since=found.since,
        alert_ha=rule.alert_ha,
        level=rule.level,
        threshold=maps.threshold,
        made=say("Model {model}, SHA-256 {digest}.", model=maps.model_name,
                  digest=maps.model[:16]),
        warnings=[say("These data are simulated: no place on this map is real.")]
        if maps.is_simulated else [],
        summary=summary,
        files=_files(out, maps, language),
    )  # fmt: skip
    path = out / f"{CHANGES}.html"
    write_text(path, render_mines_in_time(content))
    log.info("page: %s, %d mines", path, len(found.table))
    return path


def _word(state: object, language: Language) -> str:
    """Return what became of mines, as the heading of their number."""
    say = language.text
    words = {
        "appeared": say("appeared"),
        "grew": say("grew"),
        "stable": say("stable"),
        "shrank": say("shrank"),
        "gone": say("gone"),
        "hidden": say("hidden"),
    }
    return words[str(state)].capitalize()


def _true_colour(out: Path, maps: PeriodMaps, period: Period) -> Image | None:
    """Return the true colour that the page of a period shows; None if there is none."""
    folder = maps.folder / period.name
    path = overlay_path(folder / PICTURES, "true colour")
    # Without the temporary files of a run that was killed, which begin with a dot.
    canvas = canvas_of(sorted((folder / TRUE_COLOUR).glob("[!.]*.tif")))
    if canvas is None or not path.is_file() or out.resolve() != maps.folder.resolve():
        return None
    return Image("true colour", path.relative_to(maps.folder).as_posix(), bounds_of(canvas))


def _files(out: Path, maps: PeriodMaps, language: Language) -> dict[str, str]:
    """Return what the files beside the page are for."""
    say = language.text
    files = {
        "changes.csv": say("a table for a spreadsheet"),
        "changes.gpkg": say("mines in each period for QGIS, with their style and time"),
        "changes.kmz": say("mines in each period for the time slider of Google Earth"),
        "changes.geojson": say("mines for other programs"),
        "alerts.csv": say("alerts for a spreadsheet"),
        "alerts.geojson": say("alerts for other programs"),
    }
    for period in maps.periods:
        page = f"{period.name}/{PAGE}.html"
        if (out / page).is_file():
            files[page] = say("candidates of {period}", period=period.name)
    return files
