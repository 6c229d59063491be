"""The card at the top of a run's page: scores, the difference to the champion, the risk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from minecover.evaluation import Report, find_no_skill, get_score
from minecover.pipeline.run_record import limit_key

#: First line of everything that shows scores of simulated ground.
SIMULATED = "**SIMULATED data: no evidence of skill on real ground.**"
#: Names of scores in cards and comparisons, by their dotted names in metrics.json.
NAMES = {
    "location.average_precision": "average precision",
    "location.f1": "F1 of pixels",
    "location.precision": "precision of pixels",
    "location.recall": "recall of pixels",
    "objects.mine_recall": "mines found, at the model's threshold",
    "objects.precision": "objects that are mines",
    "objects.false_per_100km2": "false objects per 100 km²",
    "calibration.location.ece": "calibration error (ECE)",
    "look_alike.auc": "AUC, mines against ground that looks like one",
    "look_alike.called": "share of ground that looks like a mine and is called one",
    "site.auc": "AUC, sites with a mine against sites without",
    "site.average_precision": "average precision of sites",
    "site.recall_at_5_percent_false": "sites with a mine that are called, if 5 % of others are",
    "applicable.share": "share of the ground that the model applies to",
    "chip.auc": "AUC, chips with a mine against chips without",
    "truth.location.average_precision": "average precision, against the truth",
    "truth.location.f1": "F1 of pixels, against the truth",
}
#: The score that ranks runs: it needs no threshold.
RANKS = "location.average_precision"
#: Scores of which less is better.
LESS_IS_BETTER = (
    "objects.false_per_100km2",
    "calibration.location.ece",
    "look_alike.called",
)


@dataclass(frozen=True, slots=True, eq=False)
class AgainstChampion:
    """How a model differs from the champion on the same sites.

    Parameters
    ----------
    name : str
        The champion, e.g. ``champion (version 3)``.
    table : DataFrame or None
        See `minecover.evaluation.paired_differences`, the champion as `a`; None if the two
        cannot be compared.
    reason : str
        Why there is no table.
    """

    name: str
    table: pd.DataFrame | None
    reason: str = ""


def run_card(about: About, report: Report, against: AgainstChampion) -> str:
    """Return the card of a run.

    Parameters
    ----------
    about : About
        What was trained on what.
    report : nested dict
        Content of metrics.json.
    against : AgainstChampion
        The champion at this moment.

    Returns
    -------
    str
        Markdown.
    """
    no_skill = find_no_skill(report)
    lines = [
        *([SIMULATED] if about.simulated else []),
        *([f"**{about.remark}**"] if about.remark else []),
        *([f"**This model is {no_skill}.**"] if no_skill else []),
        # MLflow folds what follows the first lines.
        _in_short(report, against),
        risk(report),
        "\n".join(_table(report, against)),
        about.sentence,
        *_remarks(against),
    ]
    return "\n\n".join(lines)


@dataclass(frozen=True, slots=True)
class About:
    """What a model is, in words.

    Parameters
    ----------
    family, design, source : str
        As in the tags of a run.
    simulated : bool
        Whether the data are simulated.
    n_sites : int
        Number of sites that it was scored on.
    remark : str
        What the labels are worth; empty if nothing has to be said.
    """

    family: str
    design: str
    source: str
    simulated: bool
    n_sites: int
    remark: str = ""

    @classmethod
    def of(cls, tags: Mapping[str, str], n_sites: int) -> About:
        """Read the tags of a run."""
        simulated = tags["is_simulated"] == "true"
        return cls(
            tags["family"],
            tags["design"],
            tags["source"],
            simulated,
            n_sites,
            tags.get("remark", ""),
        )

    @property
    def sentence(self) -> str:
        """What was trained on what, and how it was scored."""
        return (
            f"A `{self.family}` model on {self.design}s of {self.n_sites} sites of the source "
            f"`{self.source}`. Each site is scored by a model that never saw it, against the "
            "labels."
        )


def risk(report: Report) -> str:
    """Return in one line what may go wrong with the map of a model at its threshold."""
    found = get_score(report, "objects.mine_recall")
    right = get_score(report, "objects.precision")
    rare = get_score(report, "transfer.precision_at_1000_ppm")
    parts = [
        f"{100 * (1 - found):.0f} of 100 mines are missed" if found == found else "",
        f"{100 * (1 - right):.0f} of 100 objects on the map are no mine"
        if right == right
        else "",
        f"where one pixel in 1000 is mine, {100 * (1 - rare):.0f} of 100 marked pixels are not"
        if rare == rare
        else "",
    ]
    known = "; ".join(part for part in parts if part)
    return f"**Risk:** {known or 'unknown, nothing was scored'}."


def card_keys(report: Report) -> list[str]:
    """Return the dotted names of the scores on a card, the one that ranks runs first."""
    keys = [RANKS, "location.f1", limit_key(report)]
    keys += ["objects.mine_recall", "objects.false_per_100km2", "calibration.location.ece"]
    keys += ["truth.location.average_precision", "look_alike.auc", "look_alike.called"]
    keys += ["site.auc", "site.recall_at_5_percent_false", "chip.auc"]
    return [key for key in keys if key and get_score(report, key) == get_score(report, key)]


def score_name(key: str) -> str:
    """Return the name of a score, e.g. *mines found at 2 false objects per 100 km²*."""
    if key in NAMES:
        return NAMES[key]
    end = ", against the truth" if key.startswith("truth.") else ""
    if key.endswith("_false_per_100km2.mine_recall"):
        limit = key.split("at_")[-1].split("_false_per")[0].replace("_", ".")
        return f"mines found at {limit} false objects per 100 km²{end}"
    if key.startswith("transfer.precision_at_"):
        share = int(key.split("_")[2])
        return f"precision where {share} of a million pixels are mine"
    return key


def number(value: float) -> str:
    """Return a score as text, to three decimals."""
    return f"{value:.3f}" if value == value else "–"


def direction(low: float, high: float, *, less_is_better: bool) -> int:
    """Return 1 if a difference is a gain for certain, -1 if it is a loss, 0 if neither.

    Parameters
    ----------
    low, high : float
        The interval of the difference.
    less_is_better : bool
        Of the score.
    """
    sign = (low > 0) - (high < 0)
    return -sign if less_is_better else sign


def _in_short(report: Report, against: AgainstChampion) -> str:
    """Return the score that ranks runs, and how it differs from the champion's."""
    value, low, high = (get_score(report, f"{RANKS}{end}") for end in ("", "_low", "_high"))
    text = f"**Average precision {number(value)}** [{number(low)}, {number(high)}]"
    if against.table is None or RANKS not in set(against.table["score"]):
        return f"{text}."
    row = against.table.set_index("score").loc[RANKS]
    return f"{text}; minus the {against.name} on the same sites: {_difference(row, RANKS)}."


def _table(report: Report, against: AgainstChampion) -> Iterator[str]:
    """Yield the lines of the table of scores."""
    differs = against.table is not None
    yield "| score | value | interval |" + (f" minus the {against.name} |" if differs else "")
    yield "|---|---|---|" + ("---|" if differs else "")
    rows = None if against.table is None else against.table.set_index("score")
    for key in card_keys(report):
        value, low, high = (get_score(report, f"{key}{end}") for end in ("", "_low", "_high"))
        interval = f"{number(low)} to {number(high)}" if low == low else "–"
        cell = ""
        if rows is not None:
            cell = f" {_difference(rows.loc[key], key)} |" if key in rows.index else " – |"
        yield f"| {score_name(key)} | {number(value)} | {interval} |{cell}"


def _difference(row: pd.Series, key: str) -> str:
    """Return a difference with its interval, and whether it is a gain."""
    low, high = float(row["difference_low"]), float(row["difference_high"])
    sign = direction(low, high, less_is_better=key in LESS_IS_BETTER)
    word = {1: "▲ better", -1: "▼ worse", 0: "no clear difference"}[sign]
    return f"{row['difference']:+.3f} [{low:+.3f}, {high:+.3f}] {word}"


def _remarks(against: AgainstChampion) -> Sequence[str]:
    """Return the sentence about the champion below the table."""
    if against.table is None:
        return [against.reason] if against.reason else []
    return [
        f"Differences to the {against.name} of the moment this run was logged, on the same "
        "sites: the same bootstrap samples of sites for both."
    ]
