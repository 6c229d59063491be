"""The products of a folder at one level, each scene once; what is left out is logged once."""

from __future__ import annotations

import logging
import multiprocessing
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from minecover.core.errors import SceneError
from minecover.sources.product import Product
from minecover.sources.product_search import Found, find_products

log = logging.getLogger(__name__)

#: Collections from old to new.
_COLLECTIONS = {"pre": 0, "c1": 1, "c2": 2}
#: Largest number of names in a message.
MAX_NAMES = 8
#: Products by folder: a folder is listed again only after it was changed.
_LISTED: dict[Path, Found] = {}


def listed_products(folder: str, level: int) -> list[Product]:
    """Return the products of a folder by date, path and row, one for each scene.

    Parameters
    ----------
    folder : str
        See `minecover.sources.product_search.find_products`.
    level : int
        Processing level; products of the other level are left out.

    Raises
    ------
    SceneError
        If there is no product of the level, or a scene is there twice in one collection.
    """
    found = _found(Path(folder))
    products = [p for p in found.products if p.mtl.level == level]
    if not products:
        levels = {f"level {p.mtl.level}" for p in found.products}
        nothing = "no *_MTL.txt or *_MTL.json" + _names(found.left_out, ", but ")
        raise SceneError(
            f"{folder} holds no Landsat product of level {level}, found "
            f"{' and '.join(sorted(levels)) or nothing}. "
            "Fix source.scenes.folder or source.scenes.level."
        )
    chosen, older = _one_each(products, folder)
    others = [p for p in found.products if p.mtl.level != level]
    left_out = [
        *found.left_out,
        *older,
        *(f"{p.product_id} (level {p.mtl.level}, not {level})" for p in others),
    ]
    if left_out:
        names = _names(left_out, "; left out: ")
        _say_once(f"{folder}: products that are read: {len(chosen)}{names}.")
    return chosen


def _found(folder: Path) -> Found:
    key = folder.absolute()
    if key not in _LISTED or not _LISTED[key].is_current:
        _LISTED[key] = find_products(folder)
    return _LISTED[key]


def _one_each(products: Sequence[Product], folder: str) -> tuple[list[Product], list[str]]:
    """Return one product of each scene, and the names of the others with their reason."""
    ordered = sorted(
        products, key=lambda p: (p.mtl.day, p.mtl.path_row, -_COLLECTIONS[p.mtl.collection])
    )
    chosen: list[Product] = []
    older: list[str] = []
    for one in ordered:
        last = chosen[-1] if chosen else None
        if last is None or (last.mtl.day, last.mtl.path_row) != (one.mtl.day, one.mtl.path_row):
            chosen.append(one)
        elif last.mtl.collection == one.mtl.collection:
            raise SceneError(
                f"{folder} contains one scene twice: {last.product_id} and "
                f"{one.product_id}. Delete one of them."
            )
        else:
            older.append(f"{one.product_id} (the same scene, in an older collection)")
    return chosen, older


@cache
def _say_once(text: str) -> None:
    """Log what is left out, once in a run: the workers of a map would repeat it."""
    is_worker = multiprocessing.parent_process() is not None
    log.log(logging.DEBUG if is_worker else logging.WARNING, "%s", text)


def _names(names: Sequence[str], start: str) -> str:
    """Return the first names as one text; empty if there is none."""
    more = f" and {len(names) - MAX_NAMES} more" if len(names) > MAX_NAMES else ""
    return f"{start}{', '.join(names[:MAX_NAMES])}{more}" if names else ""
