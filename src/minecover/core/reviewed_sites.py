"""Sites on ground that reviewers judged and that no layout covers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import shapely

from minecover.core.lattice import LANDSAT, Lattice
from minecover.core.layouts import Centred
from minecover.core.sites import Site, square


@dataclass(frozen=True, slots=True)
class ReviewedSites:
    """Places a site on each verdict that lies on no other site, e.g. those of a map.

    Parameters
    ----------
    size_m, halo_m, jitter_m : float
        As in `minecover.core.layouts.Centred`.
    seed : int
        Seed of the displacements.
    lattice : Lattice
        Where the pixels lie.
    """

    size_m: float
    halo_m: float
    jitter_m: float
    seed: int
    lattice: Lattice = LANDSAT

    def __call__(self, verdicts: gpd.GeoDataFrame, sites: Sequence[Site]) -> list[Site]:
        """Return a site for each verdict that intersects neither `sites` nor one placed before.

        Parameters
        ----------
        verdicts : GeoDataFrame
            Labels of reviewers, in WGS 84.
        sites : sequence of Site
            The sites of all layouts.
        """
        layout = Centred(
            around="confirmed",
            size_m=self.size_m,
            halo_m=self.halo_m,
            jitter_m=self.jitter_m,
            seed=self.seed,
            lattice=self.lattice,
        )
        covered = [square(site.grid) for site in sites]
        tree = shapely.STRtree(covered)
        placed: list[Site] = []
        for row in verdicts.sort_values("label_id").itertuples():
            on_sites = tree.query(row.geometry, predicate="intersects").size
            on_placed = any(row.geometry.intersects(square(one.grid)) for one in placed)
            if not (on_sites or on_placed):
                placed.append(layout.site_on(str(row.label_id), row.geometry))
        return placed
