"""Sites and labels of a label set: each chip on its own pixels, with its own mask."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from minecover.core.errors import LabelError, SiteError
from minecover.core.grid import Grid
from minecover.core.lattice import Lattice
from minecover.core.raster import trace_inside
from minecover.core.sites import Site
from minecover.labels import label_table
from minecover.sources.chips.chip_set import Chip, ChipSet

log = logging.getLogger(__name__)

WGS84 = "EPSG:4326"
#: Classes of the masks that become outlines, by kind of label. The rest is other ground.
DRAWN = ("mine", "look_alike", "ignore")


@dataclass(frozen=True, slots=True)
class ChipSites:
    """Layout with one site per chip, on the chip's own pixels: there is no ground around it.

    Parameters
    ----------
    chips : ChipSet
        The label set.
    lattice : Lattice
        Of its pixels the side alone counts: chips lie where their files say.
    """

    chips: ChipSet
    lattice: Lattice

    def __call__(self, labels: gpd.GeoDataFrame) -> list[Site]:
        """Return the sites with the labels of their chips; the outlines are unused."""
        if self.chips.table is not None:
            for sentence in self.chips.table.unmatched(Path(self.chips.folder)):
                log.warning("sites: %s", sentence)
        return [self._site(chip) for chip in self.chips.chips().values()]

    def _site(self, chip: Chip) -> Site:
        """Return the site of a chip. Whether it holds a mine its row says, or its mask."""
        grid, label = self.chips.grid(chip), chip.label
        if grid.pixel_m != (self.lattice.pixel_m, self.lattice.pixel_m):
            width, height = grid.pixel_m
            raise SiteError(
                f"the chip {chip.name} has pixels of {width:g} x {height:g} m, but "
                f"lattice.pixel_m={self.lattice.pixel_m:g}. Set lattice.family and "
                "lattice.pixel_m to what the label set has."
            )
        if label is None:
            found = self.chips.classes_of(chip, grid)
            label = int(found is not None and found["mine"].any())
        return Site(chip.name, chip.group, grid, 0, chip_label=label)


@dataclass(frozen=True, slots=True)
class ChipLabels:
    """Labels from the masks of a label set, one per object of 4-connected pixels.

    They count on their own chip alone, and burned on its grid they are its mask again, to the
    pixel: chips may overlap, and two masks of one place may differ. A chip without a mask is
    ignored as a whole. Look-alikes, and chips that are ignored, have the kind of the chip as
    their name.

    Parameters
    ----------
    chips : ChipSet
        The label set.
    """

    chips: ChipSet

    def __call__(self) -> gpd.GeoDataFrame:
        """Return the label table: outlines of the kinds `DRAWN`, without dates."""
        rows: dict[str, list[dict[str, object]]] = {}
        for chip in self.chips.chips().values():
            grid = self.chips.grid(chip)
            rows.setdefault(grid.crs, []).extend(self._rows(chip, grid))
        if not any(rows.values()):
            raise LabelError(
                f"no mask of {self.chips.folder} has a mine, a look-alike or ignored ground. "
                "Fix source.chips.classes."
            )
        zones = [
            gpd.GeoDataFrame(some, crs=crs).to_crs(WGS84) for crs, some in rows.items() if some
        ]
        return label_table(gpd.GeoDataFrame(pd.concat(zones, ignore_index=True), crs=WGS84))

    def _rows(self, chip: Chip, grid: Grid) -> Iterator[dict[str, object]]:
        """Yield a label for each object of a chip's mask; one over all of it without a mask."""
        found = self.chips.classes_of(chip, grid)
        for kind in DRAWN if found else ("ignore",):
            mask = found[kind] if found else np.ones(grid.shape, np.bool_)
            for number, shape in enumerate(trace_inside(mask, grid)):
                yield {
                    "label_id": f"{chip.name}-{kind}{number}",
                    "kind": kind,
                    "name": "" if kind == "mine" else chip.kind,
                    "seen_from": "",
                    "seen_to": "",
                    "site_id": chip.name,
                    "geometry": shape,
                }
