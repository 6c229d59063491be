"""Find the products in a folder, its subfolders and archives, and say what is left out."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from minecover.core.errors import SceneError
from minecover.core.raster import read_grid
from minecover.core.raster.archives import ARCHIVES, members
from minecover.sources.landsat_product import LandsatProduct
from minecover.sources.mtl import Mtl, read_mtl
from minecover.sources.product import Product
from minecover.sources.safe_search import (
    SAFE,
    is_image,
    is_safe,
    one_copy_each,
    safe_folders,
    safe_products,
    without_metadata,
)
from minecover.sources.sentinel_2_product import Sentinel2Product
from minecover.sources.unnamed_images import unnamed_images

#: Product id and part of a file's name in Landsat; every product has at least one MTL file.
_FILE = re.compile(
    r"(?P<id>\w+?)_(?P<part>(?:SR_|ST_)?B\d+(?:_VCID_[12])?\.TIF|BQA\.TIF|QA_(?:PIXEL|RADSAT)\.TIF"
    r"|MTL\.(?:TXT|JSON))",
    re.IGNORECASE,
)
_MTL = ("MTL.TXT", "MTL.JSON")
#: Keys of the metadata that decide what a product is, and how it is scaled.
_READ = re.compile(
    r"((REFLECTANCE|RADIANCE|TEMPERATURE)_(MULT|ADD)_|K[12]_CONSTANT_).*|SUN_ELEVATION"
    r"|DATE_ACQUIRED|SPACECRAFT_ID|SENSOR_ID|WRS_PATH|WRS_ROW$"
)
_COMPRESSED = (".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar", ".z")
#: First letters of the ids of products of the multispectral scanner of Landsat 1 to 5.
_MSS = "LM"
_MSS_REASON = "Landsat MSS, which has other bands, of 60 m, and is not read"


@dataclass(frozen=True, slots=True)
class Found:
    """What a folder contains.

    Parameters
    ----------
    products : tuple of Product
        The products of all levels, each once.
    left_out : tuple of str
        Names of what is not read, each with its reason.
    stamps : dict of Path to int
        Folders and archives that were listed, and when they were last changed [ns].
    """

    products: tuple[Product, ...]
    left_out: tuple[str, ...]
    stamps: dict[Path, int]

    @property
    def is_current(self) -> bool:
        """Whether no folder or archive was changed since it was listed."""
        try:
            return all(p.stat().st_mtime_ns == stamp for p, stamp in self.stamps.items())
        except OSError:
            return False


@dataclass(frozen=True, slots=True)
class _Copy:
    """The files of one product in one place: a folder, or an archive."""

    place: Path
    sizes: dict[str, int]
    files: dict[str, Path]

    @property
    def has_images(self) -> bool:
        return any(part.endswith(".TIF") for part in self.files)

    @property
    def has_mtl(self) -> bool:
        return any(part in self.files for part in _MTL)


def find_products(folder: Path) -> Found:
    """Return the products in a folder, its subfolders, and .tar and .zip files therein.

    Parameters
    ----------
    folder : Path
        Folder of product folders, of products, or of archives as downloaded.

    Raises
    ------
    SceneError
        If the folder is missing or may not be read, contains images of Landsat without an MTL
        file, or one product with two extents.
    """
    if not folder.is_dir() and folder.suffix.lower() not in ARCHIVES:
        raise SceneError(
            f"{folder} is not a folder. Fix source.input: it names a folder of "
            "products, or of .tar or .zip files."
        )
    stamps: dict[Path, int] = {}
    left_out: list[str] = []
    copies: dict[str, list[_Copy]] = {}
    safes: list[Sentinel2Product] = []
    strangers: list[Path] = []
    for place, sizes in _places(folder, stamps, left_out):
        folders = safe_folders(sizes)
        safes += safe_products(sizes, folders, left_out)
        others = {
            path: size
            for path, size in sizes.items()
            if not any(path.is_relative_to(folder) for folder in folders)
        }
        if images := [path for path in others if is_image(path.name)]:
            left_out.append(without_metadata(images[0].parent))
        here = _copies(place, others)
        for product_id, copy in here.items():
            copies.setdefault(product_id, []).append(copy)
        if place.is_dir() or here or folders:  # else nothing in the archive is read
            strangers += others
    left_out += unnamed_images(strangers, copies)
    mss = [name for name in copies if name.upper().startswith(_MSS)]
    left_out += [f"{copies.pop(name)[0].place / name} ({_MSS_REASON})" for name in mss]
    landsat = [_product(name, found, left_out) for name, found in copies.items()]
    products: list[Product] = [*landsat, *one_copy_each(safes, left_out)]
    return Found(tuple(products), tuple(left_out), stamps)


def _places(
    folder: Path, stamps: dict[Path, int], left_out: list[str]
) -> Iterator[tuple[Path, dict[Path, int]]]:
    """Yield every folder and archive with the sizes of its files, the outer ones first."""
    if not folder.is_dir():
        yield folder, members(folder)
        stamps[folder] = folder.stat().st_mtime_ns
        return
    seen: set[str] = set()
    for home, folders, names in os.walk(folder, followlinks=True, onerror=_refuse):
        place = Path(home)
        if (real := os.path.realpath(home)) in seen:
            folders.clear()  # a link that leads back, or a second link
            continue
        seen.add(real)
        stamps[place] = place.stat().st_mtime_ns
        folders[:] = sorted(name for name in folders if _is_visible(name))
        if is_safe(names):
            folders.clear()
            yield place, dict.fromkeys(_below(place, stamps), 0)
            continue
        broken = [name for name in (*folders, *names) if _is_broken(place / name)]
        left_out += [without_metadata(place / name) for name in broken]
        folders[:] = [name for name in folders if name not in broken]
        files = [place / name for name in sorted(names) if _is_visible(name)]
        yield place, dict.fromkeys(files, 0)
        for path in files:
            if path.suffix.lower() in ARCHIVES:
                yield path, _inside(path, stamps, left_out)
            elif path.suffix.lower() in _COMPRESSED:
                left_out.append(f"{path} (compressed: unpack it into the folder)")


def _inside(archive: Path, stamps: dict[Path, int], left_out: list[str]) -> dict[Path, int]:
    """Return the files in an archive with their sizes."""
    inside = members(archive)
    stamps[archive] = archive.stat().st_mtime_ns
    if not any(_FILE.fullmatch(path.name) or is_image(path.name) for path in inside):
        left_out.append(f"{archive} (no product inside)")
    return inside


def _below(folder: Path, stamps: dict[Path, int]) -> list[Path]:
    """Return all files in the folder of a Sentinel-2 product."""
    files = []
    for home, folders, names in os.walk(folder, followlinks=True, onerror=_refuse):
        folders.sort()
        stamps[Path(home)] = Path(home).stat().st_mtime_ns
        files += [Path(home) / name for name in sorted(names) if _is_visible(name)]
    return files


def _is_broken(path: Path) -> bool:
    """Return whether a path is named as a product of Sentinel-2, and holds no metadata.

    They may lie deeper: programs that unpack X.SAFE.zip make X.SAFE/X.SAFE of it.
    """
    if path.suffix.lower() != SAFE:
        return False
    return not any(
        is_safe(names) or any(name.lower().endswith(ARCHIVES) for name in names)
        for _, _, names in os.walk(path)
    )


def _is_visible(name: str) -> bool:
    return not name.startswith((".", "__MACOSX"))


def _copies(place: Path, sizes: dict[Path, int]) -> dict[str, _Copy]:
    """Return the products in one place by id."""
    copies: dict[str, _Copy] = {}
    for path, size in sizes.items():
        if name := _FILE.fullmatch(path.name):
            copy = copies.setdefault(name["id"], _Copy(place, {}, {}))
            copy.files[name["part"].upper()] = path
            copy.sizes[name["part"].upper()] = size
    return copies


def _product(product_id: str, copies: list[_Copy], left_out: list[str]) -> LandsatProduct:
    """Return the most complete copy of a product; name the others."""
    # The bands may lie in one folder and their metadata in another.
    images = [copy for copy in copies if copy.has_images] or copies[:1]
    mtl = [copy for copy in copies if copy.has_mtl]
    if not mtl:
        raise SceneError(_without_mtl(product_id, images[0]))
    # The first of the largest: folders are listed before the archives that they contain.
    chosen = max(images, key=lambda copy: (len(copy.files), copy.place.is_dir()))
    for other in images:
        if other is not chosen:
            _check_same_ground(product_id, chosen, other)
            left_out.append(f"{other.place} (the same product is read from {chosen.place})")
    parts = {part: mtl[0].files[part] for part in _MTL if part in mtl[0].files}
    parts = chosen.files if chosen.has_mtl else chosen.files | parts
    found_mtl = [read_mtl(parts[part]) for part in _MTL if part in parts]
    _check_same_metadata(*found_mtl)
    return LandsatProduct(product_id, chosen.place, parts, found_mtl[0], chosen.sizes)


def _check_same_metadata(one: Mtl, *others: Mtl) -> None:
    """Check that metadata files of one product say the same, as far as they are read."""
    for other in others:
        for group, keys in one.groups.items():
            there = other.groups.get(group, {})
            for key in sorted(filter(_READ.match, keys.keys() & there.keys())):
                if not _is_same(keys[key], there[key]):
                    raise SceneError(
                        f"{one.name} and {other.name} disagree: {key} is {keys[key]} in the "
                        f"first and {there[key]} in the second. Download both again, or "
                        "delete the one that was changed."
                    )


def _is_same(text: str, other: str) -> bool:
    try:
        return text == other or float(text) == float(other)
    except ValueError:
        return False


def _check_same_ground(product_id: str, one: _Copy, other: _Copy) -> None:
    """Check that two copies are one product, not two parts cut out of it."""
    shared = sorted(part for part in set(one.files) & set(other.files) if part.endswith(".TIF"))
    if shared and read_grid(one.files[shared[0]]) != read_grid(other.files[shared[0]]):
        raise SceneError(
            f"{one.place} and {other.place} contain one scene twice, with different extents: "
            f"{product_id}. Join its parts (gdal_merge.py), or delete one of them."
        )


def _without_mtl(product_id: str, copy: _Copy) -> str:
    return (
        f"{copy.place} has no {product_id}_MTL.txt or _MTL.json (found: "
        f"{', '.join(sorted(copy.files))}). Download it: digital numbers "
        "cannot be scaled without its coefficients. If these images are no Landsat product as "
        "USGS delivers it, move them out of the folder."
    )


def _refuse(error: OSError) -> None:
    raise SceneError(
        f"{error.filename} cannot be listed: {error.strerror}. Give yourself the right to read "
        "it (chmod u+rx), or move it out of the folder of products."
    ) from error
