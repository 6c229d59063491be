"""SHA-256 digests of files, and pickles that are loaded only if their digest matches."""

from __future__ import annotations

import hashlib
import pickle
from pathlib import Path
from typing import TYPE_CHECKING

from minecover.core.errors import ModelError
from minecover.core.files import replacing

if TYPE_CHECKING:  # takes seconds to import, and a digest needs none of it
    from sklearn.pipeline import Pipeline


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file as hexadecimal text."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def check_digest(path: Path, *, found: str, recorded: str) -> None:
    """Check that a file has the recorded digest.

    Parameters
    ----------
    path : Path
        The file, for the error message.
    found, recorded : str
        SHA-256 of the file as it is, and as it was recorded.

    Raises
    ------
    ModelError
        If the two digests differ.
    """
    if found != recorded:
        raise ModelError(
            f"{path} is not what was recorded: found SHA-256 {found[:16]}..., recorded "
            f"{recorded[:16]}... . It was not opened, since a pickle runs code. "
            "Rebuild it with `dvc repro train`, or choose another version."
        )


def write_model(path: Path, model: Pipeline) -> str:
    """Write the pickle of a model.

    Parameters
    ----------
    path : Path
        The file; it appears once it is complete.
    model : fitted Pipeline

    Returns
    -------
    str
        SHA-256 of its bytes, which `load_model` asks for.
    """
    content = pickle.dumps(model, protocol=5)
    with replacing(path) as temporary:
        temporary.write_bytes(content)
    return hashlib.sha256(content).hexdigest()


def load_model(path: Path, sha256: str) -> Pipeline:
    """Return an unpickled model, after its digest was checked.

    A pickle runs code when it is loaded, so nothing is unpickled before its digest is checked.

    Parameters
    ----------
    path : Path
        The pickle file.
    sha256 : str
        Its recorded SHA-256.

    Raises
    ------
    ModelError
        If the file is missing or its SHA-256 differs.
    """
    if not path.is_file():
        raise ModelError(f"no model at {path}. Run `dvc repro train`, or name another file.")
    content = path.read_bytes()
    check_digest(path, found=hashlib.sha256(content).hexdigest(), recorded=sha256)
    model: Pipeline = pickle.loads(content)
    return model
