"""What a build was made from: digests of dvc.lock and of folders, and the state of git."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from minecover.core.digests import file_digest
from minecover.core.errors import RegistryError

#: What a build writes into the checkout itself: it does not make the tree dirty.
BUILT = (":(exclude)dvc.lock", ":(exclude)params.yaml", ":(exclude)reports")
#: Written by MLflow into a model's folder whenever it is fetched by name.
FETCH_NOTE = "registered_model_meta"


@dataclass(frozen=True, slots=True)
class GitState:
    """The commit that is checked out, and whether anything differs from it."""

    commit: str
    is_dirty: bool


def lock_digest(path: Path, stages: Sequence[str]) -> str:
    """SHA-256 of the named stages' sections of dvc.lock: the identity of a build.

    Parameters
    ----------
    path : Path
        dvc.lock.
    stages : sequence of str
        The stages up to and with `evaluate`. What comes after may change without making
        another model.

    Raises
    ------
    RegistryError
        If there is no lock or it lacks a stage.
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
    """SHA-256 of the canonical JSON of nested mappings and lists."""
    # A date in a yaml is no JSON; its ISO form is as good an identity.
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def folder_digest(folder: Path) -> str:
    """SHA-256 over the names and bytes of all files of a model's folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return digest_of(
        {
            path.relative_to(folder).as_posix(): file_digest(path)
            for path in files
            if path.name != FETCH_NOTE
        }
    )


def git_state(folder: Path) -> GitState:
    """Commit and cleanness of the checkout that holds `folder`.

    What a build itself writes (dvc.lock, params.yaml, reports/) does not count; a new file
    that is not ignored does.

    Raises
    ------
    RegistryError
        If git is not installed, or `folder` lies in no repository with a commit.
    """
    commit = git(folder, "rev-parse", "--verify", "HEAD")
    top = Path(git(folder, "rev-parse", "--show-toplevel"))
    changes = git(top, "status", "--porcelain", "--", ".", *BUILT)
    return GitState(commit, bool(changes))


def git(folder: Path, *words: str) -> str:
    """Ask git, and give its answer without the line end."""
    try:
        answer = subprocess.run(
            ["git", "-C", str(folder), *words], check=True, capture_output=True, text=True
        )
    except FileNotFoundError as error:
        raise RegistryError("git is not installed, so no commit can be recorded.") from error
    except subprocess.CalledProcessError as error:
        raise RegistryError(
            f"git knows no commit here ({error.stderr.strip().splitlines()[0]}). Work in a "
            "clone, or type `git init` and commit, so that a model can be traced to its code."
        ) from error
    return answer.stdout.strip()
