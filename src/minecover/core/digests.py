"""Bytes that may be opened: their digests, and pickles that are what was recorded."""

from __future__ import annotations

import hashlib
import pickle
from pathlib import Path
from typing import TYPE_CHECKING

from minecover.core.errors import ModelError

if TYPE_CHECKING:  # takes seconds to import, and a digest needs none of it
    from sklearn.pipeline import Pipeline


def file_digest(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def check_digest(path: Path, *, found: str, recorded: str) -> None:
    """Refuse bytes that are not the recorded ones.

    Raises
    ------
    ModelError
        If the two SHA-256 differ.
    """
    if found != recorded:
        raise ModelError(
            f"{path} is not what was recorded: SHA-256 {found[:16]}..., recorded "
            f"{recorded[:16]}... . It was not opened, since a pickle runs code. "
            "Build it again with `dvc repro train`, or choose another version."
        )


def load_model(path: Path, sha256: str) -> Pipeline:
    """Unpickle a model whose bytes are the recorded ones.

    A pickle runs code when it is loaded, so nothing is unpickled before its digest matched.

    Raises
    ------
    ModelError
        If the file is missing or its SHA-256 differs.
    """
    if not path.is_file():
        raise ModelError(f"no model at {path}. Run `dvc repro train`, or name another one.")
    content = path.read_bytes()
    check_digest(path, found=hashlib.sha256(content).hexdigest(), recorded=sha256)
    model: Pipeline = pickle.loads(content)
    return model
