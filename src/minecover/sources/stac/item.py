"""Items of a STAC catalogue: what a scene is, when and where it was taken, and its files."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from datetime import date

import pystac

from minecover.core.errors import SceneError
from minecover.core.hemispheres import northern_crs

Bounds = tuple[float, float, float, float]

#: Start of a pass of Sentinel-2 in the id of its datatake, ``GS2A_20230821T221941_...``, and of
#: a part of it in the id of a datastrip, ``S2A_..._S20230821T221942_N05.09``.
_DATATAKE = re.compile(r"GS2[A-Z]_(\d{8}T\d{6})_.*")
_DATASTRIP = re.compile(r".*_S(\d{8}T\d{6})_.*")


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """One scene of a catalogue, see `minecover.sources.days.Listed`.

    Parameters
    ----------
    stac : pystac.Item
        The item.
    """

    stac: pystac.Item

    @property
    def name(self) -> str:
        """Id of the scene."""
        return str(self.stac.id)

    @property
    def collection(self) -> str | None:
        """Id of the collection, if the item names one."""
        return None if self.stac.collection_id is None else str(self.stac.collection_id)

    @property
    def properties(self) -> Mapping[str, object]:
        """Properties of the item."""
        found: Mapping[str, object] = self.stac.properties
        return found

    @property
    def platform(self) -> str:
        """Satellite, by its name in `minecover.core.sensors`; empty if it is not known."""
        return str(self.properties.get("platform") or "").lower()

    @property
    def cloud_cover(self) -> float:
        """Cloud cover of the whole scene [%]; 0 if it is not known."""
        return float(str(self.properties.get("eo:cloud_cover") or 0))

    @property
    def assets(self) -> list[str]:
        """Names of the files, sorted."""
        return sorted(self.stac.assets)

    def address(self, asset: str) -> str:
        """Return the address or path of a file."""
        found = self.stac.assets[asset]
        return str(found.get_absolute_href() or found.href)

    @property
    def day(self) -> date:
        """Day of acquisition in UTC; of Sentinel-2, that on which the pass began."""
        if start := self._start(_DATATAKE, "s2:datatake_id"):
            return date.fromisoformat(start[:8])
        taken = self.stac.datetime or self.stac.common_metadata.start_datetime
        if taken is None:
            raise SceneError(f"{self.name} has no datetime. Repair the catalogue.")
        day: date = taken.date()
        return day

    @property
    def crs(self) -> str | None:
        """UTM zone of the files under its northern name, if the catalogue states it."""
        for fields in (self.properties, *(a.extra_fields for a in self.stac.assets.values())):
            code, epsg = fields.get("proj:code"), fields.get("proj:epsg")
            if code or epsg:
                return northern_crs(str(code or f"EPSG:{epsg}"))
        return None

    @property
    def identity(self) -> Hashable:
        """What all versions of one scene share: of Sentinel-2 pass, part of it and tile."""
        tile = self.properties.get("s2:mgrs_tile") or self.properties.get("grid:code")
        parts = (
            self._start(_DATATAKE, "s2:datatake_id"),
            self._start(_DATASTRIP, "s2:datastrip_id"),
            str(tile or "").removeprefix("MGRS-"),
        )
        return parts if all(parts) else self.name

    @property
    def version(self) -> tuple[str, str]:
        """Processing baseline and time of the processing of Sentinel-2; else empty."""
        baseline, time = (
            str(self.properties.get(f"s2:{key}") or "")
            for key in ("processing_baseline", "generation_time")
        )
        return baseline, time

    def overlaps(self, bounds: Bounds) -> bool:
        """Return whether the bounding box, if there is one, overlaps `bounds` [degrees]."""
        if self.stac.bbox is None:
            return True
        west, south, east, north = self.stac.bbox
        left, bottom, right, top = bounds
        return bool(west < right and left < east and south < top and bottom < north)

    def _start(self, form: re.Pattern[str], key: str) -> str:
        """Return the time in an id of Sentinel-2; empty if there is none."""
        found = form.fullmatch(str(self.properties.get(key) or ""))
        return found[1] if found else ""
