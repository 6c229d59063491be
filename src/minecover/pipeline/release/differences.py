"""Where two files, or two folders of files, first differ."""

from __future__ import annotations

import filecmp
import json
from collections.abc import Iterator
from pathlib import Path

from minecover.core.config import leaves

#: Bytes that are compared at once.
CHUNK = 1 << 20


def unlike(recorded: Path, rebuilt: Path) -> Iterator[str]:
    """Name the files that differ, and where.

    Parameters
    ----------
    recorded, rebuilt : Path
        Two files, or two folders.

    Yields
    ------
    str
        ``<name in the folder> <where>``; a file's own difference has no name.
    """
    if not recorded.is_dir():
        if not filecmp.cmp(recorded, rebuilt, shallow=False):
            yield first(recorded, rebuilt)
        return
    names = [
        {path.relative_to(top).as_posix() for path in top.rglob("*") if path.is_file()}
        for top in (recorded, rebuilt)
    ]
    for name in sorted(names[0] | names[1]):
        if name not in names[1]:
            yield f"{name} was not rebuilt"
        elif name not in names[0]:
            yield f"{name} is only in the rebuild"
        elif not filecmp.cmp(recorded / name, rebuilt / name, shallow=False):
            yield f"{name} {first(recorded / name, rebuilt / name)}"


def first(recorded: Path, rebuilt: Path) -> str:
    """Say where two files first differ: the key of a JSON, or else the byte."""
    if recorded.suffix == ".json":
        try:
            mine, its = (
                dict(leaves(json.loads(path.read_text(encoding="utf-8"))))
                for path in (recorded, rebuilt)
            )
        except ValueError:
            return _byte(recorded, rebuilt)
        for key in {**its, **mine}:
            if mine.get(key) != its.get(key):
                return f"at {key}: {mine.get(key)!r} recorded, {its.get(key)!r} rebuilt"
    return _byte(recorded, rebuilt)


def _byte(recorded: Path, rebuilt: Path) -> str:
    """Say at which byte two files first differ."""
    with recorded.open("rb") as mine, rebuilt.open("rb") as its:
        start = 0
        while (a := mine.read(CHUNK)) == (b := its.read(CHUNK)) and a:
            start += len(a)
    at = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), None)
    if at is None:
        sizes = [path.stat().st_size for path in (recorded, rebuilt)]
        return f"in length: {sizes[0]} bytes recorded, {sizes[1]} rebuilt"
    return f"at byte {start + at}: {a[at]:#04x} recorded, {b[at]:#04x} rebuilt"
