"""What the runs of builds and of jobs show alike: parameters, tags, deciding scores."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from minecover.core.config import Params
from minecover.evaluation import Report, get_score
from minecover.tracking.provenance import GitState

#: Keys whose values are parameters of a run; its file params.yaml has all others.
SHOWN = ("model", "design", "aggregation", "folds", "features", "mask", "seed", "source.name")
#: What no score depends on.
UNSCORED = ("design.applicability", "design.disagreement", "design.screening")
#: Endings of the names of a score's interval.
ENDS = ("_low", "_high")
#: Names of the scores that the table of runs has columns for: its heads show ten letters or so.
#: All other metrics keep their dotted names of metrics.json.
AP, ECE, TRUTH_AP = "AP", "ECE", "AP truth"
ALIKE_AUC, SITE_AUC = "AUC look-alikes", "AUC sites"
SHORT_NAMES = {
    "location.average_precision": AP,
    "calibration.location.ece": ECE,
    "truth.location.average_precision": TRUTH_AP,
    "look_alike.auc": ALIKE_AUC,
    "site.auc": SITE_AUC,
}
#: Scores that are metrics with their interval, by their dotted names in metrics.json; that file
#: has all others. A star stands for the limits of metrics.objects.false_per_100km2.
WITH_INTERVAL = (
    "location.average_precision",
    "location.f1",
    "location.precision",
    "location.recall",
    "objects.at_*_false_per_100km2.mine_recall",
    "objects.mine_recall",
    "objects.precision",
    "objects.false_per_100km2",
    "calibration.location.ece",
    "truth.location.average_precision",
    "look_alike.auc",
    "site.auc",
)
#: Scores that are metrics without their interval.
PLAIN = (
    "observation.average_precision",
    "observation.f1",
    "objects.f1_within_1_px",
    "transfer.*",
    "background.false_per_100km2",
    "calibration.location.brier_skill",
    "truth.location.f1",
    "truth.objects.at_*_false_per_100km2.mine_recall",
    "site.recall_at_5_percent_false",
    "look_alike.called",
    "chip.auc",
    "prevalence.location",
    "coverage.location",
    "count.sites",
)
#: Scores of each fold that are metrics, a step for each fold.
BY_FOLD = ("location.average_precision", "location.f1")
#: Most limits, and most prevalences, of which a star stands for the first ones.
MOST_STARRED = 2


def run_params(params: Params) -> dict[str, object]:
    """Return the parameters of a run: the same keys for a build and for a job.

    Parameters
    ----------
    params : Params
        The configuration.

    Returns
    -------
    dict
        By dotted key. A component is named by the last part of its ``_target_``:
        ``{"model": "boosted", "model.num_leaves": 31, ...}``.
    """
    shown: dict[str, object] = {}
    for key in SHOWN:
        shown.update(_named(key, params.value(key)))
    seed = shown["seed"]
    return {
        key: value
        for key, value in shown.items()
        if not key.startswith(UNSCORED)
        # One seed is handed to all components; a component with its own shows it.
        and not (key.endswith(".seed") and value == seed)
    }


def run_tags(params: Params, git: GitState, *, kind: str) -> dict[str, str]:
    """Return the tags that every run of a model has.

    Parameters
    ----------
    params : Params
        The configuration.
    git : GitState
        State of the checkout.
    kind : str
        ``build``, ``job`` or another of `minecover.tracking.record`.
    """
    remark = params.value("labels.remark")
    return {
        "kind": kind,
        "git_commit": git.commit,
        "git_dirty": str(git.is_dirty).lower(),
        "source": str(params.value("source.name")),
        "is_simulated": str(params.value("source.is_simulated")).lower(),
        "design": str(params.value("design.name")),
        "family": family_of(params),
        **({"remark": str(remark)} if remark else {}),
    }


def family_of(params: Params) -> str:
    """Return the name of the model's family."""
    return str(params.value("model._target_")).rpartition(".")[2]


def run_metrics(report: Report) -> dict[str, float]:
    """Return the scores that decide between runs, with the intervals of the first ones.

    Parameters
    ----------
    report : nested dict
        Content of metrics.json.

    Returns
    -------
    dict of float
        By the names of the columns of the table of runs, or else by dotted names; scores that
        do not exist are left out.
    """
    names: dict[str, str] = {}
    for key in (key for one in WITH_INTERVAL for key in _matching(report, one)):
        # The first metric that is logged is the one that MLflow's page of comparisons plots.
        names |= {f"{key}{end}": f"{metric_name(key)}{_end(key, end)}" for end in ("", *ENDS)}
    names |= {key: metric_name(key) for one in PLAIN for key in _matching(report, one)}
    scores = {name: get_score(report, key) for key, name in names.items()}
    return {name: score for name, score in scores.items() if score == score}


def metric_name(key: str) -> str:
    """Return the name of the metric of a score: short where the table of runs has a column.

    Parameters
    ----------
    key : str
        Dotted name in metrics.json.

    Returns
    -------
    str
        For instance ``AP``, or ``recall at 2 false per 100 km2`` (of whole mines, with so many
        false objects).
    """
    if found := re.fullmatch(r"objects\.at_(\w+)_false_per_100km2\.mine_recall", key):
        return f"recall at {found[1].replace('_', '.')} false per 100 km2"
    return SHORT_NAMES.get(key, key)


def _end(key: str, end: str) -> str:
    """Return the end of the name of an interval's metric, a word behind a short name."""
    return end if metric_name(key) == key else end.replace("_", " ")


def limit_key(report: Report, *, truth: bool = False) -> str:
    """Return the dotted name of the mine recall at the first limit on false objects.

    Parameters
    ----------
    report : nested dict
        Content of metrics.json.
    truth : bool
        Whether against the truth.

    Returns
    -------
    str
        Empty if no limit was scored.
    """
    pattern = "objects.at_*_false_per_100km2.mine_recall"
    return next(_matching(report, f"truth.{pattern}" if truth else pattern), "")


def _matching(report: Report, pattern: str) -> Iterator[str]:
    """Yield the dotted names of a report that a pattern with at most one star matches."""
    if "*" not in pattern:
        yield pattern
        return
    parts = pattern.split(".")
    at = next(index for index, part in enumerate(parts) if "*" in part)
    node: object = report
    for part in parts[:at]:
        node = node.get(part) if isinstance(node, Mapping) else None
    before, after = parts[at].split("*")
    found = [
        key
        for key in (node if isinstance(node, Mapping) else ())
        if key.startswith(before) and key.endswith(after) and not key.endswith(ENDS)
    ]
    yield from (".".join([*parts[:at], key, *parts[at + 1 :]]) for key in found[:MOST_STARRED])


def _named(key: str, node: object) -> Iterator[tuple[str, object]]:
    """Yield the leaves of a node; a component by its name and its own leaves."""
    if isinstance(node, Mapping):
        for name, value in node.items():
            if name == "_target_":
                yield key, str(value).rpartition(".")[2]
            else:
                yield from _named(f"{key}.{name}", value)
    elif isinstance(node, list):
        yield key, " ".join(map(str, node))
    else:
        yield key, node
