"""Find Sentinel-2 products (SAFE) among the files of a folder or an archive."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from minecover.core.errors import SceneError
from minecover.sources.safe import MTD, read_safe
from minecover.sources.sentinel_2_product import Sentinel2Product

#: Names of images of Sentinel-2, in whatever format.
_IMAGE = re.compile(r"T\d{2}[A-Z]{3}_\d{8}T\d{6}_\w+\.(jp2|tiff?)", re.IGNORECASE)
SAFE = ".safe"


def is_safe(names: Iterable[str]) -> bool:
    """Return whether the files of a folder make it a product: its metadata are among them."""
    return not set(MTD.values()).isdisjoint(names)


def is_image(name: str) -> bool:
    """Return whether a file has the name of an image of Sentinel-2."""
    return bool(_IMAGE.fullmatch(name))


def safe_folders(paths: Iterable[Path]) -> list[Path]:
    """Return the folders of products, given the paths of all files."""
    return sorted({path.parent for path in paths if path.name in MTD.values()})


def without_metadata(folder: Path) -> str:
    """Return the name of a product that has no metadata, with the reason not to read it."""
    return (
        f"{folder} (Sentinel-2 without {' or '.join(MTD.values())}, which tells its scaling: "
        "download the whole product again; the format before December 2016 is not read)"
    )


def safe_products(
    sizes: Mapping[Path, int], folders: Iterable[Path], left_out: list[str]
) -> list[Sentinel2Product]:
    """Return the products in one place.

    Parameters
    ----------
    sizes : mapping of Path to int
        Files of the place, with their sizes in an archive [bytes].
    folders : iterable of Path
        See `safe_folders`.
    left_out : list of str
        Names of products that are not read, with the reason, are added to it.
    """
    found = []
    for folder in folders:
        files = {
            PurePosixPath(path.relative_to(folder).as_posix()): path
            for path in sizes
            if path.is_relative_to(folder)
        }
        try:
            found.append(_product(folder, files, sizes))
        except SceneError as error:
            left_out.append(f"{folder} (not read: {error})")
    return found


def _product(
    folder: Path, files: Mapping[PurePosixPath, Path], sizes: Mapping[Path, int]
) -> Sentinel2Product:
    """Return a product, whose metadata are complete."""
    (name, *_) = (path for path in files if path.name in MTD.values())
    safe = read_safe(files[name])
    _ = (safe.level, safe.platform, safe.day, safe.scaling, safe.images)  # raise what they lack
    return Sentinel2Product(
        folder, files, safe, {inside: sizes[path] for inside, path in files.items()}
    )


def one_copy_each(
    products: Iterable[Sentinel2Product], left_out: list[str]
) -> list[Sentinel2Product]:
    """Return the most complete copy of each product, of two a folder rather than an archive.

    Parameters
    ----------
    products : iterable of Sentinel2Product
        Products of all places.
    left_out : list of str
        Names of the other copies are added to it.
    """
    copies: dict[str, list[Sentinel2Product]] = {}
    for one in products:
        copies.setdefault(one.product_id, []).append(one)
    chosen = []
    for same in copies.values():
        best = max(same, key=lambda one: (len(one.files), one.folder.is_dir()))
        chosen.append(best)
        left_out += [
            f"{other.folder} (the same product is read from {best.folder})"
            for other in same
            if other is not best
        ]
    return chosen
