"""What DVC watches: all files that a stage reads, and refusals of files that it would miss."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from minecover.core.errors import ConfigError

#: Endings of the files that GDAL reads beside a file, by its own ending.
SIDECARS = {
    ".shp": (".dbf", ".shx", ".prj", ".cpg"),
    ".tab": (".dat", ".map", ".id", ".ind"),
    ".gml": (".gfs", ".xsd"),
}
#: dvc.yaml names so many: a list cannot be a dependency.
N_SIDECARS = 4


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
    file = Path(path)
    beside = [
        file.with_suffix(ending)
        for lower in SIDECARS.get(file.suffix.lower(), ())
        for ending in (lower, lower.upper())
    ]
    found = [one.as_posix() for one in beside if one.is_file()]
    return [*found, *[path] * N_SIDECARS][:N_SIDECARS]


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
