"""A folder of labelled images: which files belong together, and what the masks mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from minecover.core.errors import ConfigError, LabelError, SceneError
from minecover.core.grid import Grid
from minecover.core.hemispheres import northern
from minecover.core.raster import read_grid
from minecover.core.raster.stacks import Stack, read_stack
from minecover.sources.chips.chip_table import APART, ChipRow, ChipTable
from minecover.sources.chips.patterns import ALL, DATE, day_of, matching, placeholders

#: What the pixels of a mask can be: the keys of `ChipSet.classes`.
CLASSES = ("mine", "look_alike", "other", "ignore")


@dataclass(frozen=True, slots=True)
class Chip:
    """A chip: the images of one square of ground, and its mask.

    Parameters
    ----------
    name : str
        Unique name.
    images : mapping of date to Path
        Its images, ascending by day.
    mask : Path or None
        Its mask; None if only the label of the chip is known.
    label : int or None
        Whether it holds a mine, by the table: 1, 0, or -1 for neither; None if its mask says
        it.
    group : str
        Group that no fold splits, by the table; empty if there is none.
    kind : str
        What it shows, by the table; empty if the table does not say it.
    """

    name: str
    images: Mapping[date, Path]
    mask: Path | None
    label: int | None
    group: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class ChipSet:
    """A folder of labelled images.

    Parameters
    ----------
    folder : str
        The folder.
    images : str
        Where the images lie in it: ``images/{chip}_{date}.tif``. The text at all names in
        braces but ``{date}`` is the name of a chip.
    masks : str or None
        Where the masks lie, by the same names. With ``{date}``, each date is a chip of its own.
        None if there are none, and the table alone says which chips hold a mine.
    days : mapping of str to str
        ISO days of the texts at ``{date}`` that are no days; the day of all images is
        ``all``, where names have none.
    table : ChipTable or None
        Labels and groups of chips. Only with one may a chip be without a mask.
    classes : mapping of str to sequence of int
        Values of the masks: ``mine``; ``look_alike``, ground known to look mined and not to be;
        ``other``; ``ignore``, left out of training and scores.
    """

    folder: str
    images: str
    masks: str | None
    days: Mapping[str, str]
    table: ChipTable | None
    classes: Mapping[str, Sequence[int]]

    def __post_init__(self) -> None:
        """Refuse patterns that name no chip, and classes that are unknown or ambiguous."""
        names = placeholders(self.images)
        of_masks = names if self.masks is None else placeholders(self.masks)
        if not set(names) - {DATE} or not set(names) - {DATE} <= set(of_masks):
            raise ConfigError(
                "source.chips.images and source.chips.masks must name chips alike, such as "
                f"images/{{chip}}_{{date}}.tif and masks/{{chip}}.tif, found {self.images} and "
                f"{self.masks}."
            )
        if unknown := set(of_masks) - set(names):
            raise ConfigError(
                f"source.chips.masks has {', '.join(sorted(unknown))} in braces, which "
                f"source.chips.images={self.images} does not have."
            )
        values = [value for some in self.classes.values() for value in some]
        if not set(self.classes) <= set(CLASSES) or len(set(values)) < len(values):
            raise ConfigError(
                f"source.chips.classes must give each value of the masks one of "
                f"{', '.join(CLASSES)}, found {dict(self.classes)}."
            )

    def __hash__(self) -> int:
        """Hash the text of the fields, some of which are mappings."""
        return hash(repr(self))

    def chips(self) -> dict[str, Chip]:
        """Return the chips by name, sorted; see `list_chips`."""
        return list_chips(self)

    def grid(self, chip: Chip) -> Grid:
        """Return the grid of a chip, which all its images must have."""
        grids = {file: northern(read_grid(file)) for file in chip.images.values()}
        first, *others = grids
        for file in others:
            _check_same(file, grids[file], first, grids[first], SceneError)
        return grids[first]

    def classes_of(self, chip: Chip, grid: Grid) -> dict[str, NDArray[np.bool_]] | None:
        """Return where the mask of a chip has each of `CLASSES`; None without a mask.

        Parameters
        ----------
        chip : Chip
            The chip.
        grid : Grid
            Its grid, see `grid`.

        Returns
        -------
        dict of (row, col) bool, or None

        Raises
        ------
        LabelError
            If the mask has another grid than the images, several bands, or a value that
            `classes` does not have.
        """
        if chip.mask is None:
            return None
        mask = read_stack(chip.mask)
        image = next(iter(chip.images.values()))
        _check_same(chip.mask, mask.grid, image, grid, LabelError)
        plane = self._plane(chip.mask, mask)
        return {name: np.isin(plane, list(self.classes.get(name, ()))) for name in CLASSES}

    def _plane(self, path: Path, mask: Stack) -> NDArray[np.generic]:
        """Return the values of a mask, all of which are known."""
        if len(mask.values) != 1:
            raise LabelError(
                f"{path} must have one band, found {len(mask.values)}. Save the classes as one."
            )
        plane: NDArray[np.generic] = mask.values[0]
        known = [value for some in self.classes.values() for value in some]
        if unknown := sorted(set(np.unique(plane).tolist()) - set(known)):
            raise LabelError(
                f"{path} has the value {unknown[0]:g}, which source.chips.classes does not "
                f"have (it has: {dict(self.classes)}). Add it to mine, look_alike, other or "
                "ignore."
            )
        return plane


def list_chips(chips: ChipSet) -> dict[str, Chip]:
    """Return the chips of a folder by name, sorted.

    Raises
    ------
    SceneError
        If no image is found, or two are of one chip and day.
    LabelError
        If an image lacks a row of the table, a row lacks an image, or a chip has neither a mask
        nor a label.
    """
    folder = Path(chips.folder)
    named_by = [
        name
        for name in placeholders(chips.images)
        if name != DATE or DATE in placeholders(chips.masks or "")
    ]
    images = _images(chips, folder, named_by)
    masks = {} if chips.masks is None else _masks(folder, chips.masks, named_by)
    if alone := sorted(set(masks) - set(images)):
        raise LabelError(f"{masks[alone[0]]} is a mask without an image {chips.images}.")
    if chips.table is None:
        rows = dict.fromkeys(images, ChipRow(None, ""))
    else:
        rows = chips.table.rows(folder, images)
    found = {}
    for name in sorted(rows):
        row, of_chip = rows[name], dict(sorted(images[name].items()))
        if name not in masks and row.label is None:
            raise LabelError(
                f"the chip {name} has neither a mask "
                f"(source.chips.masks={chips.masks or 'null'}) nor a label. Fix "
                "source.chips.masks, or name a column of labels in source.chips.table.label."
            )
        mask = None if row.label == APART else masks.get(name)
        found[name] = Chip(name, of_chip, mask, row.label, row.group, row.kind)
    return found


def _masks(folder: Path, pattern: str, named_by: Sequence[str]) -> dict[str, Path]:
    """Return the masks by chip."""
    masks: dict[str, Path] = {}
    for file, text in matching(folder, pattern).items():
        name = "_".join(text[one] for one in named_by)
        if name in masks:
            raise LabelError(f"{file} and {masks[name]} are both masks of the chip {name!r}.")
        masks[name] = file
    if not masks:
        raise LabelError(
            f"no file of {folder} is named {pattern}. Fix source.chips.masks; set it to null "
            "if source.chips.table alone says which chips hold a mine."
        )
    return masks


def _images(
    chips: ChipSet, folder: Path, named_by: Sequence[str]
) -> dict[str, dict[date, Path]]:
    """Return the images by chip and day."""
    images: dict[str, dict[date, Path]] = {}
    days: dict[str, date] = {}
    for file, text in matching(folder, chips.images).items():
        name = "_".join(text[one] for one in named_by)
        tag = text.get(DATE, ALL)
        if tag not in days:
            days[tag] = day_of(tag, chips.days, file)
        day = days[tag]
        of_chip = images.setdefault(name, {})
        if day in of_chip:
            raise SceneError(
                f"{file} and {of_chip[day]} are both the chip {name!r} on {day}. Rename one, "
                "or fix source.chips.images and source.chips.days."
            )
        of_chip[day] = file
    if not images:
        raise SceneError(
            f"no file of {folder} is named {chips.images}. Fix source.input, or "
            "source.chips.images."
        )
    return images


def _check_same(
    file: Path, grid: Grid, other: Path, expected: Grid, error: type[SceneError | LabelError]
) -> None:
    """Refuse a file of another grid than an image of the same chip."""
    if grid != expected:
        raise error(
            f"{file} must have the pixels of {other}, {_text(expected)}, found {_text(grid)}. "
            "Cut both from the same grid."
        )


def _text(grid: Grid) -> str:
    """Return size, CRS and corner of a grid."""
    rows, cols = grid.shape
    return (
        f"{rows} x {cols} of {grid.crs} from {grid.transform.c:.10g}, {grid.transform.f:.10g}"
    )
