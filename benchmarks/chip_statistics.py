"""Colours of real chips, from which the simulated river valleys take theirs.

Statistics of chips whose group is an even number; no pixel leaves this file.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from labelled_chips import LOOK_ALIKE, MINE, Chips, label_set
from numpy.typing import NDArray

from minecover.core.config import Params
from minecover.core.cube import F32
from minecover.features.indices import normalised_difference

#: MNDWI of wet ground, and of dry ground; pixels of a kind that a chip must have.
WET_ABOVE, DRY_BELOW, LEAST = 0.1, -0.15, 15
#: Reflectance below it is noise [1].
DARKEST = 0.003
#: Name, kind of the chips, class, wetness, and which half by red reflectance.
KINDS = (
    ("wide river", "riverbank", LOOK_ALIKE, "wet", None),
    ("river bar", "riverbank", LOOK_ALIKE, "dry", None),
    ("scar", "landslide", LOOK_ALIKE, "dry", None),
    ("fish pond", "aquaculture", LOOK_ALIKE, "wet", None),
    ("yard", "aquaculture", LOOK_ALIKE, "dry", None),
    ("new tailings", "asgm", MINE, "dry", "redder"),
    ("old tailings", "asgm", MINE, "dry", "less red"),
    ("milky pond", "asgm", MINE, "wet", "redder"),
    ("dark pond", "asgm", MINE, "wet", "less red"),
)


def print_statistics(params: Params) -> None:
    """Print median, spread inside chips and spread between them of each kind of ground."""
    chips = label_set(params)
    table = pd.read_csv(Path(params.value("source.input")) / "chips.csv").set_index("chip")
    kind = table.loc[list(params.build("source.chips").chips()), "kind"].to_numpy()
    kind = np.where([int(group) % 2 == 0 for group in chips.group], kind, "")
    print(
        "kind | chips | blue green red nir swir16 swir22 | inside | between: visible nir swir"
    )
    for name, of_kind, one, wetness, half in KINDS:
        found = _of_kind(chips.of(kind == of_kind), one, wetness, half)
        middle = np.array([np.median(values, axis=0) for values in found])
        inside = np.sqrt(np.mean([values.var(axis=0) for values in found], axis=0)).mean()
        spread = middle.std(axis=0)
        colours = " ".join(f"{value:.3f}" for value in np.exp(np.median(middle, axis=0)))
        between = f"{spread[:3].mean():.2f} {spread[3]:.2f} {spread[4:].mean():.2f}"
        print(f"{name} | {len(found)} | {colours} | {inside:.2f} | {between}")


def _of_kind(chips: Chips, one: int, wetness: str, half: str | None) -> list[F32]:
    """Return the logarithm of the reflectance of a kind of ground, (pixel, band) per chip."""
    found = []
    for view, classes in zip(chips.views[:, -1], chips.classes, strict=True):
        mndwi = normalised_difference(view[1], view[4])
        where: NDArray[np.bool_] = mndwi > WET_ABOVE if wetness == "wet" else mndwi <= DRY_BELOW
        values = view[:, where & (classes == one)].T
        if half is not None and len(values):
            redder = values[:, 2] > np.median(values[:, 2])
            values = values[redder if half == "redder" else ~redder]
        if len(values) >= LEAST:
            found.append(np.log(np.maximum(values, DARKEST)))
    return found
