"""The ground that labels and verdicts are about: real ground, or a simulated world."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from minecover.core.config import Params
from minecover.core.errors import LabelError

#: Name of all real ground: a place says which it is.
REAL = "real ground"
#: Hexadecimal digits of the digest in the name of a simulated world.
DIGITS = 12


def world_name(params: Params) -> str:
    """Return the name of the ground that the labels are about.

    Parameters
    ----------
    params : Params
        Of it, `labels.reader` and `world` are read.

    Returns
    -------
    str
        A digest of the simulated world, or `REAL`: on real ground a place says which it is.
    """
    node = params.complete("labels.reader", shared=["world"])
    if "world" not in node:
        return REAL
    text = json.dumps(node["world"], sort_keys=True)
    return f"simulated world {hashlib.sha256(text.encode()).hexdigest()[:DIGITS]}"


def world_path(verdicts: Path) -> Path:
    """Return the path of the file that names the world of a file of verdicts."""
    return verdicts.with_suffix(".world.json")


def read_world(path: Path) -> str | None:
    """Return the world that a file names.

    Parameters
    ----------
    path : Path
        JSON with the key `world`, as `minecover review` writes it.

    Returns
    -------
    str or None
        None if there is no such file.

    Raises
    ------
    LabelError
        If the file holds something else.
    """
    if not path.is_file():
        return None
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))["world"])
    except (ValueError, KeyError, TypeError) as error:
        raise LabelError(
            f"{path} names no world ({error!r}). Restore it from git, or export again with "
            "`minecover review export`."
        ) from error
