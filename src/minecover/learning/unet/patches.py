"""Planes, labels and weights of whole sites, from which a network draws patches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold

from minecover.core.cube import F32, Plane
from minecover.core.errors import ModelError
from minecover.core.feature_table import SiteTable

#: Scaled values are clipped here: a few extreme pixels would drive the first layer.
MOST_SD = 6.0
#: Ways to turn and mirror a square.
SYMMETRIES = 8


@dataclass(frozen=True, slots=True, eq=False)
class Patches:
    """Sites of one shape as images.

    Parameters
    ----------
    planes : (site, row, col, plane) float32
        NaN where there is no data.
    label : (site, row, col) int8
        1 mine, 0 not labelled as mine, -1 ignore.
    weight : (site, row, col) float32
        Weight of each pixel in the loss; 0 where it is ignored or not observed.
    group : (site,) int
        Number of the site's group, which no inner fold splits.
    """

    planes: F32
    label: NDArray[np.int8]
    weight: F32
    group: NDArray[np.int64]

    @classmethod
    def of(
        cls, tables: Sequence[SiteTable], groups: Sequence[str], *, look_alike_weight: float
    ) -> Patches:
        """Return the locations of some tables as images.

        Parameters
        ----------
        tables : sequence of SiteTable
            Location tables of grids of one shape.
        groups : sequence of str
            Group of each site.
        look_alike_weight : float
            Weight of ground that looks mined and is not, where other ground weighs 1; see
            `minecover.learning.recipe.Recipe`.
        """
        shape = (len(tables), *tables[0].shape)
        label = np.stack([table.label for table in tables]).reshape(shape)
        valid = np.stack([table.valid for table in tables]).reshape(shape)
        alike = np.stack([table.look_alike | table.rejected for table in tables]).reshape(shape)
        weight = np.where(alike & (label == 0), look_alike_weight, 1.0)
        planes = np.stack([table.X for table in tables]).reshape(*shape, -1)
        return cls(
            planes,
            label,
            np.where(valid & (label >= 0), weight, 0.0).astype(np.float32),
            np.unique(groups, return_inverse=True)[1].astype(np.int64),
        )

    def take(self, which: NDArray[np.generic]) -> Patches:
        """Return some of the sites, by a mask or by indices."""
        return Patches(
            self.planes[which], self.label[which], self.weight[which], self.group[which]
        )


@dataclass(frozen=True, slots=True, eq=False)
class Scaling:
    """Mean and standard deviation of each plane of the training ground.

    Parameters
    ----------
    mean, sd : (plane,) float32
    """

    mean: F32
    sd: F32

    @classmethod
    def fit(cls, planes: F32) -> Scaling:
        """Compute them over the observed pixels of training patches.

        Parameters
        ----------
        planes : (site, row, col, plane) float32
            NaN where there is no data. A plane that is NaN or constant throughout is left
            without weight: its scaled values are 0.
        """
        flat = planes.reshape(-1, planes.shape[-1])
        seen = np.isfinite(flat)
        n = np.maximum(seen.sum(axis=0), 1)
        mean = np.where(seen, flat, 0).sum(axis=0, dtype=np.float64) / n
        off = np.where(seen, flat - mean, 0)
        sd = np.sqrt((off**2).sum(axis=0, dtype=np.float64) / n)
        return cls(mean.astype(np.float32), sd.astype(np.float32))

    def __call__(self, planes: F32) -> F32:
        """Return what a network sees.

        Parameters
        ----------
        planes : (site, row, col, plane) float32

        Returns
        -------
        (site, row, col, plane + 1) float32
            Values in standard deviations, 0 (the mean) where there is no data; the last plane
            is the share of the planes that have data.
        """
        scale = np.where(self.sd > 0, 1 / np.where(self.sd > 0, self.sd, 1), 0)
        scaled = np.empty((*planes.shape[:-1], planes.shape[-1] + 1), np.float32)
        scaled[..., :-1] = np.clip((planes - self.mean) * scale, -MOST_SD, MOST_SD)
        seen = np.isfinite(planes)
        scaled[..., :-1][~seen] = 0
        scaled[..., -1] = seen.mean(axis=-1)
        return scaled


def inner_folds(patches: Patches, n: int, *, seed: int) -> list[NDArray[np.bool_]]:
    """Deal the groups of training sites into folds.

    Parameters
    ----------
    patches : Patches
    n : int
        Number of folds.
    seed : int

    Returns
    -------
    list of (n_sites,) bool
        The sites of each fold.

    Raises
    ------
    ModelError
        If fewer groups than folds have a labelled mine.
    """
    area = ((patches.label == 1) & (patches.weight > 0)).sum(axis=(1, 2))
    has_mine = area > 0
    n_with_mine = len(np.unique(patches.group[has_mine]))
    if n_with_mine < n:
        raise ModelError(
            f"{n} inner folds need as many site groups with a labelled mine, found "
            f"{n_with_mine}. Lower inner_folds, or add labelled sites."
        )
    # Without a mine, with less than the median area, with more: a fold of small mines alone
    # would stop the network at random.
    strata = has_mine.astype(int) + (area > np.median(area[has_mine]))
    dealer = StratifiedGroupKFold(n, shuffle=True, random_state=seed)
    return [
        np.isin(np.arange(len(area)), tested)
        for _, tested in dealer.split(area[:, None], strata, patches.group)
    ]


def turned(image: NDArray[Plane], symmetry: int) -> NDArray[Plane]:
    """Turn and mirror images of the axes (site, row, col, ...).

    Parameters
    ----------
    image : (site, row, col, ...) array
    symmetry : int
        0 ... 7; 0 leaves it as it is.
    """
    quarter = np.rot90(image, symmetry % 4, axes=(1, 2))
    return quarter[:, :, ::-1] if symmetry >= 4 else quarter


def turned_back(image: NDArray[Plane], symmetry: int) -> NDArray[Plane]:
    """Undo `turned`."""
    plain = image[:, :, ::-1] if symmetry >= 4 else image
    return np.rot90(plain, -(symmetry % 4), axes=(1, 2))


def drawn_batch(
    arrays: Sequence[F32],
    sites: NDArray[np.int64],
    side_px: int,
    rng: np.random.Generator,
) -> list[F32]:
    """Draw a square window of each of some sites, turned or mirrored at random.

    Parameters
    ----------
    arrays : sequence of (site, row, col, ...) float32
        The same windows are drawn of each.
    sites : (n,) int
        Indices of the sites.
    side_px : int
        Side of a window; no larger than the sites.
    rng : Generator

    Returns
    -------
    list of (n, side_px, side_px, ...) float32
    """
    rows, cols = arrays[0].shape[1:3]
    windows: list[list[F32]] = [[] for _ in arrays]
    for site in sites:
        row = rng.integers(rows - side_px + 1)
        col = rng.integers(cols - side_px + 1)
        symmetry = int(rng.integers(SYMMETRIES))
        for part, array in zip(windows, arrays, strict=True):
            cut = array[site : site + 1, row : row + side_px, col : col + side_px]
            part.append(turned(cut, symmetry))
    return [np.concatenate(part) for part in windows]
