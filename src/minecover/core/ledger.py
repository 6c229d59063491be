"""Ledgers: append-only CSV files, one line an event, that survive whatever ends a run."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from minecover.core.files import write_text


@dataclass(frozen=True, slots=True)
class Ledger:
    """An append-only CSV file.

    Several processes and threads may append to it at the same time.

    Parameters
    ----------
    path : Path
        The file. Its folder is made when the first line is written.
    columns : sequence of str
        Names of the columns. A file with other columns is begun anew.
    """

    path: Path
    columns: Sequence[str]

    def read(self) -> list[dict[str, str]]:
        """Read all lines, oldest first; create the file if it is missing."""
        header = ",".join(self.columns)
        text = self.path.read_text(encoding="utf-8") if self.path.is_file() else ""
        if text.partition("\n")[0] != header:
            write_text(self.path, header + "\n")
            return []
        if not text.endswith("\n"):
            # The last run was interrupted while it wrote a line.
            self._append("\n")
        lines = csv.DictReader(io.StringIO(text))
        # A cut line lacks values.
        return [line for line in lines if None not in line and None not in line.values()]

    def append(self, line: Mapping[str, object]) -> None:
        """Append one line, in a single write.

        Parameters
        ----------
        line : mapping
            A value for each column; white space in it becomes single blanks.
        """
        cells = (" ".join(str(line[name]).split()) for name in self.columns)
        row = io.StringIO()
        csv.writer(row, lineterminator="\n").writerow(cells)
        self._append(row.getvalue())

    def _append(self, text: str) -> None:
        # One unbuffered write in append mode is never interleaved with those of other
        # processes and threads.
        with self.path.open("ab", buffering=0) as sink:
            sink.write(text.encode())
