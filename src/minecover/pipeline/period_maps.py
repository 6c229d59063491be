"""Map an area once for each of several periods: one model, one grid, one folder."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from minecover.core.config import PARAMS, composed, load_params
from minecover.core.errors import NotCoveredError, RegionError
from minecover.core.periods import Period, in_order
from minecover.evaluation.change import ChangeRule
from minecover.pipeline.known_ground import KnownGround, is_simulated
from minecover.pipeline.map_candidates import write_region_candidates
from minecover.pipeline.map_page import PageOptions
from minecover.pipeline.period_list import PERIODS, PeriodMaps, check_model, record
from minecover.prediction.region.area import read_area
from minecover.prediction.region.cluster import Workers
from minecover.prediction.region.run import RUN, ground_of, map_area
from minecover.prediction.region.tile_job import MapSettings, model_of
from minecover.prediction.region.tile_ledger import CORRUPT, FAILED, STATES

log = logging.getLogger(__name__)


class SettingsOfPeriod(Protocol):
    """Returns the settings of the map of a period, from `map_settings`."""

    def __call__(self, *, out: Path, period: Period) -> MapSettings:
        """Return the settings of a map into a folder."""
        ...


def change_rule() -> ChangeRule:
    """Return the key `change` of params.yaml, or of conf/ where there is no such file."""
    params = load_params() if PARAMS.is_file() else composed()
    rule: ChangeRule = params.build("change")
    return rule


@dataclass(frozen=True, slots=True)
class MapRun:
    """What the maps of all periods have in common.

    Parameters
    ----------
    area, workers, tile_px
        See `minecover.prediction.region.run.map_area`.
    page : PageOptions
        Language and pictures of the page of each map.
    """

    area: str
    workers: Workers
    tile_px: int
    page: PageOptions


def map_periods(
    run: MapRun, periods: Sequence[Period], settings_of_period: SettingsOfPeriod, *, out: Path
) -> tuple[dict[str, int], list[Path]]:
    """Map an area once for each period, or continue such maps; what is finished is kept.

    Parameters
    ----------
    run : MapRun
        The area, and how it is mapped.
    periods : sequence of Period
        Periods that do not overlap. Those that were mapped into the folder before stay.
    settings_of_period : callable
        See `SettingsOfPeriod`.
    out : Path
        Folder of the maps: one of the period's name for each, and `PERIODS`.

    Returns
    -------
    counts : dict of int
        Number of tiles in each state, over all periods.
    written : list of Path
        Mosaics, items and candidates of each period, and the list of periods.

    Raises
    ------
    RegionError
        If periods overlap, or the folder holds maps of another model.
    """
    wanted, empty = in_order(periods), dict[Period, NotCoveredError]()
    listed = PeriodMaps.read(out).states if (out / PERIODS).is_file() else {}
    mapped = [period for period, is_mapped in listed.items() if is_mapped]
    in_order([*wanted, *mapped])
    _check_ground(out, mapped, run)
    counts, written = dict.fromkeys(STATES, 0), list[Path]()
    for period in wanted:
        try:
            settings = settings_of_period(out=out / period.name, period=period)
            new = _list_of(out, settings)
            check_model(new)
            log.info("map: period %s", period.name)
            found, paths = map_area(run.area, settings, run.workers, tile_px=run.tile_px)
        except NotCoveredError as error:
            empty[period] = error
            continue
        counts = {state: counts[state] + number for state, number in found.items()}
        is_mapped = any(path.suffix == ".vrt" for path in paths)
        if is_mapped:
            paths += write_region_candidates(settings, paths, KnownGround.read(), run.page)
        elif not found[CORRUPT] + found[FAILED]:
            log.warning(
                "map: %s is not observed: no location has change.min_dates=%d valid dates",
                period.name,
                settings.min_dates,
            )
        written += paths
        record(replace(new, periods=[period], mapped=[is_mapped]))
    for period, reason in empty.items():
        kept = " Its map, which is there already, is kept." if period in mapped else ""
        log.warning("map: %s is not observed: %s%s", period.name, reason, kept)
    if not (out / PERIODS).is_file():
        names = ", ".join(period.name for period in wanted)
        first = str(next(iter(empty.values()))).rstrip(".")
        raise NotCoveredError(
            f"no scene of {names} is there ({first}). Choose other periods (--period), or add "
            "products."
        )
    nothing = [period for period in empty if period not in mapped]
    known = replace(PeriodMaps.read(out), periods=nothing, mapped=[False] * len(nothing))
    return counts, [*written, record(known)]


def _list_of(out: Path, settings: MapSettings) -> PeriodMaps:
    """Return an empty list of the maps of a run."""
    card = model_of(settings).card
    return PeriodMaps(
        out,
        [],
        [],
        threshold=float(card.value("threshold")),
        min_px=KnownGround.read().min_px(card.lattice),
        model=settings.sha256,
        model_name=settings.model_name,
        is_simulated=is_simulated(settings),
    )


def _check_ground(out: Path, mapped: Iterable[Period], run: MapRun) -> None:
    """Refuse to mix maps of two areas, or of tiles of two sizes, in one folder."""
    wanted = ground_of(read_area(run.area), run.tile_px)
    for path in (out / period.name / RUN for period in mapped):
        found = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else wanted
        if differing := [key for key, value in wanted.items() if found.get(key) != value]:
            raise RegionError(
                f"{path.parent} is a map of another {' and '.join(differing)}, and only maps "
                "of the same tiles can be compared. Repeat its area and --tile, or choose "
                "another folder with --out."
            )
