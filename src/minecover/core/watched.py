"""What DVC watches: all files that a stage reads, and refusals of files that it would miss."""

from __future__ import annotations

import html
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from minecover.core.composition import leaves
from minecover.core.errors import ConfigError
from minecover.core.overrides import PATH_KEYS

#: Endings of the files that GDAL reads beside a file, by its own ending.
SIDECARS = {
    ".shp": (".dbf", ".shx", ".prj", ".cpg"),
    ".tab": (".dat", ".map", ".id", ".ind"),
    ".gml": (".gfs", ".xsd"),
}
#: How virtual files of GDAL begin, whatever they are called; how they name other files, by a
#: path from the virtual file's folder or from the present one; what precedes an archive's name.
_VIRTUAL = re.compile(rb"<(VRTDataset|OGRVRTDataSource)\b", re.IGNORECASE)
_NAMING = re.compile(
    r"<(?:SourceFilename|SourceDataset|SrcDataSource)\b([^>]*)>\s*([^<]+)", re.IGNORECASE
)
_RELATIVE = re.compile(r"relativeToVRT\s*=\s*[\"']?(1|yes|true)", re.IGNORECASE)
_IN_ARCHIVE = re.compile(r"^/vsi(zip|tar|gzip)/\{?")
#: Bytes in which the first element of a virtual file lies.
_START = 4096
#: dvc.yaml names so many: a list cannot be a dependency.
N_SIDECARS = 4
#: As many files of areas: one Shapefile, or several files that have nothing beside them.
N_AREA_FILES = 1 + N_SIDECARS
#: What the stage `sites` depends on in any case.
LABELS = "data/labels.parquet"


def area_files(layouts: Mapping[str, object]) -> list[str]:
    """Return the files that layouts read, for DVC to watch.

    Parameters
    ----------
    layouts : mapping of str to mapping
        The nodes of `sites.layouts`. An `area` that is text is a file, other areas are bounds.

    Returns
    -------
    list of str
        Each file once, with those that GDAL reads beside it.
    """
    areas = [node.get("area") for node in layouts.values() if isinstance(node, Mapping)]
    files = [area for area in areas if isinstance(area, str)]
    return list(dict.fromkeys(one for area in files for one in (area, *_beside(area))))


def watched_area_files(layouts: Mapping[str, object]) -> list[str]:
    """Return what dvc.yaml names of `area_files`: always `N_AREA_FILES` paths.

    Parameters
    ----------
    layouts : mapping of str to mapping
        The nodes of `sites.layouts`.

    Returns
    -------
    list of str
        Where there are fewer files, the table of labels fills the list.
    """
    return [*area_files(layouts), *[LABELS] * N_AREA_FILES][:N_AREA_FILES]


def file_or(path: str | None, otherwise: str) -> str:
    """Return what DVC watches for a path that may be absent, or the address of a service.

    Parameters
    ----------
    path : str or None
        A file or a folder, an address, or None.
    otherwise : str
        What is watched where there is nothing on this disk.

    Returns
    -------
    str
        Of a JSON file the folder: it names the files beside it.
    """
    if path is None or is_address(path):
        return otherwise
    return Path(path).parent.as_posix() if Path(path).suffix == ".json" else path


def is_address(path: str) -> bool:
    """Return whether a path is the address of a service."""
    return "://" in path


def sidecars(path: str) -> list[str]:
    """Return the files that are read beside a file, for DVC to watch.

    Parameters
    ----------
    path : str
        A file, a folder, or "" where there is none.

    Returns
    -------
    list of str
        `N_SIDECARS` paths; where there are fewer files, the path itself fills the list.
    """
    return [*_beside(path), *[path] * N_SIDECARS][:N_SIDECARS]


def _beside(path: str) -> list[str]:
    """Return the files that exist of those that GDAL reads beside a file."""
    file = Path(path)
    beside = [
        file.with_suffix(ending)
        for lower in SIDECARS.get(file.suffix.lower(), ())
        for ending in (lower, lower.upper())
    ]
    return [one.as_posix() for one in beside if one.is_file()]


def paths_below(node: Mapping[str, Any], key: str) -> dict[str, str]:
    """Return the paths on this disk below a node of the configuration.

    Parameters
    ----------
    node : mapping
        Part of the configuration.
    key : str
        Its dotted key.

    Returns
    -------
    dict of str to str
        Paths by their dotted keys, whose last parts are among `PATH_KEYS`.
    """
    return {
        name: value
        for name, value in leaves(node, key)
        if name.rpartition(".")[2] in PATH_KEYS
        and isinstance(value, str)
        and not is_address(value)
    }


def check_watched(files: Mapping[str, str], *, watched: str, fix: str) -> None:
    """Refuse files outside of the file or folder that DVC watches: their edits go unseen.

    Parameters
    ----------
    files : mapping of str to str
        Paths of files or folders by their configuration keys.
    watched : str
        The dependency of the stage, a file or folder.
    fix : str
        What to do, as a sentence.

    Raises
    ------
    ConfigError
        If a file lies elsewhere, or in a linked folder, which DVC does not follow; or if it is
        a virtual file that names such files.
    """
    # DVC reads a linked file, but not the files of a linked folder inside of a dependency.
    top = Path(watched).resolve()
    for name, path in files.items():
        if Path(path).is_dir():
            _check_no_links(name, Path(path), top, fix)
        if Path(path).resolve() != top and not _is_below(Path(path), top):
            raise ConfigError(
                f"{name}={path} lies outside of {watched} (or in a folder that is linked into "
                f"it), which is all that DVC watches: an edit would not be built. {fix}"
            )
    for name, path in files.items():
        check_named_files(name, path, watched=watched)


def check_named_files(name: str, path: str, *, watched: str) -> None:
    """Refuse a virtual file, as GDAL's .vrt, that names files which DVC does not watch.

    Parameters
    ----------
    name : str
        Configuration key of the path.
    path : str
        A file of any kind; of others than virtual ones nothing is checked.
    watched : str
        The dependency of the stage, a file or folder.

    Raises
    ------
    ConfigError
        If it names a file outside, or data that are no file.
    """
    top = Path(watched).resolve()
    waiting, seen = [Path(path)], set[Path]()
    while waiting:
        virtual = waiting.pop()
        if virtual in seen:
            continue
        seen.add(virtual)
        for source in _named_in(virtual):
            # Data in an archive: /vsizip/dem.zip/dem.tif is watched where dem.zip is.
            file = next((one for one in (source, *source.parents) if one.is_file()), source)
            if not (file.is_file() and (file.resolve() == top or _is_below(file, top))):
                raise ConfigError(
                    f"{name}={path} is a virtual file that names {source}, and DVC watches "
                    f"{watched} alone: an edit of it would not be built. Copy all into one "
                    "file (gdal_translate mosaic.vrt one.tif; ogr2ogr one.gpkg layers.vrt), "
                    "and name that in its place."
                )
            waiting.append(file)


def _check_no_links(name: str, folder: Path, top: Path, fix: str) -> None:
    """Refuse a folder that contains linked folders, whose files DVC does not see."""
    for home, folders, _ in os.walk(folder):
        for link in sorted(Path(home, one) for one in folders):
            if link.is_symlink() and not _is_below(link, top):
                raise ConfigError(
                    f"{name}={folder} contains {link}, a link to the folder {link.resolve()}. "
                    "DVC does not follow it: what is new or changed there would not be built. "
                    "Move its files here, link the files in place of the folder (cp -rs), or "
                    f"name the folder itself. {fix}"
                )


def _is_below(path: Path, top: Path) -> bool:
    """Return whether a folder, or a file's own folder, lies in `top`, links followed."""
    home = path if path.is_dir() else Path(os.path.abspath(path)).parent
    home = home.resolve()
    return home == top or top in home.parents


def _named_in(virtual: Path) -> list[Path]:
    """Return the paths that a virtual file names; none of a file of another kind."""
    if not virtual.is_file():
        return []
    with virtual.open("rb") as opened:
        if not _VIRTUAL.search(opened.read(_START)):
            return []
    found = []
    # By pattern: GDAL reads files that are no correct XML.
    for options, text in _NAMING.findall(virtual.read_text("utf-8", errors="replace")):
        place = virtual.parent if _RELATIVE.search(options) else Path()
        found.append(place / _IN_ARCHIVE.sub("", html.unescape(text).strip()))
    return found
