"""Register the build in the model registry, and summarize its scores."""

import json
import logging
from pathlib import Path

from minecover.core import paths
from minecover.core.config import Params
from minecover.core.files import write_json
from minecover.evaluation import find_no_skill
from minecover.pipeline import STAGES
from minecover.pipeline.release.aliases import give_alias, held_aliases, withhold_alias
from minecover.tracking.provenance import digest_of, git_state, lock_digest
from minecover.tracking.record import Dataset, Record
from minecover.tracking.registry import register
from minecover.tracking.types import Tracking, Version

log = logging.getLogger(__name__)

DVC_LOCK = Path("dvc.lock")
#: The stages that identify a build: later ones do not change its model or its scores.
IDENTITY = STAGES[: STAGES.index("evaluate") + 1]
#: The stages that identify the training data.
DATA = STAGES[: STAGES.index("features") + 1]


def run(params: Params, *, force: bool) -> Version:
    """Register the built model, unless this build is registered already.

    Writes reports/run.json and one log line. A model that is no better than chance becomes
    neither champion nor challenger: maps are made with these.

    Parameters
    ----------
    params : Params
        The parameters of the build.
    force : bool
        Whether such a model is given an alias nevertheless.

    Returns
    -------
    Version
        The version of the build.

    Raises
    ------
    RegistryError
        If nothing was built, or git knows no commit here.
    """
    tracking: Tracking = params.build("tracking")
    record = describe_build(params)
    no_skill = find_no_skill(json.loads(paths.METRICS.read_text(encoding="utf-8")))
    before = held_aliases(tracking)
    version = register(tracking, record, model=paths.MODEL, card=paths.MODEL_CARD)
    if no_skill and not force:
        version = withhold_alias(tracking, version, before, no_skill)
    elif no_skill:
        version = give_alias(tracking, version, no_skill)
    write_json(
        paths.RUN,
        {
            "model": version.name,
            "version": version.version,
            "alias": version.alias,
            "run_id": version.run_id,
            "lock_digest": record.tags["lock_digest"],
        },
    )
    log.info(
        "register: %s%s version %d (%s), %s%s",
        f"{no_skill}. " if no_skill else "",
        version.name,
        version.version,
        version.alias or "no alias",
        "new" if version.created else "was registered before",
        "" if version.alias else "; `minecover register --force` gives it one",
    )
    return version


def describe_build(params: Params) -> Record:
    """Return the record of the build in this checkout: parameters, metrics, tags, files.

    Parameters
    ----------
    params : Params
        The parameters of the build.

    Returns
    -------
    Record
        What the run of the build logs.
    """
    lock, data = lock_digest(DVC_LOCK, IDENTITY), lock_digest(DVC_LOCK, DATA)
    state = git_state(Path())
    source, design = str(params.value("source.name")), str(params.value("design.name"))
    family = str(params.value("model._target_")).rpartition(".")[2]
    outputs = (
        paths.METRICS,
        paths.LEAKAGE,
        paths.PLOTS,
        paths.FIGURES,
        paths.REPORT,
        paths.MODEL_PAGE,
        paths.OUT_OF_FOLD,
    )
    files = (*outputs, Path("params.yaml"), DVC_LOCK)
    return Record(
        name=f"{source} {design} {family} {lock[:8]}",
        params=params.tree,
        metrics=json.loads(paths.METRICS.read_text(encoding="utf-8")),
        tags={
            "lock_digest": lock,
            "data_digest": data,
            "config_digest": digest_of(params.tree),
            "git_commit": state.commit,
            "git_dirty": str(state.is_dirty).lower(),
            "source": source,
            "is_simulated": str(params.value("source.is_simulated")).lower(),
            "design": design,
            "family": family,
        },
        dataset=Dataset(f"{source} {design}s", paths.FEATURES.as_posix(), data),
        artifacts=tuple(path for path in files if path.exists()),
        description=paths.MODEL_PAGE.read_text(encoding="utf-8"),
        by_fold={},
    )


def summary() -> list[str]:
    """Return the scores of the build as text, and where its report and its runs are.

    Returns
    -------
    list of str
        Lines without line ends. The first says so if the model is no better than chance.
    """
    metrics = json.loads(paths.METRICS.read_text(encoding="utf-8"))
    card = json.loads(paths.MODEL_CARD.read_text(encoding="utf-8"))
    kind = "SIMULATED data" if card["is_simulated"] else "real data"
    no_skill = find_no_skill(metrics)
    lines = [f"{card['name']} is {no_skill}"] if no_skill else []
    lines += [f"{card['name']}: {card['source']} ({kind}), scored out of fold"]
    for level in ("observation", "location"):
        lines += [f"  {level:<12}" + ", ".join(_interval(metrics[level], n) for n in SCORES)]
    lines += [
        f"report:  {paths.REPORT}  (open it in a browser)",
        "runs:    make ui  (the MLflow UI on this machine)",
    ]
    return lines


SCORES = ("precision", "recall", "f1", "average_precision")


def _interval(scores: dict[str, float | None], name: str) -> str:
    """Return the text of one score with its interval."""
    numbers = [scores[key] for key in (name, f"{name}_low", f"{name}_high")]
    shown = ["-" if number is None else f"{number:.3f}" for number in numbers]
    return f"{name.replace('_', ' ')} {shown[0]} [{shown[1]}, {shown[2]}]"
