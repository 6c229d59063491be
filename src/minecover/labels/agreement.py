"""Verdicts of several reviewers: where they agree, how far beyond chance, and what is left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import geopandas as gpd
import pandas as pd

from minecover.labels.verdicts import FIELDS, VERDICTS, sorted_verdicts

#: Between the names of reviewers who gave the same verdict; a name may hold a comma.
AND = "; "


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far two reviewers agree on the candidates that both judged.

    Parameters
    ----------
    reviewers : tuple of two str
        Their names.
    n : int
        Number of candidates that both judged.
    share : float
        Share of these on which they gave the same verdict; NaN without any.
    kappa : float
        Cohen's kappa: 1 is full agreement, 0 what chance gives; NaN where it is not defined.
    """

    reviewers: tuple[str, str]
    n: int
    share: float
    kappa: float


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Verdicts of several reviewers, compared.

    Parameters
    ----------
    agreed : GeoDataFrame
        One verdict on each candidate on which nobody disagrees, `FIELDS` and outlines.
    disagreements : mapping of str to mapping
        Verdicts by reviewer, by candidate, where they differ.
    agreements : sequence of Agreement
        Of each two reviewers.
    """

    agreed: gpd.GeoDataFrame
    disagreements: Mapping[str, Mapping[str, str]]
    agreements: Sequence[Agreement]


def compare_reviews(reviews: Sequence[gpd.GeoDataFrame]) -> Comparison:
    """Compare what several reviewers said, and merge what they agree on.

    Of equal verdicts the latest row is kept, with the names of all who gave it; what it is
    instead of a mine is kept where nobody says otherwise.

    Parameters
    ----------
    reviews : sequence of GeoDataFrame
        One for each file, from `minecover.labels.read_reviewed`.
    """
    table = pd.concat(reviews, ignore_index=True)
    # An earlier import may have joined those who agreed.
    table = table.assign(who=table["who"].str.split(AND)).explode("who", ignore_index=True)
    # Of what one reviewer said twice the later row counts.
    table = table.sort_values("when", kind="stable").drop_duplicates(
        ["candidate_id", "who"], keep="last"
    )
    by_reviewer = {
        str(who): dict(zip(rows["candidate_id"], rows["verdict"], strict=True))
        for who, rows in table.groupby("who", sort=True)
    }
    agreed, disagreements = [], {}
    for name, rows in table.groupby("candidate_id", sort=True):
        if len(set(rows["verdict"])) > 1:
            disagreements[str(name)] = dict(zip(rows["who"], rows["verdict"], strict=True))
            continue
        kinds = set(rows["what"]) - {""}
        last = rows.iloc[-1].copy()
        last["who"] = AND.join(sorted(set(rows["who"])))
        last["what"] = kinds.pop() if len(kinds) == 1 else ""
        agreed.append(last)
    merged = gpd.GeoDataFrame(
        pd.DataFrame(agreed, columns=[*FIELDS, "geometry"]), crs="EPSG:4326"
    )
    pairs = [
        agreement(pair, by_reviewer[pair[0]], by_reviewer[pair[1]])
        for pair in combinations(by_reviewer, 2)
    ]
    return Comparison(sorted_verdicts(merged), disagreements, pairs)


def agreement(
    reviewers: tuple[str, str], first: Mapping[str, str], second: Mapping[str, str]
) -> Agreement:
    """Return how far two reviewers agree.

    Parameters
    ----------
    reviewers : tuple of two str
        Their names.
    first, second : mapping of str to str
        The verdicts of each, by candidate.

    References
    ----------
    Cohen (1960), Educational and Psychological Measurement 20, 37-46,
    doi:10.1177/001316446002000104.
    """
    both = sorted(first.keys() & second.keys())
    n = len(both)
    if not n:
        return Agreement(reviewers, 0, float("nan"), float("nan"))
    share = sum(first[name] == second[name] for name in both) / n
    shares = [Counter(given[name] for name in both) for given in (first, second)]
    by_chance = sum(shares[0][verdict] * shares[1][verdict] for verdict in VERDICTS) / n**2
    kappa = (share - by_chance) / (1 - by_chance) if by_chance < 1 else float("nan")
    return Agreement(reviewers, n, share, kappa)
