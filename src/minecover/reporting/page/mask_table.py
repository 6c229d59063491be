"""Turn the costs of the masks, reports/masks.json, into a table of text."""

from __future__ import annotations

from typing import TypedDict

from minecover.features.mask_costs import Costs, hidden_share, never_seen_share
from minecover.reporting.page.score_tables import Table

COLUMNS = (
    "mask",
    "observations of mines hidden",
    "of other ground",
    "mine pixels never seen",
    "of other ground",
)


class MaskCosts(TypedDict):
    """Content of reports/masks.json: the mask of the build, and what each profile hides."""

    mask: str
    profiles: Costs


def mask_table(costs: MaskCosts) -> Table:
    """Return what each mask profile hides, that of the build first.

    Parameters
    ----------
    costs : MaskCosts
        Content of reports/masks.json.
    """
    chosen = costs["mask"]
    names = sorted(costs["profiles"], key=lambda name: name != chosen)
    rows = []
    for name in names:
        grounds = costs["profiles"][name]
        shares = [
            share(grounds[ground])
            for share in (hidden_share, never_seen_share)
            for ground in ("mine", "other")
        ]
        title = f"{name} (of this build)" if name == chosen else name
        rows.append((title, *("–" if s is None else f"{100 * s:.1f} %" for s in shares)))
    return Table(COLUMNS, tuple(rows))
