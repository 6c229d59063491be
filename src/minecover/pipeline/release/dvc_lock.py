"""What dvc.lock says of a build: commands, inputs, outputs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import yaml

from minecover.core.errors import RegistryError
from minecover.pipeline.release.register import IDENTITY
from minecover.tracking.provenance import digest_of

#: 100 kB and more are read for each commit of a history: libyaml takes a tenth of the time.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or folder that a stage reads or writes."""

    stage: str
    path: str  # in the repository
    md5: str  # of a folder, with DVC's ending ".dir"
    size: int  # [bytes]


@dataclass(frozen=True, slots=True)
class Lock:
    """A dvc.lock, as far as it makes a model: the stages up to `evaluate`."""

    stages: Mapping[str, Mapping[str, object]]

    @classmethod
    def read(cls, text: str, where: str) -> Lock:
        """Read the content of a dvc.lock.

        Parameters
        ----------
        text : str
        where : str
            Where it lies, for the message.

        Raises
        ------
        RegistryError
            If no stage in it makes a model.
        """
        content = yaml.load(text, Loader=_LOADER) or {}
        sections = content.get("stages", {})
        stages = {stage: sections[stage] for stage in IDENTITY if stage in sections}
        if "evaluate" not in stages:
            raise RegistryError(
                f"the dvc.lock of {where} records no finished build (stages: "
                f"{', '.join(sections) or 'none'}). Name one that does: git log -- dvc.lock."
            )
        return cls(stages)

    @property
    def digest(self) -> str:
        """The identity of the build, as `register` tags it."""
        return digest_of(self.stages)

    def commands(self) -> list[str]:
        """Give each stage's command, in order."""
        return [str(section["cmd"]) for section in self.stages.values()]

    def outs(self) -> dict[str, Entry]:
        """Give what the stages wrote, by path, in their order."""
        return {entry.path: entry for entry in self._entries("outs")}

    def inputs(self) -> dict[str, Entry]:
        """Give what the stages read and none of them wrote, but for the code, by path."""
        made = self.outs()
        return {
            entry.path: entry
            for entry in self._entries("deps")
            if not entry.path.endswith(".py")
            and not any(f"{entry.path}/".startswith(f"{path}/") for path in made)
        }

    def _entries(self, kind: str) -> Iterator[Entry]:
        """Walk what all stages read (``deps``) or wrote (``outs``)."""
        for stage, section in self.stages.items():
            found = section.get(kind, [])
            for item in found if isinstance(found, list) else []:
                yield Entry(stage, item["path"], item.get("md5", ""), item.get("size", 0))
