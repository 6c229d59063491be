"""Identify a build: digests of dvc.lock and of folders, and the state of git."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from minecover.core.digests import file_digest
from minecover.core.errors import RegistryError
from minecover.tracking.types import MODEL_PATH

#: What a build writes beside dvc.lock, which has its digests: it does not make the tree dirty.
REPORTS = ":(exclude)reports"
#: Written by MLflow into a model's folder whenever it is downloaded by name, and by Python when
#: the code in it is imported, which no process with minecover installed does.
NO_CONTENT = ("registered_model_meta", "__pycache__")


@dataclass(frozen=True, slots=True)
class GitState:
    """The commit that is checked out, and what differs from it."""

    commit: str  # 40 hexadecimal digits
    changed: tuple[str, ...]  # paths in the repository

    @property
    def is_dirty(self) -> bool:
        """Whether anything differs from the commit."""
        return bool(self.changed)


def stages_digest(path: Path, stages: Sequence[str]) -> str:
    """Return the SHA-256 of the sections of some stages in dvc.lock.

    Parameters
    ----------
    path : Path
        dvc.lock.
    stages : sequence of str
        The stages whose sections count.

    Returns
    -------
    str
        64 hexadecimal digits.

    Raises
    ------
    RegistryError
        If there is no dvc.lock, or it lacks a stage.
    """
    if not path.is_file():
        raise RegistryError(f"there is no {path.name}, so nothing was built. Run `dvc repro`.")
    sections = yaml.safe_load(path.read_text(encoding="utf-8")).get("stages", {})
    missing = [stage for stage in stages if stage not in sections]
    if missing:
        raise RegistryError(
            f"{path.name} has no stage {', '.join(missing)} "
            f"(it has: {', '.join(sections) or 'none'}). Run `dvc repro`."
        )
    return digest_of({stage: sections[stage] for stage in stages})


def digest_of(content: object) -> str:
    """Return the SHA-256 of the canonical JSON of nested mappings and lists.

    Parameters
    ----------
    content : object
        Mappings, lists and scalars, as read from YAML. The order of keys does not count.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    # JSON has no dates, YAML has: `default` writes their ISO form.
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def folder_digest(folder: Path) -> str:
    """Return the SHA-256 over the names and bytes of all files of a model's folder.

    The path of the folder, which MLflow writes into the file MLmodel, is left out: it changes
    when the store is moved. So is what loading a model leaves there (`NO_CONTENT`).

    Parameters
    ----------
    folder : Path
        The folder, read recursively.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return digest_of(
        {
            path.relative_to(folder).as_posix(): (
                _digest_without_path(path) if path == folder / "MLmodel" else file_digest(path)
            )
            for path in files
            if not set(path.relative_to(folder).parts) & set(NO_CONTENT)
        }
    )


def _digest_without_path(path: Path) -> str:
    """Return the SHA-256 of an MLmodel file without the line that holds its folder."""
    lines = path.read_bytes().splitlines(keepends=True)
    kept = [line for line in lines if not line.startswith(MODEL_PATH.encode())]
    return hashlib.sha256(b"".join(kept)).hexdigest()


def git_state(folder: Path) -> GitState:
    """Return the commit of a checkout, and whether it has uncommitted changes.

    A new file that git does not ignore is a change. So are dvc.lock and params.yaml: a commit
    that lacks them does not build the same. Only reports/ is none: it follows from dvc.lock.

    Parameters
    ----------
    folder : Path
        Any folder of the checkout.

    Returns
    -------
    GitState
        The commit, and what differs from it.

    Raises
    ------
    RegistryError
        If git is not installed, or `folder` lies in no repository with a commit.
    """
    commit = git(folder, "rev-parse", "--verify", "HEAD")
    top = Path(git(folder, "rev-parse", "--show-toplevel"))
    changes = git(top, "status", "--porcelain", "-z", "--no-renames", "--", ".", REPORTS)
    return GitState(
        commit, tuple(line.strip().partition(" ")[2] for line in changes.split("\0") if line)
    )


def commit_digests(folder: Path, commit: str) -> dict[str, str]:
    """Return the MD5 of the files of a commit, as DVC computes it.

    Parameters
    ----------
    folder : Path
        A folder of the checkout.
    commit : str
        The commit.

    Returns
    -------
    dict of str to str
        By path below `folder`.

    Raises
    ------
    RegistryError
        If there is no such commit.
    """
    found = {}
    with tarfile.open(fileobj=io.BytesIO(_git(folder, "archive", commit))) as archive:
        for member in archive:
            content = archive.extractfile(member)
            if content is not None:
                md5 = hashlib.md5(content.read(), usedforsecurity=False)
                found[member.name] = md5.hexdigest()
    return found


def git(folder: Path, *arguments: str) -> str:
    """Run git, and return its output without the last line end.

    Parameters
    ----------
    folder : Path
        Where git runs.
    *arguments : str
        The git command and its arguments.

    Returns
    -------
    str
        What git wrote to its standard output.

    Raises
    ------
    RegistryError
        If git is not installed, or the command failed.
    """
    return _git(folder, *arguments).decode(errors="replace").strip()


def _git(folder: Path, *arguments: str) -> bytes:
    """Run git, and return the bytes of its output."""
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments], check=True, capture_output=True
        )
    except FileNotFoundError as error:
        raise RegistryError("git is not installed, so no commit can be recorded.") from error
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").strip().splitlines()[0]
        raise RegistryError(
            f"git knows no commit here ({said}). Work in a "
            "clone, or type `git init` and commit, so that a model can be traced to its code."
        ) from error
    return done.stdout
