"""The ground of a plot on pixels of 10 m: the same mines, lines and fields, drawn finer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import affine_transform

from minecover.core.grid import Grid
from minecover.core.lattice import LANDSAT
from minecover.sources.simulation.ground import Covers, Ground, Relief, covered
from minecover.sources.simulation.mines import Mine
from minecover.sources.simulation.sky import Sky
from minecover.sources.simulation.streams import F64, Bools, Stream, generator, random_field
from minecover.sources.simulation.valley import Valley
from minecover.sources.simulation.water import Line, Network, lay_network

#: Side of the finer pixels [m].
FINE_M = 10.0
#: Edges that pixels of 10, 20 and 30 m of Sentinel-2 share, as the remainder by the side of the
#: smallest square that holds whole pixels of each [m]. Pixels of 60 m begin there too, which
#: are 20 m from those of real tiles.
SHARED_EDGE_M, SHARED_M = 20.0, 60.0
#: How far the outline of any cover strays from the edges of its pixels of 30 m (standard
#: deviation), and over what length [pixels of 10 m].
STRAY_PX, STRAY_OVER_PX = 0.6, 1.0
#: Standard deviation of the texture that pixels of 30 m average out, in units of the class's.
FINE_TEXTURE = 0.4


@dataclass(frozen=True, slots=True)
class Finer:
    """Pixels of 10 m over a plot of 30 m pixels.

    Parameters
    ----------
    coarse : Grid
        Grid of the plot.
    """

    coarse: Grid

    @property
    def grid(self) -> Grid:
        """Grid of the finer pixels: whole squares of 60 m that contain the plot."""
        left, bottom, right, top = (
            math.floor((edge - SHARED_EDGE_M) / SHARED_M) for edge in self.coarse.bounds
        )
        n = round(SHARED_M / FINE_M)
        return Grid.from_corner(
            self.coarse.crs,
            left * SHARED_M + SHARED_EDGE_M,
            (top + 1) * SHARED_M + SHARED_EDGE_M,
            (top + 1 - bottom) * n,
            (right + 1 - left) * n,
            pixel_m=FINE_M,
        )

    @property
    def first(self) -> tuple[float, float]:
        """Row and column of the first finer pixel's centre, from the first pixel's centre."""
        col, row = ~self.coarse.transform @ self.grid.xy(0, 0)
        return row - 0.5, col - 0.5

    def smooth(self, field: F64) -> F64:
        """Return a field (row, col) on the finer pixels, interpolated linearly."""
        ratio = FINE_M / LANDSAT.pixel_m
        fine: F64 = affine_transform(
            field, [ratio] * 2, self.first, self.grid.shape, order=1, mode="nearest"
        )
        return fine

    def sky(self, sky: Sky) -> Sky:
        """Return a sky on the finer pixels: nothing in it is smaller than 75 m."""
        return Sky(
            cloud=self.smooth(sky.cloud),
            puffs=self.smooth(sky.puffs),
            veil=self.smooth(sky.veil),
            shadow=self.smooth(sky.shadow),
            haze=self.smooth(sky.haze),
            b9=self.smooth(sky.b9),
            cloud_cools_k=sky.cloud_cools_k,
        )

    def valley(self, valley: Valley) -> Valley:
        """Return a valley on the finer pixels, its outlines interpolated."""
        return Valley(
            inside={kind: self.smooth(field) for kind, field in valley.inside.items()},
            new=self.smooth(valley.new),
            milky=self.smooth(valley.milky),
            shore_px=self.smooth(valley.shore_px),
            tint=valley.tint,
        )

    def strayed(self, rng: np.random.Generator) -> tuple[Covers, Covers]:
        """Return row and column of the pixel that each finer pixel takes its cover from.

        It is the pixel under the finer one, displaced a little at random: outlines become
        ragged, as those of pixels on real ground are, and no cover grows or shrinks on average.
        """
        shape = self.grid.shape
        ratio = FINE_M / LANDSAT.pixel_m
        at = []
        for axis in range(2):
            stray_px = STRAY_PX * random_field(rng, shape, STRAY_OVER_PX)
            along = np.arange(shape[axis]).reshape((-1, 1) if axis == 0 else (1, -1))
            place = np.rint(self.first[axis] + ratio * (along + stray_px)).astype(np.int64)
            at.append(np.clip(place, 0, self.coarse.shape[axis] - 1))
        return at[0], at[1]


def finer_network(finer: Finer, network: Network) -> Network:
    """Return rivers and road on the finer pixels, as wide in metres as before."""
    lines = [
        Line(line.points, finer.smooth(line.side_px))
        for line in (*network.lines, network.road_line)
    ]
    return lay_network(
        (lines[0], lines[1]),
        lines[2],
        network.half_px,
        network.road_fraction,
        (network.river_is_turbid, network.tributary_is_turbid),
        side_px=FINE_M / LANDSAT.pixel_m,
    )


def finer_mines(
    key: tuple[int, int], finer: Finer, network: Network, mines: Sequence[Mine]
) -> tuple[Mine, ...]:
    """Return the mines of a plot on the finer pixels.

    Parameters
    ----------
    key : (int, int)
        Seed of the world and number of the ground.
    finer : Finer
        The finer pixels.
    network : Network
        Rivers and road on them: no mine lies in the water.
    mines : sequence of Mine
        The mines on pixels of 30 m.
    """
    at = finer.strayed(generator(*key, Stream.FINER))
    is_dry = network.shore_px > 0
    return tuple(
        Mine(mine.bare[at] & is_dry, mine.pond[at] & is_dry, mine.outline[at]) for mine in mines
    )


def finer_ground(key: tuple[int, int], finer: Finer, ground: Ground) -> Ground:
    """Return the permanent properties of a ground on the finer pixels.

    Cover keeps its place and strays at its outline, rivers and roads are drawn anew, heights
    are interpolated. Texture is interpolated too, and has a part of its own that differs from
    one finer pixel to the next.

    Parameters
    ----------
    key : (int, int)
        Seed of the world and number of the ground, from which its random streams are seeded.
    finer : Finer
        The finer pixels.
    ground : Ground
        Properties on pixels of 30 m.
    """
    rng = generator(*key, Stream.FINER)
    at = finer.strayed(rng)
    network = finer_network(finer, ground.network)
    relief = Relief(
        mean_m=ground.relief.mean_m,
        height_m=finer.smooth(ground.relief.height_m),
        east=finer.smooth(ground.relief.east),
        north=finer.smooth(ground.relief.north),
    )
    mines = finer_mines(key, finer, network, ground.mines)
    background, valley = ground.background[at], None
    cover = ground.cover[at]
    if ground.valley is not None:
        valley = finer.valley(ground.valley)
        cover = covered(background, mines, valley)
    own = FINE_TEXTURE * rng.standard_normal((len(ground.texture), *finer.grid.shape))
    return Ground(
        relief=relief,
        network=network,
        mines=mines,
        cover=cover,
        fields=ground.fields[at],
        n_fields=ground.n_fields,
        burns_where=ground.burns_where[at],
        texture=np.stack([finer.smooth(plane) for plane in ground.texture]) + own,
        warmth=finer.smooth(ground.warmth),
        background=background,
        valley=valley,
    )


def blocks(planes: NDArray[np.generic], n: int) -> NDArray[np.generic]:
    """Return planes (..., row, col) cut into blocks: (..., row / n, n, col / n, n)."""
    *others, rows, cols = planes.shape
    return planes.reshape(*others, rows // n, n, cols // n, n)


def averaged(planes: F64, n: int) -> F64:
    """Return the mean of each block of n x n pixels of planes (..., row, col)."""
    mean: F64 = blocks(planes, n).mean(axis=(-3, -1))
    return mean


def mostly(mask: Bools, n: int) -> Bools:
    """Return which blocks of n x n pixels a mask (row, col) covers by half or more."""
    return np.asarray(blocks(mask, n).mean(axis=(-3, -1)) >= 0.5)
