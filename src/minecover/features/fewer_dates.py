"""Location features of fewer dates than a site has: what training adds to know few dates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from minecover.core.cube import F32
from minecover.core.errors import ConfigError
from minecover.core.feature_table import Mark

Bools = NDArray[np.bool_]
Plane = TypeVar("Plane", F32, Mark)


@dataclass(frozen=True, slots=True)
class FewerDates:
    """Which dates of a site are kept for its rows of fewer dates.

    A location then takes one of these draws, at random among those that show it: neighbours
    that features compare a location with lose the same dates as the location itself.

    Parameters
    ----------
    keep : sequence of int
        Numbers of dates; each is drawn once a site, if the site has more dates.
    seed : int
        Seed of the draws, together with the site's id.
    """

    keep: tuple[int, ...]
    seed: int

    def __post_init__(self) -> None:
        """Refuse to keep no date, and no number of dates at all."""
        if not self.keep or min(self.keep) < 1:
            raise ConfigError(
                f"FewerDates.keep must be numbers of dates from 1, found {list(self.keep)}. "
                "Fix fewer_dates.keep, or set fewer_dates=null and "
                "design.recipe.drop_dates=0."
            )

    def generator(self, site_id: str) -> np.random.Generator:
        """Return the random numbers of a site, the same whatever other sites there are."""
        return np.random.default_rng([self.seed, *site_id.encode()])

    def draws(self, n_dates: int, rng: np.random.Generator) -> list[Bools]:
        """Draw the dates that are kept.

        Parameters
        ----------
        n_dates : int
            Number of dates of the site.
        rng : Generator
            From `generator`.

        Returns
        -------
        list of (time,) bool
            One for each number in `keep` that is below `n_dates`.
        """
        found = []
        for n_kept in self.keep:
            if n_kept < n_dates:
                kept = np.zeros(n_dates, np.bool_)
                kept[rng.choice(n_dates, n_kept, replace=False)] = True
                found.append(kept)
        return found


def choose_draw(shows: Bools, rng: np.random.Generator) -> NDArray[np.int64]:
    """Choose one draw for each location, among those that show it.

    Parameters
    ----------
    shows : (draw, row, col) bool
        Whether a draw of dates has a valid one for a location.
    rng : Generator

    Returns
    -------
    (row, col) int64
        Index of the draw; any where none shows the location.
    """
    order = rng.random(shows.shape)
    order[~shows] = -1
    chosen: NDArray[np.int64] = order.argmax(axis=0)
    return chosen


def chosen_planes(
    draws: Sequence[Mapping[str, Plane]], chosen: NDArray[np.int64]
) -> dict[str, Plane]:
    """Gather the planes of each location from the draw that was chosen for it.

    Parameters
    ----------
    draws : sequence of mapping of (row, col)
        Planes of the same names, one mapping for each draw.
    chosen : (row, col) int64
        From `choose_draw`.

    Returns
    -------
    dict of (row, col)
        Of the same names and types.
    """
    return {
        name: np.take_along_axis(
            np.stack([planes[name] for planes in draws]), chosen[None], axis=0
        )[0]
        for name in draws[0]
    }
