"""The tables that all jobs read: written once, mapped into the memory of every worker."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from minecover.core import paths
from minecover.core.cube import F32
from minecover.core.feature_table import SiteTable, read_table
from minecover.core.ground_kinds import UNNAMED, GroundKinds
from minecover.pipeline.sweep.sharing import SHARED, shared_lock

#: The columns besides the features, and how they are stored.
MARKS = {
    "label": np.int8,
    "truth": np.int8,
    "valid": np.int8,
    "rejected": np.int8,
    "look_alike": np.int8,
    "n_dates": np.int16,
    "ground": np.int8,
}


@dataclass(frozen=True, slots=True, eq=False)
class TableStore:
    """The tables of one design: one file for the features and one for each mark, site by site.

    Parameters
    ----------
    sites : tuple of (dates, (rows, cols), names)
        Dates and shape of each site, and the kinds of ground that its labels name.
    start : (n_sites + 1,) int64
        First row of each site, and the end.
    X : (n, n_features) float32
        Features of all rows.
    marks : mapping of (n,) int8 or int16
        By name, see `MARKS`.
    """

    sites: tuple[tuple[tuple[str, ...], tuple[int, int], tuple[str, ...]], ...]
    start: NDArray[np.int64]
    X: F32
    marks: Mapping[str, NDArray[np.int8] | NDArray[np.int16]]

    def __call__(self, index: int, features: Sequence[str]) -> SiteTable:
        """Return the table of the site at an index, with all features or with none."""
        rows = slice(self.start[index], self.start[index + 1])
        dates, shape, names = self.sites[index]
        X = self.X[rows] if features else self.X[rows, :0]
        return SiteTable(
            dates=dates,
            shape=shape,
            label=np.asarray(self.marks["label"][rows], np.int8),
            truth=np.asarray(self.marks["truth"][rows], np.int8),
            valid=self.marks["valid"][rows].view(np.bool_),
            rejected=self.marks["rejected"][rows].view(np.bool_),
            look_alike=self.marks["look_alike"][rows].view(np.bool_),
            n_dates=np.asarray(self.marks["n_dates"][rows], np.int16),
            X=X,
            ground=GroundKinds(names, np.asarray(self.marks["ground"][rows], np.int8))
            if names
            else None,
        )


def open_tables(
    name: str, site_ids: Sequence[str], *, design: str, profile: str, features: Sequence[str]
) -> TableStore:
    """Map the tables into memory; the first process writes them.

    Parameters
    ----------
    name : str
        Digest of everything that they depend on.
    site_ids : sequence of str
        Sites, in their order.
    design, profile, features
        See `minecover.core.feature_table.read_table`.
    """
    folder = SHARED / "tables" / name
    with shared_lock(f"tables-{name}"):
        if not folder.is_dir():
            partial = folder.with_name(f"{name}.partial")
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir(parents=True)
            _write(partial, site_ids, design=design, profile=profile, features=features)
            partial.rename(folder)
    index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    sizes = [len(dates) * rows * cols for dates, (rows, cols), _ in index]
    n = sum(sizes)
    marks = {
        mark: np.memmap(folder / mark, kind, "r", shape=(n,)) for mark, kind in MARKS.items()
    }
    return TableStore(
        sites=tuple(
            (tuple(dates), (rows, cols), tuple(names)) for dates, (rows, cols), names in index
        ),
        start=np.cumsum([0, *sizes]),
        X=np.memmap(folder / "X", np.float32, "r", shape=(n, len(features))),
        marks=marks,
    )


def _write(
    folder: Path, site_ids: Sequence[str], *, design: str, profile: str, features: Sequence[str]
) -> None:
    """Read the tables site by site and append them to the files."""
    index = []
    with ExitStack() as files:
        streams = {
            name: files.enter_context((folder / name).open("wb")) for name in ("X", *MARKS)
        }
        for site_id in site_ids:
            table = read_table(
                paths.table(design, site_id),
                features=features,
                profile=profile,
                static=paths.table("location", site_id),
            )
            unnamed = np.full(len(table.label), UNNAMED, np.int8)
            ground = table.ground or GroundKinds((), unnamed)
            index.append((table.dates, table.shape, ground.names))
            for name, stream in streams.items():
                values = ground.code if name == "ground" else getattr(table, name)
                stream.write(np.ascontiguousarray(values).tobytes())
    (folder / "index.json").write_text(json.dumps(index), encoding="utf-8")
