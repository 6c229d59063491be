"""What DVC watches: all files that a stage reads, and refusals of files that it would miss."""

from __future__ import annotations

import os
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
        If a file lies elsewhere, or in a linked folder, which DVC does not follow.
    """
    # DVC reads a linked file, but not the files of a linked folder inside of a dependency.
    top = Path(watched).resolve()
    for name, path in files.items():
        if Path(path).resolve() == top:
            continue
        parent = Path(os.path.abspath(path)).parent.resolve()
        if not (parent == top or top in parent.parents):
            raise ConfigError(
                f"{name}={path} lies outside of {watched} (or in a folder that is linked into "
                f"it), which is all that DVC watches: an edit would not be built. {fix}"
            )
