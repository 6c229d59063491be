"""The list of the maps of several periods in one folder, which runs add to and read."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from minecover.core.errors import RegionError
from minecover.core.files import lock, write_json
from minecover.core.periods import Period, in_order
from minecover.prediction.region.tile_ledger import LOCK

#: File that lists the periods, in the folder above their maps.
PERIODS = "periods.json"


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
            If there is none, or it is damaged.
        """
        path = folder / PERIODS
        if not path.is_file():
            raise RegionError(
                f"no {path}, so no maps of several periods. Name the folder that `minecover "
                "map --period 2016 --period 2018 --out DIR` wrote."
            )
        try:
            return cls._of(folder, json.loads(path.read_text(encoding="utf-8")))
        except (ValueError, KeyError, TypeError, AttributeError, RegionError) as error:
            reason = " ".join(str(error).split()).rstrip(".")
            raise RegionError(
                f"{path} is damaged, or was edited ({type(error).__name__}: {reason}). Delete "
                "it, and run the command that made the maps again with all their periods: "
                "finished tiles are kept."
            ) from error

    @classmethod
    def _of(cls, folder: Path, found: dict[str, Any]) -> PeriodMaps:
        """Return the list that was read; any error means that it is damaged."""
        listed = {Period.parse(one["days"]): one["mapped"] for one in found.pop("periods")}
        ordered = in_order(listed)
        maps = cls(folder, ordered, [listed[period] for period in ordered], **found)
        for name, kind in (("threshold", float), ("min_px", int), ("is_simulated", bool)):
            if type(found[name]) is not kind:
                raise TypeError(f"{name} is {found[name]!r}")
        if not (0 < maps.threshold < 1 and maps.min_px >= 1):
            raise ValueError(f"threshold is {maps.threshold}, min_px is {maps.min_px}")
        if not all(isinstance(one, str) for one in (maps.model, maps.model_name)):
            raise TypeError(f"model_name is {maps.model_name!r}")
        if not all(isinstance(one, bool) for one in maps.mapped):
            raise TypeError(f"mapped is {maps.mapped}")
        return maps

    @property
    def states(self) -> dict[Period, bool]:
        """Whether each period has a map, in the order of time."""
        return dict(zip(self.periods, self.mapped, strict=True))

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


def record(new: PeriodMaps) -> Path:
    """Add maps to the list of their folder, and return its path.

    Runs that map other periods into the folder may add theirs at the same time. A period that
    was not observed gives way to one that overlaps it: it holds nothing.

    Parameters
    ----------
    new : PeriodMaps
        The maps to add.

    Raises
    ------
    RegionError
        If they overlap others, or are of another model.
    """
    with lock(new.folder / LOCK):
        known = check_model(new)
        kept = {
            period: is_mapped
            for period, is_mapped in known.states.items()
            if is_mapped or not any(_overlap(period, other) for other in new.periods)
        }
        states = kept | new.states
        ordered = in_order(states)
        is_simulated = known.is_simulated or new.is_simulated
        return replace(
            known,
            periods=ordered,
            mapped=[states[period] for period in ordered],
            is_simulated=is_simulated,
        ).write()


def check_model(new: PeriodMaps) -> PeriodMaps:
    """Return the list of a folder; refuse to mix the maps of two models in it.

    Parameters
    ----------
    new : PeriodMaps
        Maps that are to be added. If there is no list yet, theirs without periods is returned.

    Raises
    ------
    RegionError
        If the folder holds maps of another model.
    """
    if not (new.folder / PERIODS).is_file():
        return replace(new, periods=[], mapped=[])
    known = PeriodMaps.read(new.folder)
    if (known.model, known.threshold) != (new.model, new.threshold):
        raise RegionError(
            f"{new.folder} holds maps of periods by {known.model_name}, another model. Choose "
            "another folder with --out: what differs between periods would be the models."
        )
    return known


def _overlap(one: Period, other: Period) -> bool:
    return one.first_day <= other.last_day and other.first_day <= one.last_day
