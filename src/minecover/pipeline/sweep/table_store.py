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
from minecover.pipeline.sweep.locks import SHARED, held

#: The columns beside the features.
MARKS = ("label", "truth", "valid", "rejected")


@dataclass(frozen=True, slots=True, eq=False)
class Store:
    """Tables of one design in one file a kind of column, one site after the other.

    Parameters
    ----------
    sites : tuple of (dates, (rows, cols))
        In the order of the tables.
    start : (n_sites + 1,) int64
        First row of each site, and the end.
    X : (n, n_features) float32
    marks : mapping of (n,) int8
        See `MARKS`.
    """

    sites: tuple[tuple[tuple[str, ...], tuple[int, int]], ...]
    start: NDArray[np.int64]
    X: F32
    marks: Mapping[str, NDArray[np.int8]]

    def __call__(self, index: int, features: Sequence[str]) -> SiteTable:
        """Give the table of the site at an index, with all features or with none of them."""
        rows = slice(self.start[index], self.start[index + 1])
        dates, shape = self.sites[index]
        X = self.X[rows] if features else self.X[rows, :0]
        return SiteTable(
            dates=dates,
            shape=shape,
            label=self.marks["label"][rows],
            truth=self.marks["truth"][rows],
            valid=self.marks["valid"][rows].view(np.bool_),
            rejected=self.marks["rejected"][rows].view(np.bool_),
            X=X,
        )


def opened(
    name: str, site_ids: Sequence[str], *, design: str, profile: str, features: Sequence[str]
) -> Store:
    """Map the tables into memory; whoever comes first writes them.

    Parameters
    ----------
    name : str
        Digest of all that they depend on.
    site_ids : sequence of str
    design, profile, features
        See `minecover.core.feature_table.read_table`.
    """
    folder = SHARED / "tables" / name
    with held(f"tables-{name}"):
        if not folder.is_dir():
            partial = folder.with_name(f"{name}.partial")
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir(parents=True)
            _write(partial, site_ids, design=design, profile=profile, features=features)
            partial.rename(folder)
    index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    sizes = [len(dates) * rows * cols for dates, (rows, cols) in index]
    n = sum(sizes)
    marks = {mark: np.memmap(folder / mark, np.int8, "r", shape=(n,)) for mark in MARKS}
    return Store(
        sites=tuple((tuple(dates), (rows, cols)) for dates, (rows, cols) in index),
        start=np.cumsum([0, *sizes]),
        X=np.memmap(folder / "X", np.float32, "r", shape=(n, len(features))),
        marks=marks,
    )


def _write(
    folder: Path, site_ids: Sequence[str], *, design: str, profile: str, features: Sequence[str]
) -> None:
    """Read the tables site by site and write their columns one after the other."""
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
            index.append((table.dates, table.shape))
            for name, stream in streams.items():
                stream.write(np.ascontiguousarray(getattr(table, name)).tobytes())
    (folder / "index.json").write_text(json.dumps(index), encoding="utf-8")
