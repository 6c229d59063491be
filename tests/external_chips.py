"""A label set that tests draw to try models on: mines, look-alikes, and a quarry apart."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from chip_sets import LEFT, write_raster

#: Metres between chips: far more than the cells of `minecover.core.places`.
APART_M = 20_000
#: Reflectance in the red of mines, river bars, ponds and forest.
MINE, BAR, POND, FOREST = 0.45, 0.3, 0.15, 0.05


@dataclass(frozen=True)
class Chip:
    """A chip whose upper half is of some brightness, and forest below."""

    upper: float
    mask: int | None  # value of the mask there; None: no mask
    label: int
    kind: str
    status: str = "seen"


CHIPS = {
    "pit_a": Chip(MINE, 1, 1, "gold"),
    "pit_b": Chip(MINE, 1, 1, "gold"),
    "pit_c": Chip(MINE, None, 1, "gold"),
    "bar_a": Chip(BAR, 2, 0, "river bar"),
    "bar_b": Chip(BAR, 2, 0, "river bar"),
    "pond_a": Chip(POND, 2, 0, "fish pond"),
    "quarry": Chip(MINE, None, 0, "industrial", "factory"),
}


def draw(folder: Path, chips: Mapping[str, Chip]) -> Path:
    """Write chips of 6 x 6 pixels of 10 m, far from each other."""
    rows = ["chip,label,kind,status"]
    for number, (name, chip) in enumerate(chips.items()):
        left = LEFT + APART_M * number
        image = np.full((1, 6, 6), FOREST, np.float32)
        image[:, :3] = chip.upper
        write_raster(folder / f"images/{name}.tif", image, names=("red",), left=left)
        if chip.mask is not None:
            mask = np.zeros((1, 6, 6), np.uint8)
            mask[:, :3] = chip.mask
            write_raster(folder / f"masks/{name}.tif", mask, left=left)
        rows.append(f"{name},{chip.label},{chip.kind},{chip.status}")
    (folder / "chips.csv").write_text("\n".join(rows) + "\n")
    return folder


def words(folder: Path) -> tuple[str, ...]:
    """Return the overrides that read a label set which `draw` wrote."""
    table = (
        "{_target_:minecover.sources.chips.ChipTable,file:chips.csv,chip:chip,label:label,"
        "group:null,keep:{},kind:kind,apart:{status:[factory]}}"
    )
    return (
        f"source.input={folder}",
        "source.bands=[red]",
        "+source.chips.days.all='2019-07-01'",
        f"source.chips.table={table}",
        "source.chips.classes.look_alike=[2]",
        "metrics.bootstrap.replicates=20",
    )
