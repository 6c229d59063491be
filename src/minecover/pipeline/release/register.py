"""Register the build in the model registry, and summarize its scores."""

import logging
from pathlib import Path

from minecover.core import paths
from minecover.core.config import Params
from minecover.core.damaged import read_json
from minecover.core.files import write_json
from minecover.evaluation import find_no_skill, scores_by_fold
from minecover.evaluation.out_of_fold import read_out_of_fold
from minecover.pipeline.champion import against_champion
from minecover.pipeline.release.aliases import give_alias
from minecover.pipeline.release.commits import differing_inputs
from minecover.pipeline.release.dvc_lock import DATA, DVC_LOCK, IDENTITY, DvcLock
from minecover.pipeline.run_card import About, run_card
from minecover.pipeline.run_record import BY_FOLD, run_metrics, run_params, run_tags
from minecover.pipeline.run_scores import RunScores
from minecover.pipeline.stages.evaluate import score_model
from minecover.tracking.datasets import recorded_datasets
from minecover.tracking.provenance import digest_of, git_state, stages_digest
from minecover.tracking.record import ADOPTABLE, BUILD, Record
from minecover.tracking.registry import register
from minecover.tracking.types import Tracking, Version

log = logging.getLogger(__name__)


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
    no_skill = find_no_skill(read_json(paths.METRICS))
    version = register(
        tracking,
        record,
        model=paths.MODEL,
        card=paths.MODEL_CARD,
        withheld="" if force else no_skill,
    )
    if no_skill and force:
        version = give_alias(tracking, version, no_skill)
    write_json(
        paths.RUN,
        {
            "model": version.name,
            "version": version.version,
            "alias": version.alias,
            "run_id": version.run_id,
            "build_digest": record.tags["build_digest"],
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
    build, data = stages_digest(DVC_LOCK, IDENTITY), stages_digest(DVC_LOCK, DATA)
    state = git_state(Path())
    # A clean checkout may have another code than the one that was built: see `dvc status`.
    lock = DvcLock.read(DVC_LOCK.read_text(encoding="utf-8"), "this checkout")
    is_dirty = state.is_dirty or any(differing_inputs(state.commit, lock))
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
    report = read_json(paths.METRICS)
    tags = run_tags(params, state, kind=BUILD)
    tables, *lineage = recorded_datasets(DVC_LOCK)
    model = score_model(params, read_out_of_fold(paths.OUT_OF_FOLD))
    by_fold = scores_by_fold(model)
    scores = RunScores.of(params, model)
    against = against_champion(params.build("tracking"), params, scores, build=build)
    about = About.of(tags, len(model.sites))
    return Record(
        name=f"build {build[:8]}",
        params=run_params(params),
        metrics=run_metrics(report),
        tags={
            **tags,
            ADOPTABLE: "true",
            "build_digest": build,
            "data_digest": data,
            "params_digest": digest_of(params.tree),
            "git_dirty": str(is_dirty).lower(),
        },
        dataset=tables,
        artifacts=tuple(path for path in files if path.exists()),
        description=run_card(about, report, against),
        by_fold={name: by_fold[name] for name in BY_FOLD},
        lineage=tuple(lineage),
        page=paths.MODEL_PAGE.read_text(encoding="utf-8"),
    )


def summary() -> list[str]:
    """Return the scores of the build as text, and where its report and its runs are.

    Returns
    -------
    list of str
        Lines without line ends. The first says so if the model is no better than chance.
    """
    metrics = read_json(paths.METRICS)
    card = read_json(paths.MODEL_CARD)
    kind = "SIMULATED data" if card["is_simulated"] else "real data"
    no_skill = find_no_skill(metrics)
    lines = [f"{card['name']} is {no_skill}"] if no_skill else []
    lines += [f"{card['name']}: {card['source']} ({kind}), scored out of fold"]
    for level in ("observation", "location"):
        lines += [f"  {level:<12}" + ", ".join(_interval(metrics[level], n) for n in SCORES)]
    detection = {"look_alike": "look-alikes", "site": "sites", "chip": "chips"}
    lines += [
        f"  {title:<12}{_interval(metrics[name], 'auc')}"
        for name, title in detection.items()
        if name in metrics
    ]
    lines += [f"  {card['remark']}"] if card.get("remark") else []
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
