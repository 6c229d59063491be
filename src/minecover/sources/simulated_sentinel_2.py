"""Sentinel-2 scenes of the simulated world, on pixels of 10, 20 or 30 m."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from minecover.core.cube import Cube
from minecover.core.errors import ConfigError
from minecover.core.lattice import Lattice
from minecover.core.sensors import MSI
from minecover.core.sites import Site
from minecover.sources.simulation.finer import FINE_M, Finer, averaged, finer_ground
from minecover.sources.simulation.overpass import draw_overpass
from minecover.sources.simulation.sentinel_2 import OFFSET, SCALE, take
from minecover.sources.simulation.world import World


@dataclass(frozen=True, slots=True)
class SimulatedSentinel2:
    """Source of simulated scenes, in the form of Sentinel-2 Level 2A with Cloud Score+.

    Parameters
    ----------
    world : World
        The simulated world. Its ground is the one that `SimulatedScenes` shows to Landsat, and
        so is its weather on days that both pass.
    lattice : Lattice
        Where the pixels of the sites lie.
    bands : sequence of str
        Common names of surface bands.
    """

    world: World
    lattice: Lattice
    bands: Sequence[str]

    def __post_init__(self) -> None:
        """Check the lattice and the bands."""
        if self.lattice.family != "sentinel_2":
            raise ConfigError(
                "the simulated Sentinel-2 has pixels of its own, found lattice.family="
                f"{self.lattice.family}. Set lattice.family=sentinel_2, or source=simulated."
            )
        if unknown := [band for band in self.bands if band not in MSI.surface]:
            raise ConfigError(
                f"Sentinel-2 has no surface band {', '.join(unknown)} "
                f"(it has: {', '.join(MSI.surface)}). Fix source.bands."
            )

    def scenes(self, site: Site) -> Cube:
        """Return all scenes of a site.

        Parameters
        ----------
        site : Site
            A site of the world, with its halo.

        Raises
        ------
        SiteError
            If the site with its halo does not lie on simulated ground, or has other pixels.
        """
        grid, world = site.read_grid, self.world
        plot = world.plot_of(site, self.lattice)
        key, finer = (world.seed, plot.ground_id), Finer(plot.grid)
        n = round(grid.side_m / FINE_M)
        row, col = finer.grid.rowcol(*grid.split(n).xy(0, 0))
        rows, cols = (
            slice(start, start + length * n)
            for start, length in zip((row, col), grid.shape, strict=True)
        )
        coarse = world.ground(plot)
        fine, days = finer_ground(key, finer, coarse), world.days(plot, "sentinel_2")
        dn = np.empty((len(days), len(self.bands), *grid.shape), np.uint16)
        qa = np.empty((len(days), *grid.shape), np.uint16)
        for k, day in enumerate(days):
            sun = world.sun(plot, day)
            passed = draw_overpass(world.parameters, key, coarse, day, sun)
            whole, bits = take(world.parameters, finer, fine, passed, sun, self.bands)
            dn[k] = np.rint(averaged(whole[:, rows, cols], n))
            # The pixel in the middle, as files are read.
            qa[k] = bits[rows, cols][n // 2 :: n, n // 2 :: n]
        return Cube(
            dn=dn,
            scale=np.full(dn.shape[:2], SCALE),
            offset=np.full(dn.shape[:2], OFFSET),
            qa=qa,
            saturated=np.zeros(qa.shape, np.bool_),
            qa_layout="s2",
            dates=days,
            bands=tuple(self.bands),
            grid=grid,
            halo_px=site.halo_px,
        )
