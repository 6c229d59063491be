"""Permanent properties of a ground: relief, cover, mines and texture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from minecover.core.lattice import LANDSAT
from minecover.sources.simulation.mines import Mine
from minecover.sources.simulation.parameters import Land, Parameters
from minecover.sources.simulation.spectra import INFRARED, VISIBLE, Cover
from minecover.sources.simulation.streams import (
    F64,
    Bools,
    Stream,
    generator,
    highest,
    random_field,
)
from minecover.sources.simulation.valley import MINED, Valley, draw_valley, painted
from minecover.sources.simulation.water import Network

Covers = NDArray[np.int64]

#: Correlation lengths of the random fields [pixels].
RELIEF_PX, FOREST_PX, FIELD_PX, BARE_PX = 14.0, 9.0, 2.2, 1.3
SETTLEMENT_PX, HAMLET_PX, BANK_PX, WETLAND_PX, BURN_PX = 5.0, 1.0, 2.0, 4.0, 4.0
TEXTURE_PX = 0.8
#: Width of a valley, and largest distance of sandbanks and wetlands from water [pixels].
VALLEY_PX, BANK_REACH_PX, WETLAND_REACH_PX = 6.0, 1.3, 3.0


@dataclass(frozen=True, slots=True)
class Relief:
    """Heights of a ground.

    Parameters
    ----------
    mean_m : float
        Altitude of the ground [m].
    height_m : (row, col) float64
        Height above sea level [m].
    east, north : (row, col) float64
        Slope eastward and northward [m/m].
    """

    mean_m: float
    height_m: F64
    east: F64
    north: F64


@dataclass(frozen=True, slots=True)
class Ground:
    """Permanent properties of a ground.

    Parameters
    ----------
    relief : Relief
        Heights.
    network : Network
        Rivers and road.
    mines : tuple of Mine
        Mines.
    cover : (row, col) int
        `Cover` of each pixel, without rivers and roads, which cover shares of pixels.
    fields : (row, col) int
        Number of the field that a pixel belongs to; a field lies fallow as a whole.
    n_fields : int
        Number of fields.
    burns_where : (row, col) bool
        Savanna within reach of fires.
    texture : (band, row, col) float64
        Deviation of B1 ... B9 from the class mean, in units of its standard deviation.
    warmth : (row, col) float64
        Deviation of the temperature, in the same units.
    background : (row, col) int
        `Cover` of each pixel without valley and mines.
    valley : Valley or None
        What a river valley adds; None on grounds without.
    """

    relief: Relief
    network: Network
    mines: tuple[Mine, ...]
    cover: Covers
    fields: Covers
    n_fields: int
    burns_where: Bools
    texture: F64
    warmth: F64
    background: Covers
    valley: Valley | None = None

    @property
    def is_mine(self) -> Bools:
        """True mines, (row, col) bool."""
        active: Bools = np.isin(self.cover, (Cover.MINE, Cover.POND, *MINED))
        return active


def make_ground(
    land: Land,
    key: tuple[int, int],
    network: Network,
    mines: tuple[Mine, ...],
    valley: Valley | None = None,
) -> Ground:
    """Return the permanent properties of a ground.

    Parameters
    ----------
    land : Land
        Parameters of the land.
    key : (int, int)
        Seed of the world and number of the ground, from which its random streams are seeded.
    network : Network
        Rivers and road.
    mines : tuple of Mine
        Mines.
    valley : Valley or None
        What a river valley adds.
    """
    relief = draw_relief(generator(*key, Stream.RELIEF), network, land)
    background, fields, burns_where = draw_cover(
        generator(*key, Stream.COVER), network, relief, land
    )
    cover = covered(background, mines, valley)
    shape = (cover.shape[0], cover.shape[1])
    texture, warmth = draw_texture(generator(*key, Stream.TEXTURE), shape)
    n_fields = int(fields.max()) + 1
    return Ground(
        relief=relief,
        network=network,
        mines=mines,
        cover=cover,
        fields=fields,
        n_fields=n_fields,
        burns_where=burns_where,
        texture=texture,
        warmth=warmth,
        background=background,
        valley=valley,
    )


def make_valley(p: Parameters, key: tuple[int, int], network: Network) -> Valley | None:
    """Return what a river valley adds to a ground; None in a world without valleys."""
    if p.valleys is None:
        return None
    relief = draw_relief(generator(*key, Stream.RELIEF), network, p.land)
    shape = (network.river.shape[0], network.river.shape[1])
    # Rows run southward.
    downhill = np.arctan2(relief.north, -relief.east)
    return draw_valley(generator(*key, Stream.VALLEY), p.valleys, shape, downhill)


def shore_px(network: Network, valley: Valley | None) -> F64:
    """Return the distance of each pixel from the nearest bank of any water [pixels]."""
    if valley is None:
        return network.shore_px
    return np.minimum(network.shore_px, valley.shore_px)


def covered(background: Covers, mines: tuple[Mine, ...], valley: Valley | None) -> Covers:
    """Return the cover of a ground: its background, then a valley, and mines over both.

    Parameters
    ----------
    background : (row, col) int
        `Cover` without either.
    mines : tuple of Mine
        Mines, on the same pixels.
    valley : Valley or None
        What a river valley adds, on the same pixels.
    """
    cover = background.copy()
    if valley is None:
        for mine in mines:
            cover[mine.bare] = Cover.MINE
            cover[mine.pond] = Cover.POND
        return cover
    nowhere = np.zeros(cover.shape, np.bool_)
    bare = np.any([nowhere, *(mine.bare for mine in mines)], axis=0)
    pond = np.any([nowhere, *(mine.pond for mine in mines)], axis=0)
    return painted(cover, valley, bare & ~pond, pond)


def draw_relief(rng: np.random.Generator, network: Network, land: Land) -> Relief:
    """Return random hills with valleys along the rivers."""
    shape = (network.river.shape[0], network.river.shape[1])
    mean_m = float(rng.uniform(land.altitude_min_m, land.altitude_max_m))
    hills_m = rng.uniform(land.relief_min_m, land.relief_max_m)
    from_water = np.minimum(*(line.distance_px for line in network.lines))
    height_m = mean_m + hills_m * random_field(rng, shape, RELIEF_PX)
    height_m -= land.valley_depth_m * np.exp(-from_water / VALLEY_PX)
    down, east = np.gradient(height_m, LANDSAT.pixel_m)
    return Relief(mean_m, height_m, np.asarray(east), -np.asarray(down))


def draw_cover(
    rng: np.random.Generator, network: Network, relief: Relief, land: Land
) -> tuple[Covers, Covers, Bools]:
    """Return random cover without mines, field numbers, and where fires can burn."""
    shape = (network.river.shape[0], network.river.shape[1])
    everywhere = np.ones(shape, bool)
    forest_share = float(rng.beta(land.forest_alpha, land.forest_beta))
    is_forest = highest(random_field(rng, shape, FOREST_PX), forest_share, everywhere)
    is_crop = highest(random_field(rng, shape, FIELD_PX), land.field_fraction, ~is_forest)
    cover = np.full(shape, int(Cover.SAVANNA))
    cover[is_forest] = Cover.FOREST
    cover[is_crop] = Cover.CROP
    is_low = random_field(rng, shape, WETLAND_PX) > 0.8
    cover[is_low & (network.shore_px < WETLAND_REACH_PX)] = Cover.WETLAND
    for kind, where in _draw_confusers(rng, network, relief, land).items():
        cover[where] = kind
    burns_where = random_field(rng, shape, BURN_PX) > 1.3
    seeds = rng.random(shape) * land.field_px < 1.0
    seeds[0, 0] = True
    fields = np.zeros(shape, np.int64)
    fields[seeds] = np.arange(seeds.sum())
    nearest = distance_transform_edt(~seeds, return_distances=False, return_indices=True)
    return cover, fields[tuple(nearest)], burns_where & (cover == Cover.SAVANNA)


def _draw_confusers(
    rng: np.random.Generator, network: Network, relief: Relief, land: Land
) -> dict[Cover, Bools]:
    """Return random permanent areas that resemble mines, by cover; they must be rare."""
    shape = (network.river.shape[0], network.river.shape[1])
    everywhere = np.ones(shape, bool)
    bare = land.bare_fraction * rng.gamma(1.2)
    settled = land.settlement_fraction * rng.gamma(0.5, 2.0)
    slid = land.landslide_fraction * rng.gamma(1.0) * (rng.random() < land.landslide_sites)
    town = random_field(rng, shape, SETTLEMENT_PX) + 0.5 * random_field(rng, shape, HAMLET_PX)
    steep = np.hypot(relief.east, relief.north)
    steep = steep / steep.std() + random_field(rng, shape, BARE_PX)
    is_bank = (network.river_shore_px < BANK_REACH_PX) & (
        random_field(rng, shape, BANK_PX) > land.sandbank_sigma
    )
    return {
        Cover.BARE: highest(random_field(rng, shape, BARE_PX), bare, everywhere),
        Cover.SETTLEMENT: highest(town, settled, everywhere),
        Cover.LANDSLIDE: highest(steep, slid, everywhere),
        Cover.SANDBANK: is_bank,
    }


def draw_texture(rng: np.random.Generator, shape: tuple[int, int]) -> tuple[F64, F64]:
    """Return random deviations from the class means of B1 ... B9 and of the temperature."""
    bright, infrared, visible = (random_field(rng, shape, TEXTURE_PX) for _ in range(3))
    texture = 0.3 * rng.standard_normal((9, *shape)) + 0.7 * bright
    texture[list(INFRARED)] += 0.5 * infrared
    texture[list(VISIBLE)] += 0.35 * visible
    return texture, 0.7 * bright
