"""River valleys: rivers with bars, landslides, fish ponds and clearings, which look mined."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from minecover.sources.simulation.meanders import Meander, draw_meander
from minecover.sources.simulation.parameters import Valleys
from minecover.sources.simulation.spectra import BETWEEN_SITES, INFRARED, VISIBLE, Cover
from minecover.sources.simulation.streams import F64, Bools, random_field

SITE_AREA_PX = 100 * 100
#: Names of the covers that look mined and are not, as labels have them.
LOOK_ALIKES: Mapping[Cover, str] = MappingProxyType(
    {
        Cover.WIDE_RIVER: "river",
        Cover.RIVER_BAR: "river bar",
        Cover.SANDBANK: "river bar",
        Cover.SCAR: "landslide",
        Cover.LANDSLIDE: "landslide",
        Cover.FISH_POND: "fish pond",
        Cover.YARD: "fish farm",
        Cover.CLEARING: "clearing",
        Cover.BARE: "bare soil",
        Cover.SETTLEMENT: "settlement",
    }
)
#: Covers of mines in river valleys.
MINED = (Cover.TAILINGS, Cover.OLD_TAILINGS, Cover.MILKY_POND, Cover.DARK_POND)
#: Covers of soil: those of a site have part of their colour in common. Rain darkens only those
#: of every world: what was measured is the mean of wet and dry days.
SOILS = (
    Cover.FALLOW,
    Cover.BARE,
    Cover.SANDBANK,
    Cover.LANDSLIDE,
    Cover.RIVER_BAR,
    Cover.SCAR,
    Cover.YARD,
    Cover.CLEARING,
    Cover.TAILINGS,
    Cover.OLD_TAILINGS,
)
#: Correlation lengths of the noise in outlines, and of new and old tailings [pixels].
EDGE_PX, PATCH_PX, TONE_PX, POND_TONE_PX = 1.2, 2.5, 1.0, 3.0


@dataclass(frozen=True, slots=True)
class Valley:
    """What a river valley adds to a ground.

    Parameters
    ----------
    inside : mapping of Cover to (row, col) float64
        Kinds in the order in which they are painted; each is where its field is positive.
        Fields are smooth, so that finer pixels have finer outlines.
    new, milky : (row, col) float64
        Tailings are new and ponds are milky where these are positive.
    shore_px : (row, col) float64
        Distance from the nearest bank of a river; 0 in the water [pixels].
    tint : (cover, band) float64
        Factor on the reflectance of each cover on this ground, B1 ... B9.
    """

    inside: Mapping[Cover, F64]
    new: F64
    milky: F64
    shore_px: F64
    tint: F64


def draw_valley(
    rng: np.random.Generator, valleys: Valleys, shape: tuple[int, int], downhill: F64
) -> Valley:
    """Return random rivers, landslides, fish ponds and clearings of a ground.

    Parameters
    ----------
    rng : Generator
        Random stream of the ground's valley.
    valleys : Valleys
        Numbers and sizes of the kinds.
    shape : (rows, cols)
        Shape of the ground.
    downhill : (row, col) float64
        Direction in which the ground falls, along which land slides [radians from east].
    """
    area = shape[0] * shape[1] / SITE_AREA_PX
    nothing = np.full(shape, -1.0)
    draw = _Shapes(rng, shape)
    clearings = [draw.clearing() for _ in range(rng.poisson(valleys.clearings * area))]
    slides = [draw.slides(downhill) for _ in range(rng.poisson(valleys.landslides * area))]
    farms = [draw.fish_farm() for _ in range(rng.poisson(valleys.fish_farms * area))]
    rivers = []
    for _ in range(rng.poisson(valleys.rivers * area)):
        half_px = valleys.river_half_px * np.exp(valleys.river_sigma_ln * rng.standard_normal())
        half_px = float(np.clip(half_px, valleys.narrowest_px / 2, valleys.widest_px / 2))
        rivers.append(draw_meander(rng, shape, half_px))
    water = [draw.water(river, valleys.island_share) for river in rivers]
    bars = [draw.bars(river, valleys.bar_sigma) for river in rivers]
    shores = [np.maximum(river.distance_px - river.half_px, 0.0) for river in rivers]
    return Valley(
        inside={
            Cover.CLEARING: np.max([nothing, *clearings], axis=0),
            Cover.SCAR: np.max([nothing, *slides], axis=0),
            Cover.YARD: np.max([nothing, *(yard for yard, _ in farms)], axis=0),
            Cover.FISH_POND: np.max([nothing, *(pond for _, pond in farms)], axis=0),
            Cover.WIDE_RIVER: np.max([nothing, *water], axis=0),
            Cover.RIVER_BAR: np.max([nothing, *bars], axis=0),
        },
        new=random_field(rng, shape, TONE_PX) + rng.normal(0.2, 0.7),
        milky=random_field(rng, shape, POND_TONE_PX) + rng.normal(0.3, 0.7),
        shore_px=np.min([np.full(shape, np.inf), *shores], axis=0),
        tint=_draw_tint(rng, valleys.colour_spread),
    )


def painted(
    cover: NDArray[np.int64], valley: Valley, bare: Bools, pond: Bools
) -> NDArray[np.int64]:
    """Return a cover with the kinds of a valley, and then its mines, painted over it.

    Parameters
    ----------
    cover : (row, col) int
        Cover without either.
    valley : Valley
        Its fields, on the same pixels.
    bare, pond : (row, col) bool
        Bare ground and ponds of all mines.
    """
    whole = cover.copy()
    for kind, inside in valley.inside.items():
        whole[inside > 0] = kind
    whole[bare] = np.where(valley.new[bare] > 0, Cover.TAILINGS, Cover.OLD_TAILINGS)
    whole[pond] = np.where(valley.milky[pond] > 0, Cover.MILKY_POND, Cover.DARK_POND)
    return whole


@dataclass(frozen=True, slots=True)
class _Shapes:
    """Draws random shapes as fields that are positive inside."""

    rng: np.random.Generator
    shape: tuple[int, int]

    def water(self, river: Meander, island_share: float) -> F64:
        """Return the water of a river, whose width varies; wide ones have islands."""
        noise = random_field(self.rng, self.shape, 4.0)
        is_braided = self.rng.random() < island_share
        inside = river.half_px * (1.0 + 0.15 * noise) - river.distance_px
        if is_braided and river.half_px > 2.0:
            islands = random_field(self.rng, self.shape, self.rng.uniform(1.5, 4.0)) - 1.3
            inside = np.where(
                river.distance_px < river.half_px, np.minimum(inside, -islands), inside
            )
        return np.asarray(inside, np.float64)

    def bars(self, river: Meander, bar_sigma: float) -> F64:
        """Return the bars of a river: in its bends, on the inner side, from the bank inward."""
        width = river.half_px * self.rng.uniform(0.2, 1.2) + 0.4
        reach = width - np.abs(river.distance_px - river.half_px)
        patchy = random_field(self.rng, self.shape, PATCH_PX) + 2.5 * river.inner - bar_sigma
        return np.asarray(np.minimum(reach, patchy), np.float64)

    def slides(self, downhill: F64) -> F64:
        """Return a group of landslides, long in the direction in which the ground falls."""
        rng, inside = self.rng, np.full(self.shape, -1.0)
        middle = self._place()
        rough = 0.35 * random_field(rng, self.shape, EDGE_PX)
        for _ in range(1 + rng.poisson(4)):
            at = np.clip(middle + rng.normal(0.0, 8.0, 2), 0, np.array(self.shape) - 1)
            turn = downhill[int(at[0]), int(at[1])] + rng.normal(0.0, 0.3)
            half = rng.uniform(1.0, 7.0), rng.uniform(0.5, 1.8)
            long, wide = self._turned(at, turn)
            inside = np.maximum(inside, 1.0 + rough - np.hypot(long / half[0], wide / half[1]))
        return inside

    def clearing(self) -> F64:
        """Return a cleared rectangle with ragged edges and trees left inside."""
        rng = self.rng
        half = rng.uniform(1.5, 8.0, 2)
        long, wide = self._turned(self._place(), rng.uniform(0.0, np.pi))
        inside = np.minimum(half[0] - np.abs(long), half[1] - np.abs(wide))
        left = rng.uniform(0.8, 2.5) - random_field(rng, self.shape, EDGE_PX)
        ragged = inside + 0.5 * random_field(rng, self.shape, EDGE_PX)
        return np.asarray(np.minimum(ragged, left), np.float64)

    def fish_farm(self) -> tuple[F64, F64]:
        """Return bare yards and dams, and the ponds between them."""
        rng = self.rng
        long, wide = self._turned(self._place(), rng.uniform(0.0, np.pi))
        size = rng.uniform(1.0, 3.0), rng.uniform(1.0, 4.5)
        dam = rng.uniform(0.15, 0.6)
        row, col = (
            np.floor(u / side).astype(int) for u, side in ((long, size[0]), (wide, size[1]))
        )
        is_dug = rng.random((64, 64)) < rng.uniform(0.3, 0.9)
        inside = np.minimum(
            *(
                side / 2 - dam - np.abs(np.mod(u, side) - side / 2)
                for u, side in ((long, size[0]), (wide, size[1]))
            )
        )
        half = rng.uniform(2.0, 9.0, 2)
        extent = np.minimum(half[0] - np.abs(long), half[1] - np.abs(wide))
        pond = np.where(is_dug[row % 64, col % 64], np.minimum(inside, extent), -1.0)
        bare = random_field(rng, self.shape, 1.0) - rng.uniform(-0.3, 1.2)
        return np.minimum(bare, extent + 0.5), pond

    def _place(self) -> F64:
        """Return a random place, (row, col)."""
        return self.rng.uniform(0.0, 1.0, 2) * self.shape

    def _turned(self, at: F64, turn: float) -> tuple[F64, F64]:
        """Return distances from a place along and across a direction [pixels]."""
        down = np.arange(self.shape[0])[:, None] + 0.5 - at[0]
        right = np.arange(self.shape[1])[None] + 0.5 - at[1]
        along = np.cos(turn) * right + np.sin(turn) * down
        across = np.cos(turn) * down - np.sin(turn) * right
        return along, across


def _draw_tint(rng: np.random.Generator, spread: float) -> F64:
    """Return a random colour of each cover of a ground, (cover, band) factors.

    Most of the difference between two sites is brightness, which all bands share; soils of one
    site share half of it.
    """
    n_covers, n_bands = BETWEEN_SITES.shape
    own = np.asarray(rng.standard_normal(n_covers), np.float64)
    soils = list(SOILS)
    own[soils] = np.sqrt(0.5) * (own[soils] + rng.normal())
    colour = np.repeat(np.sqrt(0.75) * own[:, None], n_bands, axis=1)
    for bands in (VISIBLE, INFRARED[:1], INFRARED[1:]):
        colour[:, list(bands)] += np.sqrt(0.25) * rng.normal(size=(n_covers, 1))
    return np.asarray(np.exp(spread * BETWEEN_SITES * colour), np.float64)
