"""The table of a label set: labels and groups of whole chips."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from minecover.core.errors import LabelError, first_names
from minecover.labels import csv_format

#: Label of a chip that counts neither as with a mine nor as without.
APART = -1
#: Rows that an error names.
N_NAMED = 3
#: Values of a column that an error names.
N_VALUES = 10


@dataclass(frozen=True, slots=True)
class ChipTable:
    """A CSV table with a row a chip.

    Parameters
    ----------
    file : str
        CSV file in the folder of the chips.
    chip : str
        Column with the names of the chips.
    label : str or None
        Column that says whether a chip holds a mine: 1 or 0. None: its mask says it.
    group : str or None
        Column of the groups that no fold splits. None, or an empty cell: chips that share
        ground or nearly touch are a group, see `sites.group_within_m`.
    keep : mapping of str to sequence
        Values of columns; chips with another value are left out.
    kind : str or None
        Column that says what a chip shows: the kind of its look-alikes, or of its mines.
    apart : mapping of str to sequence
        Values of columns; chips with one of these count neither as with a mine nor as without.
        They are left out of training, and scored by their kind alone.
    """

    file: str
    chip: str
    label: str | None
    group: str | None
    keep: Mapping[str, Sequence[object]]
    kind: str | None = None
    apart: Mapping[str, Sequence[object]] = field(default_factory=dict)

    def read(self, folder: Path) -> pd.DataFrame:
        """Return the table by name of the chip, all cells as text.

        Raises
        ------
        LabelError
            If it is missing, lacks a column, or names a chip twice.
        """
        path = folder / self.file
        table = _read_text(path)
        wanted = [self.chip, self.label, self.group, self.kind, *self.keep, *self.apart]
        if missing := [name for name in wanted if name and name not in table]:
            raise LabelError(
                f"{path} has no column {', '.join(missing)} (found: {', '.join(table)}). "
                "Fix source.chips.table."
            )
        if (twice := table[self.chip].duplicated()).any():
            raise LabelError(
                f"{path} has two rows of the chip {table.loc[twice, self.chip].iloc[0]!r}. "
                "Remove one."
            )
        if self.label:
            wrong = table.loc[~table[self.label].isin(("0", "1")), self.label]
            if len(wrong):
                raise LabelError(
                    f"the column {self.label} of {path} must be 1 (a mine) or 0, found "
                    f"{wrong.iloc[0]!r}. Fix the table or source.chips.table.label."
                )
        return table.set_index(self.chip)

    def rows(self, folder: Path, images: Collection[str]) -> dict[str, ChipRow]:
        """Return what the table says about the chips that are kept.

        Parameters
        ----------
        folder : Path
            The folder of the chips.
        images : collection of str
            Names of the chips that have images.

        Raises
        ------
        LabelError
            If the table cannot be read, an image has no row, a row no image, or none is kept.
        """
        table, path = self.read(folder), folder / self.file
        for names, what in (
            (sorted(set(table.index) - set(images)), "rows without an image"),
            (sorted(set(images) - set(table.index)), "no row for the images of some chips"),
        ):
            if names:
                raise LabelError(
                    f"{path} has {what}: {first_names(names, N_NAMED)}. Complete the "
                    "folder or the table, or fix source.chips.images."
                )
        for column, values in self.keep.items():
            table = table[table[column].isin([str(value) for value in values])]
        if table.empty:
            raise LabelError(
                f"no row of {path} has the values of source.chips.table.keep, "
                f"{_plain(self.keep)}. The columns have {self._values(folder)}."
            )
        return {
            str(name): ChipRow(
                self._label(row),
                str(row[self.group]) if self.group else "",
                str(row[self.kind]) if self.kind else "",
            )
            for name, row in table.to_dict("index").items()
        }

    def unmatched(self, folder: Path) -> list[str]:
        """Return a sentence for each column of which `keep` or `apart` names values in vain.

        A misspelt value leaves out all mines or all other ground without an error.

        Parameters
        ----------
        folder : Path
            The folder of the chips.
        """
        table, path = self.read(folder), folder / self.file
        return [
            f"no row of {path} has {', '.join(missing)} as {column}, which "
            f"source.chips.table.{key} names"
            for key, columns in (("keep", self.keep), ("apart", self.apart))
            for column, values in columns.items()
            if (missing := sorted({str(value) for value in values} - set(table[column])))
        ]

    def _values(self, folder: Path) -> str:
        """Return the first values of the columns of `keep`, as text."""
        table = self.read(folder)
        found = {column: sorted(table[column].unique()) for column in self.keep}
        return "; ".join(
            f"{column}: {', '.join(some[:N_VALUES])}{', ...' if len(some) > N_VALUES else ''}"
            for column, some in found.items()
        )

    def _label(self, row: Mapping[Hashable, object]) -> int | None:
        """Return the label of a row, `APART` for what counts as neither."""
        is_apart = [
            row[column] in [str(value) for value in values]
            for column, values in self.apart.items()
        ]
        if any(is_apart):
            return APART
        return int(str(row[self.label])) if self.label else None


class ChipRow(NamedTuple):
    """What a table says about a chip.

    Parameters
    ----------
    label : int or None
        Whether it holds a mine: 1, 0, or `APART`; None if its mask says it.
    group, kind : str
        Its group, and what it shows; empty if the table does not say it.
    """

    label: int | None
    group: str
    kind: str = ""


def _read_text(path: Path) -> pd.DataFrame:
    """Return a CSV table without its blank rows, all cells as text."""
    try:
        delimiter, encoding = csv_format(path)
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            table = pd.read_csv(
                path,
                sep=delimiter,
                encoding=encoding,
                dtype=str,
                keep_default_na=False,
                # Else the first column becomes the index where all rows are longer.
                index_col=False,
            )
    except pd.errors.ParserWarning as error:
        raise LabelError(
            f"rows of {path} have more cells than its header has names. Put text that holds "
            "the separator in quotes, or remove the separators at the ends of rows."
        ) from error
    except (OSError, ValueError) as error:
        raise LabelError(
            f"{path} cannot be read as a CSV table ({error}). Fix source.chips.table.file."
        ) from error
    return table[(table != "").any(axis=1)]


def _plain(values: Mapping[str, Sequence[object]]) -> dict[str, list[object]]:
    """Return values of columns as messages show them."""
    return {column: list(some) for column, some in values.items()}
