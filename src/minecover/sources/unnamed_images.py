"""Name images among products that are not read because of their names, each with the reason."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from minecover.sources.safe_search import is_image

#: Endings of files that may be scenes.
IMAGES = (".tif", ".tiff", ".jp2", ".img", ".vrt", ".hdf", ".nc")
#: How names that are nearly right differ from those of USGS, and what to do. The first counts.
_REASONS = (
    (
        re.compile(r" ?\(\d+\)\.\w+$"),
        "a browser's copy: delete it, or remove its number from the names of bands and MTL",
    ),
    (
        re.compile(r"_(sr|toa|bt|st|pixel|radsat|sensor|solar)_\w+\.(tif|img)$", re.IGNORECASE),
        "made by ESPA, whose names and scaling are not read: download Collection 2 from USGS",
    ),
    (
        re.compile(r"_(B\d+|BQA|QA_\w+)\.(tiff|jp2|img|vrt)$", re.IGNORECASE),
        "not a .TIF as USGS delivers it: use the product as delivered",
    ),
)
_OTHER = (
    "not named as USGS does, ..._B4.TIF; an export has no metadata that tell its scaling: use "
    "the product as delivered"
)


def unnamed_images(paths: Iterable[Path], product_ids: Iterable[str]) -> list[str]:
    """Return what to say of images that belong to no product.

    Parameters
    ----------
    paths : iterable of Path
        All files that are not part of a Sentinel-2 product.
    product_ids : iterable of str
        Ids of the products of Landsat that were found: their other images, as of angles, are
        not named.

    Returns
    -------
    list of str
        A text for each reason, in the order of the paths.
    """
    known = {product_id.upper() for product_id in product_ids}
    groups: dict[str, list[Path]] = {}
    for path in paths:
        is_unread = path.suffix.lower() in IMAGES and not is_image(path.name)
        if is_unread and known.isdisjoint(_beginnings(path)):
            groups.setdefault(_reason(path.name), []).append(path)
    return [f"{_counted(sorted(images))} ({reason})" for reason, images in groups.items()]


def _beginnings(path: Path) -> Iterator[str]:
    """Yield the product ids that a file may be a part of, by its name."""
    if re.fullmatch(r"\w+", path.stem):  # a browser's copy is no part
        parts = path.stem.upper().split("_")
        yield from ("_".join(parts[:n]) for n in range(1, len(parts)))


def _reason(name: str) -> str:
    """Return why an image is not read."""
    return next((reason for form, reason in _REASONS if form.search(name)), _OTHER)


def _counted(images: list[Path]) -> str:
    first = str(images[0])
    return f"{len(images)} images such as {first}" if len(images) > 1 else first
