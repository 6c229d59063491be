"""Which ground a model is to be tried on, as people say it, and the configuration of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from minecover.core.composition import check_is_there, read_option
from minecover.core.config import CONF, Params, composed
from minecover.core.errors import ConfigError, LabelError, ModelError
from minecover.core.lattice import Lattice
from minecover.core.overrides import shell_word
from minecover.core.sensors import BY_PLATFORM
from minecover.learning.model_card import ModelCard
from minecover.prediction.maps import is_folder
from minecover.prediction.other_sensors import folder_source

#: Options of conf/source for folders of products, by the family of the satellites.
FOLDERS = {"landsat": "product_folder", "sentinel_2": "sentinel2_folder"}
#: Groups that say what a source's ground is, and the option of each where none has its name.
GROUPS = {"labels": "files", "context": "none", "sites": "centred"}
#: The option of these groups on simulated ground.
SIMULATED = "simulated"


@dataclass(frozen=True, slots=True)
class Asked:
    """The ground that a model is to be tried on.

    Parameters
    ----------
    source : str or None
        A folder of products, or an option of conf/source; None leaves it to the experiment.
    labels : str or None
        A file of outlines, or an option of conf/labels; None takes those that belong to the
        source.
    experiment : str or None
        An option of conf/experiment.
    overrides : tuple of str
        Choices and values in Hydra's grammar, which come last.
    """

    source: str | None
    labels: str | None
    experiment: str | None
    overrides: tuple[str, ...]

    def text(self) -> str:
        """Return the options and overrides as one types them."""
        options = {
            "--source": self.source,
            "--labels": self.labels,
            "--experiment": self.experiment,
        }
        words = [word for name, value in options.items() if value for word in (name, value)]
        return " ".join([*words, *(shell_word(one) for one in self.overrides)])

    def compose(self, card: ModelCard) -> Params:
        """Return the configuration of the ground.

        Parameters
        ----------
        card : ModelCard
            Card of the model: a source without pixels of its own gets those of the model.

        Raises
        ------
        ConfigError
            If nothing is asked for, or conf/ is missing or does not compose.
        LabelError
            If nothing says where the mines are.
        ModelError
            If the scenes have no pixels of the model's size.
        """
        given = [_without_plus(word) for word in self.overrides]
        if not (self.source or self.experiment or given):
            raise ConfigError(
                "nothing says which ground the model is to be tried on. Name a folder of "
                "products or an option of conf/source with --source, or an experiment with "
                "--experiment."
            )
        check_is_there(CONF)
        chosen = [f"experiment={self.experiment}"] if self.experiment else []
        if self.source is not None:
            chosen += self._of_source(self.source, given, card)
        if self.labels is not None:
            chosen += _of_labels(self.labels)
        names = {word.partition("=")[0] for word in given}
        return composed([*(w for w in chosen if w.partition("=")[0] not in names), *given])

    def _of_source(self, source: str, given: Sequence[str], card: ModelCard) -> list[str]:
        """Return the overrides that choose a source, and what belongs to it."""
        folder = is_folder(source)
        chosen = _of_folder(source, card) if folder else [f"source={source}"]
        option = chosen[0].partition("=")[2]
        node = _source_node(option)
        groups = dict(_groups(option, is_simulated=bool(node["is_simulated"])))
        has_experiment = self.experiment is not None or _says(given, "experiment")
        has_labels = self.labels is not None or has_experiment
        if groups["labels"] == "files" and not (
            has_labels or _says(given, "labels", "labels.input")
        ):
            raise LabelError(
                f"nothing says where the mines of {source} are. Name a file of outlines or an "
                "option of conf/labels with --labels."
            )
        if not has_experiment:
            chosen += [f"{group}={name}" for group, name in groups.items()]
            chosen += _lattice(chosen, node, card)
            # What is built here says nothing about this ground.
            chosen += ["~experiment"]
        return chosen


def _without_plus(word: str) -> str:
    """Return an override; an experiment is chosen with and without a plus before it."""
    return word.removeprefix("+") if word.startswith("+experiment=") else word


def _says(given: Sequence[str], *keys: str) -> bool:
    """Return whether overrides set one of some keys."""
    return bool({word.lstrip("+").partition("=")[0] for word in given} & set(keys))


def _of_folder(folder: str, card: ModelCard) -> list[str]:
    """Return the overrides that read a folder of products, with the bands of a model."""
    found = folder_source(folder, card)
    family = BY_PLATFORM[found.platforms[0]].family
    return [
        f"source={FOLDERS[family]}",
        f"source.input={folder}",
        f"source.level={found.level}",
        f"source.platforms=[{','.join(found.platforms)}]",
        f"source.bands=[{','.join(found.bands)}]",
    ]


def _of_labels(labels: str) -> list[str]:
    """Return the overrides that choose labels: a file, or an option of conf/labels."""
    if Path(labels).exists():
        return ["labels=files", f"labels.input={labels}"]
    options = sorted(path.stem for path in (CONF / "labels").glob("*.yaml"))
    if labels not in options:
        raise LabelError(
            f"there is no file {labels}, and no option of that name in conf/labels (found: "
            f"{', '.join(options) or 'none'}). Name a file of outlines, or one of these with "
            "--labels."
        )
    return [f"labels={labels}"]


def _source_node(option: str) -> dict[str, Any]:
    """Return the keys of an option of conf/source, interpolations as they are written."""
    tree = read_option(CONF / "source" / f"{option}.yaml")
    node = tree.get("source", tree)
    return dict(node)


def _groups(option: str, *, is_simulated: bool) -> Iterator[tuple[str, str]]:
    """Yield the groups that say what a source's ground is, each with its option."""
    for group, other in GROUPS.items():
        if (CONF / group / f"{option}.yaml").is_file():
            yield group, option
        else:
            yield group, SIMULATED if is_simulated else other


def _lattice(chosen: Sequence[str], node: dict[str, Any], card: ModelCard) -> list[str]:
    """Return the overrides that lay the sites on pixels of the model's size."""
    named = [word for word in chosen if word.startswith("source.platforms=")]
    text = named[0].partition("=")[2].strip("[]") if named else ",".join(node["platforms"])
    families = {BY_PLATFORM[one].family for one in text.split(",") if one in BY_PLATFORM}
    own = card.lattice
    family = own.family if own.family in families or len(families) != 1 else families.pop()
    try:
        Lattice(family, own.pixel_m)
    except ConfigError as error:
        raise ModelError(
            f"the model was trained on pixels of {own.pixel_m:g} m, which scenes of {family} "
            "do not have. Try it on scenes that have them, or take another model."
        ) from error
    return [f"lattice.family={family}", f"lattice.pixel_m={own.pixel_m:g}"]
