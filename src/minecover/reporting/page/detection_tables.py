"""Tables of what is asked of a detector: mines against look-alikes, site against site."""

from __future__ import annotations

from collections.abc import Mapping

from minecover.evaluation import Report, get_score
from minecover.reporting.page.score_tables import Table, format_score, lookup

#: Scores of look-alikes and of whole sites: keys of metrics.json and their names.
DETECTION_ROWS = {
    "look_alike.auc": "AUC, mines against ground that looks like one",
    "position_only.look_alike.auc": "the same, of a model of the position in the site alone",
    "look_alike.average_precision": "average precision, mines among such ground",
    "look_alike.called": "share of such ground that is called a mine",
    "look_alike.mines_called": "share of the mine locations that is called a mine",
    "site.auc": "AUC, sites with a mine against sites without",
    "site.with_mask.auc": "the same, of sites with a mask alone",
    "site.average_precision": "average precision, sites with a mine among all",
    "site.recall_at_5_percent_false": "sites with a mine that are called, if 5 % of others are",
    "chip.auc": "AUC, chips with a mine against chips without",
    "chip.with_mask.auc": "the same, of chips with a mask alone",
}
#: Scores of random rankings, which stand beside these average precisions.
BY_CHANCE = {
    "look_alike.average_precision": "look_alike.mine_share",
    "site.average_precision": "site.mine_share",
}
#: Poolings of a site's probabilities in words, by their names in metrics.json.
POOLING_NAMES = {
    "highest": "highest location",
    "highest_1_percent": "mean of the highest 1 %",
    "highest_3_percent": "mean of the highest 3 %",
    "highest_10_percent": "mean of the highest 10 %",
    "highest_30_percent": "mean of the highest 30 %",
    "mean": "mean",
}


def detection_rows(metrics: Report) -> list[tuple[str, str]]:
    """Return the name and the text of each score of look-alikes and sites that there is.

    Parameters
    ----------
    metrics : nested dict
        Content of reports/metrics.json.
    """
    rows = []
    for key, name in DETECTION_ROWS.items():
        if lookup(metrics, key) is not None:
            chance = get_score(metrics, BY_CHANCE.get(key, ""))
            by_chance = "" if chance != chance else f"; by chance {chance:.3f}"
            rows.append((name, f"{format_score(metrics, key)}{by_chance}"))
    return rows


def detection_table(metrics: Report) -> Table:
    """Return the scores of look-alikes and of whole sites; no rows if there are none.

    Parameters
    ----------
    metrics : nested dict
        Content of reports/metrics.json.
    """
    return Table(("", "against the labels"), tuple(detection_rows(metrics)))


def kind_table(metrics: Report) -> Table:
    """Return the scores of each kind of ground that the labels name.

    Parameters
    ----------
    metrics : nested dict
        Content of reports/metrics.json.

    Returns
    -------
    Table
        A row a kind: how well mines are separated from its locations and its sites, and
        which share of both is called a mine; kinds that count as neither are compared with the
        sites without a mine. No rows if the labels name none.
    """
    locations, sites, apart = (
        _children(metrics, node) for node in ("look_alike.kind", "site.kind", "site.apart")
    )
    rows = [
        (
            kind.replace("_", " "),
            format_score(metrics, f"look_alike.kind.{kind}.auc"),
            format_score(metrics, f"look_alike.kind.{kind}.called"),
            format_score(metrics, f"site.kind.{kind}.auc"),
            format_score(metrics, f"site.kind.{kind}.called"),
            _count(metrics, f"look_alike.kind.{kind}.sites", f"site.kind.{kind}.sites"),
        )
        for kind in sorted({**locations, **sites})
    ]
    rows += [
        (
            f"{kind.replace('_', ' ')} (counts as neither)",
            "–",
            "–",
            f"{format_score(metrics, f'site.apart.{kind}.auc')} above other sites",
            format_score(metrics, f"site.apart.{kind}.called"),
            _count(metrics, f"site.apart.{kind}.sites"),
        )
        for kind in sorted(apart)
    ]
    head = ("kind", "AUC, locations", "locations called", "AUC, sites", "sites called", "sites")
    return Table(head, tuple(rows))


def pooling_table(metrics: Report) -> Table:
    """Return how well each pooling separates sites, and how many folds chose it.

    Parameters
    ----------
    metrics : nested dict
        Content of reports/metrics.json.
    """
    rows = tuple(
        (
            POOLING_NAMES.get(name, name),
            format_score(metrics, f"site.pooling.{name}.auc"),
            f"{get_score(metrics, f'site.pooling.{name}.folds'):.0f}",
        )
        for name in _children(metrics, "site.pooling")
    )
    return Table(("score of a site", "AUC", "folds that chose it on the others"), rows)


def _count(metrics: Report, *keys: str) -> str:
    """Return the first of some numbers that there is."""
    found = [get_score(metrics, key) for key in keys if lookup(metrics, key) is not None]
    return f"{found[0]:.0f}" if found else "–"


def _children(metrics: Report, node: str) -> Mapping[str, object]:
    """Return what stands below a node; nothing if there is no such node."""
    value = lookup(metrics, node)
    return value if isinstance(value, dict) else {}
