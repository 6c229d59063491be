"""Log an external evaluation as a run, and keep it as a tag of the model's version."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from minecover.core import config
from minecover.core.config import Params, load_params, write_params
from minecover.evaluation import Report, ScoredModel, get_score, score_replicates
from minecover.evaluation.estimates import Estimates
from minecover.pipeline.run_card import RANKS, SIMULATED, number, score_name
from minecover.pipeline.run_record import run_metrics
from minecover.pipeline.run_scores import REPLICATES, RunScores
from minecover.tracking import log_run
from minecover.tracking.external import (
    ExternalEvaluation,
    record_external,
    version_of_model,
)
from minecover.tracking.provenance import git_state
from minecover.tracking.record import EXTERNAL, Dataset, Record
from minecover.tracking.types import Tracking, Version

log = logging.getLogger(__name__)

#: Scores that the tag of a version holds, where there are any.
DECIDING = (
    RANKS,
    "location.f1",
    "look_alike.auc",
    "look_alike.called",
    "site.auc",
    "site.recall_at_5_percent_false",
    "objects.mine_recall",
    "objects.false_per_100km2",
    "applicable.share",
)
#: Scores that are metrics of the run beside those of every run.
FURTHER = (
    "applicable.share",
    "applicable.inside.location.average_precision",
    "applicable.outside.location.average_precision",
    "applicable.inside.site.auc",
    "applicable.outside.site.auc",
)


def log_external(
    content: Mapping[str, Any],
    params: Params,
    scored: ScoredModel,
    estimates: Estimates,
    files: Sequence[Path],
) -> dict[str, Any] | None:
    """Log an evaluation as a run on the version of its model.

    Parameters
    ----------
    content : mapping
        Content of evaluation.json.
    params : Params
        Configuration of the ground.
    scored : ScoredModel
        The model on that ground.
    estimates : nested dict
        Its scores with their replicates.
    files : sequence of Path
        What was written.

    Returns
    -------
    dict or None
        Model, version and run; None if the model is not registered here, or nothing can be
        logged, which is said.
    """
    if not config.PARAMS.is_file():
        _say_not_logged("there is no params.yaml here, which names the store of runs")
        return None
    tracking: Tracking = load_params().build("tracking")
    if tracking.is_read_only:
        _say_not_logged(f"{tracking.database.parent} is read-only")
        return None
    model = content["model"]
    version = version_of_model(tracking, model["uri"], model["name"], model["sha256"])
    if version is None:
        _say_not_logged(f"no version of {model['name']} has the bytes of {model['uri']}")
        return None
    with tempfile.TemporaryDirectory() as name:
        replicates, ground = Path(name, REPLICATES), Path(name, "params.yaml")
        RunScores.of(params, scored, score_replicates(estimates)).write(replicates)
        write_params(params, ground)
        record = _record(content, version, (*files, replicates, ground))
        run_id = log_run(tracking, record)
    record_external(tracking, version, _tag(content, run_id))
    return {"model": version.name, "version": version.version, "run_id": run_id}


def _say_not_logged(reason: str) -> None:
    """Say why nothing was logged."""
    log.info("evaluate: nothing was logged in MLflow: %s", reason)


def _record(content: Mapping[str, Any], version: Version, files: tuple[Path, ...]) -> Record:
    """Describe the run."""
    state, ground, model = git_state(Path()), content["ground"], content["model"]
    scores: Report = content["scores"]
    further = {key: get_score(scores, key) for key in FURTHER}
    return Record(
        name=f"{version.name} {version.version} on {ground['title']}",
        params={"ground": ground["asked"], "source": ground["source"]},
        metrics={
            **run_metrics(scores),
            **{key: value for key, value in further.items() if value == value},
        },
        tags={
            "kind": EXTERNAL,
            "data_digest": ground["digest"],
            "git_commit": state.commit,
            "git_dirty": str(state.is_dirty).lower(),
            "source": ground["source"],
            "is_simulated": str(ground["is_simulated"]).lower(),
            "model_name": version.name,
            "model_version": str(version.version),
            "model_sha256": model["sha256"],
            **({"remark": ground["remark"]} if ground["remark"] else {}),
        },
        dataset=Dataset(ground["title"], ground["asked"], ground["digest"], "evaluation"),
        artifacts=files,
        description=_description(content, version),
        by_fold={},
    )


def _description(content: Mapping[str, Any], version: Version) -> str:
    """Return the first lines of the run's page."""
    ground, scores = content["ground"], content["scores"]
    no_skill = content["no_skill"]
    bold = [
        SIMULATED.strip("*") if ground["is_simulated"] else "",
        ground["remark"],
        f"On this ground the model is {no_skill}." if no_skill else "",
    ]
    lines = [
        *(f"**{sentence}**" for sentence in bold if sentence),
        f"Version {version.version} of {version.name} on {ground['sites']} sites of "
        f"{ground['title']}, which it was not trained on. The artifact evaluation.html has "
        "all scores.",
        "\n".join(["| score | value | interval |", "|---|---|---|", *_rows(scores)]),
        *content["unknown"],
    ]
    return "\n\n".join(lines)


def _rows(scores: Report) -> list[str]:
    """Return the lines of the table of scores."""
    rows = []
    for key in DECIDING:
        value, low, high = (get_score(scores, f"{key}{end}") for end in ("", "_low", "_high"))
        if value == value:
            rows.append(
                f"| {score_name(key)} | {number(value)} | {number(low)} to {number(high)} |"
            )
    return rows


def _tag(content: Mapping[str, Any], run_id: str) -> ExternalEvaluation:
    """Return what the version keeps."""
    ground, scores = content["ground"], content["scores"]
    kept: dict[str, list[float | None]] = {}
    for key in DECIDING:
        values = [get_score(scores, f"{key}{end}") for end in ("", "_low", "_high")]
        if values[0] == values[0]:
            kept[key] = [value if value == value else None for value in values]
    return ExternalEvaluation(
        run_id=run_id,
        ground=f"{ground['title']}, {ground['sites']} sites",
        digest=ground["digest"],
        is_simulated=ground["is_simulated"],
        is_known_new=content["overlap"]["is_known"],
        no_skill=content["no_skill"],
        scores=kept,
        groups=ground["groups"],
    )
