"""Maps of several periods in one folder: one model, one grid, a map for each period."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Protocol

from minecover.core.config import PARAMS, composed, load_params
from minecover.core.damaged import read_json
from minecover.core.errors import NotCoveredError, RegionError
from minecover.core.files import write_json
from minecover.core.periods import Period, in_order
from minecover.evaluation.change import ChangeRule
from minecover.pipeline.known_ground import KnownGround, is_simulated
from minecover.pipeline.map_candidates import write_region_candidates
from minecover.pipeline.map_page import PageOptions
from minecover.prediction.region.cluster import Workers
from minecover.prediction.region.run import map_area
from minecover.prediction.region.tile_job import MapSettings, model_of

log = logging.getLogger(__name__)

#: File that lists the periods, in the folder above their maps.
PERIODS = "periods.json"


class SettingsOfPeriod(Protocol):
    """Returns the settings of the map of a period, from `map_settings`."""

    def __call__(self, *, out: Path, period: Period) -> MapSettings:
        """Return the settings of a map into a folder."""
        ...


@dataclass(frozen=True, slots=True)
class PeriodMaps:
    """The maps of several periods, as their folder lists them.

    Parameters
    ----------
    folder : Path
        The folder; each map lies in a folder of the period's name.
    periods : list of Period
        In the order of time.
    mapped : list of bool
        Whether any ground of a period was observed, so that there is a map.
    threshold : float
        Probability from which the model calls a location a mine.
    min_px : int
        Smallest object [px].
    model, model_name : str
        Digest and name of the model.
    is_simulated : bool
        Whether the scenes are known to be simulated.
    """

    folder: Path
    periods: list[Period]
    mapped: list[bool]
    threshold: float
    min_px: int
    model: str
    model_name: str
    is_simulated: bool

    @classmethod
    def read(cls, folder: Path) -> PeriodMaps:
        """Read the list of a folder.

        Raises
        ------
        RegionError
            If there is none.
        """
        path = folder / PERIODS
        if not path.is_file():
            raise RegionError(
                f"no {path}, so no maps of several periods. Name the folder that `minecover "
                "map --period 2016 --period 2018 --out DIR` wrote."
            )
        found = read_json(path)
        try:
            listed = found.pop("periods")
            periods = [Period.parse(one["days"]) for one in listed]
            return cls(folder, periods, [one["mapped"] for one in listed], **found)
        except (KeyError, TypeError, AttributeError) as error:
            raise RegionError(
                f"{path} is damaged, or was edited ({error!r}). Write it again with the "
                "command that made the maps."
            ) from error

    def write(self) -> Path:
        """Write the list, and return its path."""
        content = asdict(self)
        del content["folder"], content["mapped"]
        content["periods"] = [
            {"name": period.name, "days": str(period), "mapped": is_mapped}
            for period, is_mapped in zip(self.periods, self.mapped, strict=True)
        ]
        path = self.folder / PERIODS
        write_json(path, content)
        return path


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
    wanted = in_order(periods)
    known = PeriodMaps.read(out) if (out / PERIODS).is_file() else None
    in_order([*wanted, *(known.periods if known else [])])
    counts, written = Counter[str](), list[Path]()
    for period in wanted:
        try:
            settings = settings_of_period(out=out / period.name, period=period)
        except NotCoveredError as error:
            log.warning("map: %s is not observed: %s", period.name, error)
            known = known and _with(known, period, is_mapped=False)
            continue
        _check_model(known, settings, out)
        found, paths = map_area(run.area, settings, run.workers, tile_px=run.tile_px)
        counts.update(found)
        is_mapped = any(path.suffix == ".vrt" for path in paths)
        if is_mapped:
            paths += write_region_candidates(settings, paths, KnownGround.read(), run.page)
        written += paths
        known = _with(known or _first(out, settings), period, is_mapped=is_mapped)
        known.write()
    if known is None:
        raise NotCoveredError(
            f"no scene of {', '.join(period.name for period in wanted)} is there. Choose other "
            "periods (--period), or add products."
        )
    for period in wanted:
        if period not in known.periods:
            known = _with(known, period, is_mapped=False)
    return dict(counts), [*written, known.write()]


def _first(out: Path, settings: MapSettings) -> PeriodMaps:
    """Return an empty list of the maps of a model."""
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


def _with(maps: PeriodMaps, period: Period, *, is_mapped: bool) -> PeriodMaps:
    """Return a list with one period more, or with that one replaced."""
    states = dict(zip(maps.periods, maps.mapped, strict=True)) | {period: is_mapped}
    ordered = sorted(states)
    return replace(maps, periods=ordered, mapped=[states[one] for one in ordered])


def _check_model(known: PeriodMaps | None, settings: MapSettings, out: Path) -> None:
    """Refuse to mix the maps of two models."""
    if known is not None and known.model != settings.sha256:
        raise RegionError(
            f"{out} holds maps of periods by {known.model_name}, another model. Choose another "
            "folder with --out: what differs between periods would be the models."
        )
