"""A trial: one command with good inputs in a folder of its own, and a kind of mutation."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import yaml

#: What may come of a mutation: the result of the good inputs, a refusal, or either.
SAME, REFUSED, ANY = "same", "refused", "any"
#: Texts in place of a date, some of which are dates.
DATES = (
    "5 June 2019", "05/06/2019", "2019", "2019-13-45", "2019-02-30", "soon", "43621",
    "2019-6-5",
    "2019-06-05T24:00", "2019-06-05 10:00:00+02", "99/99/9999", "20190605", "9999-12-31",
    "0001-01-01", "NaT", "-", "2019-06-05/2019-06-09", "５", "1e3",
)  # fmt: skip


class NotApplicableError(Exception):
    """A mutation has nothing to change in this trial."""


@dataclass
class Trial:
    """A command, and the inputs that a mutation may change.

    Parameters
    ----------
    folder : Path
        Working directory of the command.
    words : list of str
        The command line after ``minecover``; ``stage NAME`` is a stage of the pipeline, and
        ``http TYPE`` a request to the served model.
    roles : dict of str to str
        Inputs by what they are (``"vector"``, ``"table"``, ``"product"`` ...), as paths in
        `folder` or as positions in `words`.
    results : tuple of str
        Patterns of the files of which a success writes at least one each.
    """

    folder: Path
    words: list[str]
    roles: dict[str, str]
    results: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)

    def path(self, role: str) -> Path:
        """Return the path of an input."""
        return self.folder / self.roles[role]

    def files(self, role: str) -> list[Path]:
        """Return the file of an input, or all files of a folder, sorted."""
        path = self.path(role)
        return sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]

    def rename(self, role: str, name: str) -> None:
        """Give an input another name, on the command line and in params.yaml too."""
        old, path = self.roles[role], self.path(role)
        new = (Path(old).parent / name).as_posix()
        for one in [path, *path.parent.glob(f"{path.stem}.*")] if path.is_file() else [path]:
            if one.exists():  # the files beside a Shapefile follow it
                beside = Path(name).stem + one.suffix if one != path else name
                one.rename(one.parent / beside)
        self.roles[role] = new
        self.words = [
            word.removesuffix(old) + new if word == old or word.endswith(f"={old}") else word
            for word in self.words
        ]
        params = self.folder / "params.yaml"
        if params.is_file():
            tree = yaml.safe_load(params.read_text(encoding="utf-8"))
            write(params, yaml.safe_dump(_replaced(tree, old, new), allow_unicode=True))


@dataclass(frozen=True)
class Kind:
    """A kind of mutation.

    Parameters
    ----------
    name : str
        As the table of results shows it.
    roles : tuple of str
        The inputs that it can change.
    suffixes : tuple of str
        The files that it can change, by the end of their name; all if empty.
    expected : str
        `SAME`, `REFUSED` or `ANY`.
    mutate : callable
        Changes an input, given by its role; returns what it did.
    """

    name: str
    roles: tuple[str, ...]
    suffixes: tuple[str, ...]
    expected: str
    mutate: Callable[[Trial, str, np.random.Generator], str]

    def role(self, trial: Trial, rng: np.random.Generator) -> str | None:
        """Choose the input of a trial to change; None if there is none of this kind."""
        fits = [
            role
            for role, at in trial.roles.items()
            if role.rstrip("0123456789") in self.roles and at.endswith(self.suffixes or "")
        ]
        return str(rng.choice(fits)) if fits else None


Mutation = Callable[[Trial, str, np.random.Generator], str]
KINDS: list[Kind] = []


def kind(
    *roles: str, suffixes: tuple[str, ...] = (), expected: str = ANY
) -> Callable[[Mutation], Mutation]:
    """Register a function as a kind of mutation, under its own name in words."""

    def register(mutate: Mutation) -> Mutation:
        name = mutate.__name__.replace("_", " ").strip()
        KINDS.append(Kind(name, roles, suffixes, expected, mutate))
        return mutate

    return register


def write(path: Path, content: bytes | str) -> None:
    """Replace a file; other links to it keep what they had."""
    path.unlink(missing_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)


def copy_tree(source: Path, target: Path) -> None:
    """Copy a folder or a file with hard links."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_file():
        target.hardlink_to(source)
    else:
        shutil.copytree(source, target, copy_function=_link, dirs_exist_ok=True)


def _link(source: str, target: str) -> None:
    Path(target).hardlink_to(source)


def _replaced(node: object, old: str, new: str) -> object:
    if isinstance(node, dict):
        return {key: _replaced(value, old, new) for key, value in node.items()}
    if isinstance(node, list):
        return [_replaced(value, old, new) for value in node]
    return new if node == old else node
