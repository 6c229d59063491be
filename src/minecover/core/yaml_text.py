"""Write a configuration tree as the text of params.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

#: Length up to which params.yaml has a mapping on one line [characters].
SHORT = 84


def to_yaml(tree: Mapping[str, Any]) -> str:
    """Return a configuration tree as yaml, in its own order."""
    text: str = yaml.dump(
        dict(tree), Dumper=_Dumper, sort_keys=False, width=96, allow_unicode=True
    )
    return text


class _Dumper(yaml.SafeDumper):  # type: ignore[misc]  # PyYAML ships no types
    """YAML writer without anchors, with short lists and mappings on one line."""

    def ignore_aliases(self, data: object) -> bool:
        """Return True, so that equal nodes are repeated instead of referenced."""
        return True

    def represent_sequence(
        self, tag: str, sequence: Any, flow_style: bool | None = None
    ) -> yaml.SequenceNode:
        """Write a list on one line if it contains no mapping."""
        is_plain = not any(isinstance(item, Mapping) for item in sequence)
        return super().represent_sequence(tag, sequence, flow_style=is_plain)

    def represent_mapping(
        self, tag: str, mapping: Any, flow_style: bool | None = None
    ) -> yaml.MappingNode:
        """Write a mapping of a few plain values on one line."""
        text = ", ".join(f"{key}: {value}" for key, value in mapping.items())
        nested = any(isinstance(value, list | Mapping) for value in mapping.values())
        is_short = not nested and len(text) <= SHORT
        return super().represent_mapping(tag, mapping, flow_style=is_short)
