"""What mask profiles cost: how much of the labelled mines, and of other ground, each hides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]

#: Labels by the name of their ground.
GROUND = {"mine": 1, "other": 0}


class Cost(TypedDict):
    """What a profile hides of one kind of ground.

    Observations are those with data in all bands; a location is one pixel on all dates.
    """

    observations: int
    hidden_observations: int
    locations: int
    hidden_locations: int


#: Costs by profile, then by ground.
Costs = dict[str, dict[str, Cost]]


def count_hidden(label: NDArray[np.int8], has_data: Bools, valid: Mapping[str, Bools]) -> Costs:
    """Count what profiles hide at one site.

    Parameters
    ----------
    label : (time, row, col) int8
        1 mine, 0 other ground; -1 counts as neither.
    has_data : (time, row, col) bool
        Observations with data in all bands.
    valid : mapping of str to (time, row, col) bool
        Observations that each profile accepts.

    Returns
    -------
    Costs
        A location counts as hidden if it has data and no valid observation.
    """
    costs: Costs = {}
    for name, accepted in valid.items():
        costs[name] = {}
        for ground, value in GROUND.items():
            known = (label == value) & has_data
            seen = known & accepted
            anywhere = known.any(axis=0)
            costs[name][ground] = Cost(
                observations=int(np.count_nonzero(known)),
                hidden_observations=int(np.count_nonzero(known & ~accepted)),
                locations=int(np.count_nonzero(anywhere)),
                hidden_locations=int(np.count_nonzero(anywhere & ~seen.any(axis=0))),
            )
    return costs


def summed(sites: Iterable[Costs]) -> Costs:
    """Return the costs of all sites together."""
    total: Costs = {}
    for costs in sites:
        for name, grounds in costs.items():
            for ground, cost in grounds.items():
                known = total.setdefault(name, {})
                known[ground] = _sum(known[ground], cost) if ground in known else cost
    return total


def _sum(one: Cost, other: Cost) -> Cost:
    return Cost(
        observations=one["observations"] + other["observations"],
        hidden_observations=one["hidden_observations"] + other["hidden_observations"],
        locations=one["locations"] + other["locations"],
        hidden_locations=one["hidden_locations"] + other["hidden_locations"],
    )


def hidden_share(cost: Cost) -> float | None:
    """Return the share of the observations that is hidden, 0 ... 1; None if there is none."""
    n = cost["observations"]
    return cost["hidden_observations"] / n if n else None


def never_seen_share(cost: Cost) -> float | None:
    """Return the share of the locations that is hidden on all dates; None if there is none."""
    n = cost["locations"]
    return cost["hidden_locations"] / n if n else None
