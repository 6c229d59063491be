"""Settings of training: which rows, how many models, how many boosting rounds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from minecover.core.errors import ConfigError
from minecover.core.feature_table import SiteTable
from minecover.core.lattice import LANDSAT, Lattice
from minecover.learning.inner_folds import Cleaning, EarlyStopping
from minecover.learning.sample import Tables, Thinned


@dataclass(frozen=True, slots=True)
class Recipe:
    """How training chooses its rows and its number of models and rounds.

    Parameters
    ----------
    row_share : float
        Share of the rows that is learned from, mines included, above 0 and up to 1:
        neighbouring pixels of 10 m say nearly the same. What the other keys say is of these
        rows.
    negatives_per_positive : float or None
        Number of negatives drawn for each positive, the same share of every site; None keeps
        all.
    correct_prior : bool
        Whether probabilities are corrected to the full data's prevalence. Never together with
        class weights, which leave nothing to correct.
    keep_within_m : float
        Negatives within this distance [m] of a labelled mine are all kept, beside those that
        are drawn: they are the hardest to tell apart. With `correct_prior` they weigh as much
        as if they had been drawn. 0 keeps none.
    look_alike_weight : float
        Weight of a row that is known to look like a mine and not to be one (a class of chips, a
        verdict "not mine"), where another row weighs 1. Above 1 the model learns more from
        them, and says lower probabilities, which calibration corrects.
    bags : int
        Number of models whose mean probability is taken, each on a draw of its own.
    cleaning : Cleaning or None
        Which negatives are dropped because they look like mines.
    early_stopping : EarlyStopping or None
        How the number of boosting rounds is chosen; None takes the family's own.
    drop_dates : float
        Share of the rows that is learned from a second time with some of their dates dropped
        (see `minecover.features.fewer_dates.FewerDates`), so that the model knows ground that
        was seen on few dates. 0 adds none; only of locations that are scored once.
    seed : int
        Seed of the draw, together with the site's position in the sorted list.
    lattice : Lattice
        The pixels of the sites.
    """

    row_share: float
    negatives_per_positive: float | None
    correct_prior: bool
    keep_within_m: float
    look_alike_weight: float
    bags: int
    cleaning: Cleaning | None
    early_stopping: EarlyStopping | None
    drop_dates: float
    seed: int
    lattice: Lattice = LANDSAT

    def __post_init__(self) -> None:
        """Refuse numbers that choose no rows or no model."""
        ratio = self.negatives_per_positive
        if (ratio is not None and ratio <= 0) or self.keep_within_m < 0 or self.bags < 1:
            raise ConfigError(
                "Recipe.negatives_per_positive must be above 0 (or null), keep_within_m at "
                f"least 0 and bags at least 1, found {ratio}, {self.keep_within_m} and "
                f"{self.bags}. "
                "Fix design.recipe."
            )
        if not 0 < self.row_share <= 1:
            raise ConfigError(
                "Recipe.row_share must be above 0 and at most 1, found "
                f"{self.row_share}. Fix design.recipe.row_share."
            )
        if not 0 < self.look_alike_weight < np.inf:
            raise ConfigError(
                "Recipe.look_alike_weight must be a number above 0, found "
                f"{self.look_alike_weight}. Fix design.recipe.look_alike_weight."
            )
        if not 0 <= self.drop_dates <= 1:
            raise ConfigError(
                f"Recipe.drop_dates must be a share of the rows, 0 ... 1, found "
                f"{self.drop_dates}. Fix design.recipe.drop_dates."
            )

    @property
    def keep_within_px(self) -> int:
        """Distance from a labelled mine within which all negatives are kept [px]."""
        return round(self.keep_within_m / self.lattice.pixel_m)

    def shares(self, counts: NDArray[np.int64], fold_of_site: NDArray[np.int8]) -> list[float]:
        """Compute the share of the negatives that each fold's training draws.

        Parameters
        ----------
        counts : (n_sites, 2) int
            Valid positives of each site, and negatives to draw from, see `count_rows`.
        fold_of_site : (n_sites,) int8
            Fold of each site, 0 ... n_folds - 1.

        Returns
        -------
        list of float
            One a fold, and last the share for training on everything.
        """
        kept = [counts[fold_of_site != k].sum(0) for k in range(int(fold_of_site.max()) + 1)]
        ratio = self.negatives_per_positive
        if ratio is None:
            return [1.0] * (len(kept) + 1)
        return [
            min(1.0, ratio * float(p) / max(float(n), 1.0)) for p, n in [*kept, counts.sum(0)]
        ]

    def learned(self, tables: Callable[[int], SiteTable]) -> Callable[[int], SiteTable]:
        """Return what reads tables in which the rows that are not learned from are not valid.

        Parameters
        ----------
        tables : callable
            Returns the table of the site at an index.
        """
        if self.row_share == 1:
            return tables

        def read(index: int) -> SiteTable:
            table = tables(index)
            # Another stream of numbers than that of the draw, see `draw_sample`.
            draw = np.random.default_rng([self.seed, index, 1]).random(len(table.valid))
            return replace(table, valid=table.valid & (draw < self.row_share))

        return read

    def thinned(self, tables: Tables | None, features: Sequence[str]) -> Thinned | None:
        """Return the rows of fewer dates that training adds.

        Parameters
        ----------
        tables : Tables or None
            Reads the table of fewer dates of one site; None if there are none.
        features : sequence of str
            Columns to read.

        Raises
        ------
        ConfigError
            If dates are to be dropped and there are no such tables.
        """
        if not self.drop_dates:
            return None
        if tables is None:
            raise ConfigError(
                f"design.recipe.drop_dates={self.drop_dates} needs tables of fewer dates, and "
                "there are none: they are written for design=location, if fewer_dates is not "
                "null. Set design.recipe.drop_dates=0."
            )
        read = self.learned(lambda index: tables(index, features))
        return Thinned(read, self.drop_dates)

    def check(self, family: Pipeline) -> None:
        """Refuse to balance the classes twice.

        Parameters
        ----------
        family : unfitted Pipeline

        Raises
        ------
        ConfigError
            If the family weighs its classes and the negatives are drawn or corrected for.
        """
        weights = {
            key: value
            for key, value in family.get_params().items()
            if key.endswith("class_weight") and value is not None
        }
        if weights and (self.negatives_per_positive is not None or self.correct_prior):
            raise ConfigError(
                f"the family weighs its classes ({next(iter(weights.values()))!r}) and the "
                "recipe draws negatives or corrects the prior; one of them is enough. Set "
                "model.class_weight=null, or design.recipe.negatives_per_positive=null and "
                "design.recipe.correct_prior=false."
            )
