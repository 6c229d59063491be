"""The products of a folder at one level, each scene once; what is left out is logged once."""

from __future__ import annotations

import logging
import multiprocessing
from collections.abc import Sequence
from functools import cache
from itertools import groupby
from pathlib import Path

from minecover.core.errors import NotCoveredError, SceneError, first_names
from minecover.core.periods import Period
from minecover.sources.product import Product
from minecover.sources.product_search import Found, find_products
from minecover.sources.safe import MTD

log = logging.getLogger(__name__)

#: Largest number of names in a message.
MAX_NAMES = 8
#: Products by folder: a folder is listed again only after it was changed.
_LISTED: dict[Path, Found] = {}


def listed_products(
    folder: str, level: int, platforms: Sequence[str], period: Period | None = None
) -> list[Product]:
    """Return the products of a folder by date and place, one for each scene.

    Parameters
    ----------
    folder : str
        See `minecover.sources.product_search.find_products`.
    level : int
        Processing level; products of the other level are left out.
    platforms : sequence of str
        Satellites; products of others are left out.
    period : Period or None
        Days of acquisition; None for all.

    Raises
    ------
    SceneError
        If there is no such product, or a scene is there twice in one version.
    NotCoveredError
        If there are such products, but none of the period.
    """
    found = _found(Path(folder))
    products = [p for p in found.products if p.level == level and p.platform in platforms]
    if not products:
        kinds = sorted({f"level {p.level} of {p.platform}" for p in found.products})
        metadata = f"*_MTL.txt, *_MTL.json, {' or '.join(MTD.values())}"
        nothing = f"no {metadata}" + _names(found.left_out, ", but ")
        raise SceneError(
            f"{folder} holds no product of level {level} of {', '.join(platforms)}, found "
            f"{' and '.join(kinds) or nothing}. "
            "Name a folder that holds some: with --source, or in a build with source.input; a "
            "build reads source.level and source.platforms as well."
        )
    chosen, older = _one_each(products, folder)
    if period is not None:
        chosen = [product for product in chosen if product.day in period]
        if not chosen:
            raise NotCoveredError(f"{folder} holds no product of {period}. Add some.")
    others = [_other(p, level, platforms) for p in found.products if p not in products]
    left_out = [*found.left_out, *older, *others]
    if left_out:
        names = _names(left_out, "; left out: ")
        _say_once(f"{folder}: products that are read: {len(chosen)}{names}.")
    return chosen


def platforms_in(folder: str, level: int, period: Period | None = None) -> list[str]:
    """Return the satellites whose products of a level a folder holds, in order.

    Parameters
    ----------
    folder, level, period
        See `listed_products`.
    """
    return sorted(
        {
            product.platform
            for product in _found(Path(folder)).products
            if product.level == level and (period is None or product.day in period)
        }
    )


def _other(product: Product, level: int, platforms: Sequence[str]) -> str:
    """Return the name of a product that is not wanted, with the reason."""
    if product.level != level:
        return f"{product.product_id} (level {product.level}, not {level})"
    return f"{product.product_id} ({product.platform}, not {' or '.join(platforms)})"


def _found(folder: Path) -> Found:
    key = folder.absolute()
    if key not in _LISTED or not _LISTED[key].is_current:
        _LISTED[key] = find_products(folder)
    return _LISTED[key]


def _one_each(products: Sequence[Product], folder: str) -> tuple[list[Product], list[str]]:
    """Return one product of each scene, and the names of the others with their reason."""
    ordered = sorted(products, key=lambda p: (p.day, p.scene))
    chosen: list[Product] = []
    older: list[str] = []
    for _, versions in groupby(ordered, key=lambda p: (p.day, p.scene)):
        newest, *others = sorted(versions, key=lambda p: p.version, reverse=True)
        chosen.append(newest)
        if others and others[0].version == newest.version:
            raise SceneError(
                f"{folder} contains one scene twice: {newest.product_id} and "
                f"{others[0].product_id}. Delete one of them."
            )
        older += [f"{one.product_id} (the same scene, in an older version)" for one in others]
    return chosen, older


@cache
def _say_once(text: str) -> None:
    """Log what is left out, once in a run: the workers of a map would repeat it."""
    is_worker = multiprocessing.parent_process() is not None
    log.log(logging.DEBUG if is_worker else logging.WARNING, "%s", text)


def _names(names: Sequence[str], start: str) -> str:
    """Return the first names as one text; empty if there is none."""
    return f"{start}{first_names(names, MAX_NAMES)}" if names else ""
