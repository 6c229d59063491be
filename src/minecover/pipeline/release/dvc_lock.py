"""Read dvc.lock: the commands, inputs and outputs of a build."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from minecover.core.config import PARAMS
from minecover.core.errors import RegistryError
from minecover.pipeline import STAGES
from minecover.tracking.provenance import digest_of

DVC_LOCK = Path("dvc.lock")
#: The stages that identify a build: later ones do not change its model or its scores.
IDENTITY = STAGES[: STAGES.index("evaluate") + 1]
#: The stages that identify the training data.
DATA = STAGES[: STAGES.index("features") + 1]
#: libyaml takes a tenth of the time, where it is installed: 100 kB are read for each commit.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class DvcLockEntry:
    """A file or folder that a stage reads or writes, as dvc.lock records it."""

    stage: str
    path: str  # in the repository
    md5: str  # ends in ".dir" for a folder
    size: int  # [bytes]


@dataclass(frozen=True, slots=True)
class DvcLock:
    """The stages of a dvc.lock that make a model: those up to `evaluate`.

    Parameters
    ----------
    stages : mapping of str to mapping
        Sections of dvc.lock by the name of their stage, in the order of the pipeline.
    """

    stages: Mapping[str, Mapping[str, object]]

    @classmethod
    def read(cls, text: str, where: str) -> DvcLock:
        """Parse the content of a dvc.lock.

        Parameters
        ----------
        text : str
            Content of the file.
        where : str
            Where it was found (a commit, a run), for the error message.

        Returns
        -------
        DvcLock
            The stages up to `evaluate`.

        Raises
        ------
        RegistryError
            If it has no stage `evaluate`: then it records no finished build.
        """
        content = yaml.load(text, Loader=_LOADER) or {}
        sections = content.get("stages", {})
        stages = {stage: sections[stage] for stage in IDENTITY if stage in sections}
        if "evaluate" not in stages:
            raise RegistryError(
                f"the dvc.lock of {where} records no finished build (stages: "
                f"{', '.join(sections) or 'none'}). Choose a commit that does: "
                "git log -- dvc.lock."
            )
        return cls(stages)

    @property
    def digest(self) -> str:
        """The identity of the build, 64 hexadecimal digits: the tag ``build_digest``."""
        return digest_of(self.stages)

    def commands(self) -> list[str]:
        """Return the command of each stage, in order."""
        return [str(section["cmd"]) for section in self.stages.values()]

    def outs(self) -> dict[str, DvcLockEntry]:
        """Return the outputs of the stages by path, in the order of the stages."""
        return {entry.path: entry for entry in self._entries("outs")}

    def inputs(self) -> dict[str, DvcLockEntry]:
        """Return the dependencies by path that no stage wrote and that are not code."""
        return {
            path: entry
            for path, entry in self.dependencies().items()
            if not (path.endswith(".py") or path.startswith("src/"))
        }

    def dependencies(self) -> dict[str, DvcLockEntry]:
        """Return the dependencies by path that no stage wrote, code among them."""
        outs = self.outs()
        return {
            entry.path: entry
            for entry in self._entries("deps")
            if not any(f"{entry.path}/".startswith(f"{path}/") for path in outs)
        }

    def params(self) -> dict[str, object]:
        """Return the parameters that the stages read, by dotted key."""
        found: dict[str, object] = {}
        for section in self.stages.values():
            files = section.get("params", {})
            found |= files.get(PARAMS.name, {}) if isinstance(files, dict) else {}
        return found

    def _entries(self, kind: str) -> Iterator[DvcLockEntry]:
        """Yield the dependencies (``deps``) or the outputs (``outs``) of all stages."""
        for stage, section in self.stages.items():
            found = section.get(kind, [])
            for item in found if isinstance(found, list) else []:
                yield DvcLockEntry(
                    stage, item["path"], item.get("md5", ""), item.get("size", 0)
                )
