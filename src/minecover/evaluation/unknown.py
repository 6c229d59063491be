"""Say which scores cannot be known on some ground, and why."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from minecover.evaluation.estimates import Report, get_score
from minecover.evaluation.support import SitePredictions

NO_LOOK_ALIKES = (
    "How well mines are separated from ground that looks like one is unknown: the labels "
    "name no such ground that was observed."
)
NO_MINES_DRAWN = (
    "Scores of pixels are unknown: no observed location is labelled as a mine, whatever is "
    "known of whole sites."
)
NO_OTHER_SITES = (
    "How well sites with a mine are separated from sites without is unknown: every "
    "observed site of known kind holds a mine."
)
NO_MINE_SITES = (
    "How well sites with a mine are separated from sites without is unknown: no "
    "observed site is known to hold a mine."
)
CUT_MINES = "The edges of the chips cut their mines, so that whole mines are not counted."


def known_counts(sites: Sequence[SitePredictions]) -> dict[str, int]:
    """Count what the scores of `find_unknown` need.

    Parameters
    ----------
    sites : sequence of SitePredictions
        All sites, background sites included.

    Returns
    -------
    dict of int
        Observed sites that are known to hold a mine (``mine_sites``) and to hold none
        (``other_sites``), observed locations that are labelled as mine (``mine_locations``) or
        look like one (``look_alike_locations``), and ``chips``.
    """
    labels = [s.mine_label for s in sites if not np.isnan(s.location_probability).all()]
    mines, alike = 0, 0
    for site in sites:
        is_seen = ~np.isnan(site.location_probability)
        is_mine = site.targets(against_truth=False) == 1
        mines += int(np.count_nonzero(is_mine & is_seen))
        if site.look_alike is not None:
            alike += int(np.count_nonzero(site.look_alike & ~is_mine & is_seen))
    return {
        "mine_sites": labels.count(1),
        "other_sites": labels.count(0),
        "mine_locations": mines,
        "look_alike_locations": alike,
        "chips": sum(site.chip_label >= 0 for site in sites),
    }


def find_unknown(metrics: Report) -> list[str]:
    """Return a sentence for each kind of score that cannot be known.

    Parameters
    ----------
    metrics : nested dict
        Content of reports/metrics.json. Of it, ``count`` is read.

    Returns
    -------
    list of str
        Empty if all are known, or nothing was counted (an earlier minecover wrote the file).
    """
    mine_sites, other_sites, mines, alike, chips = (
        get_score(metrics, f"count.{name}")
        for name in (
            "mine_sites",
            "other_sites",
            "mine_locations",
            "look_alike_locations",
            "chips",
        )
    )
    if math.isnan(mine_sites):
        return []
    found = {
        NO_MINES_DRAWN: mines == 0,
        NO_LOOK_ALIKES: alike == 0,
        NO_MINE_SITES: mine_sites == 0,
        NO_OTHER_SITES: mine_sites > 0 and other_sites == 0,
        CUT_MINES: chips > 0,
    }
    return [sentence for sentence, is_unknown in found.items() if is_unknown]
