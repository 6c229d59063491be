"""Compare two files, or two folders of files, byte by byte."""

from __future__ import annotations

import filecmp
import json
from collections.abc import Iterator
from pathlib import Path

from minecover.core.composition import leaves

#: Bytes that are read at once.
CHUNK = 1 << 20


def find_differences(recorded: Path, rebuilt: Path) -> Iterator[str]:
    """Find the files that differ, and where each first differs.

    Parameters
    ----------
    recorded, rebuilt : Path
        Two files, or two folders that are compared recursively.

    Yields
    ------
    str
        For folders ``<path in the folder> <where>`` per file that differs; for files
        ``<where>``, if they differ.
    """
    if not recorded.is_dir():
        if not filecmp.cmp(recorded, rebuilt, shallow=False):
            yield first_difference(recorded, rebuilt)
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
            yield f"{name} {first_difference(recorded / name, rebuilt / name)}"


def first_difference(recorded: Path, rebuilt: Path) -> str:
    """Return where two files first differ, in words.

    Parameters
    ----------
    recorded, rebuilt : Path
        Two files that differ.

    Returns
    -------
    str
        The first key of a JSON file with both its values, or else the first byte with both
        its values, or else both lengths.
    """
    if recorded.suffix == ".json":
        try:
            old, new = (
                dict(leaves(json.loads(path.read_text(encoding="utf-8"))))
                for path in (recorded, rebuilt)
            )
        except ValueError:
            return _first_byte(recorded, rebuilt)
        for key in {**new, **old}:
            if old.get(key) != new.get(key):
                return f"at {key}: {old.get(key)!r} recorded, {new.get(key)!r} rebuilt"
    return _first_byte(recorded, rebuilt)


def _first_byte(recorded: Path, rebuilt: Path) -> str:
    """Return the first byte in which two files differ, in words."""
    with recorded.open("rb") as old, rebuilt.open("rb") as new:
        start = 0
        while (a := old.read(CHUNK)) == (b := new.read(CHUNK)) and a:
            start += len(a)
    at = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), None)
    if at is None:
        sizes = [path.stat().st_size for path in (recorded, rebuilt)]
        return f"in length: {sizes[0]} bytes recorded, {sizes[1]} rebuilt"
    return f"at byte {start + at}: {a[at]:#04x} recorded, {b[at]:#04x} rebuilt"
