"""What a build has left of its sites, out of fold: what pictures and candidates are made of."""

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd

from minecover.core import paths
from minecover.core.cube import F32
from minecover.core.grid import LON_LAT, Grid
from minecover.core.outputs import read_context
from minecover.core.raster import read_cube, read_planes
from minecover.core.sites import Site, read_sites
from minecover.evaluation import site_scores
from minecover.evaluation.aggregation import Aggregation
from minecover.evaluation.out_of_fold import OutOfFold, read_out_of_fold
from minecover.features.validity import Profile, valid
from minecover.labels import read_labels
from minecover.learning.model_card import ModelCard
from minecover.reporting.candidates import Surroundings, bare
from minecover.reporting.figures import SiteView


@dataclass(frozen=True, slots=True, eq=False)
class ScoredSites:
    """What the pipeline has left of its sites, out of fold, for pictures and candidates.

    Parameters
    ----------
    card : ModelCard
        The model's card.
    sites : mapping of Site
        By id.
    scores : mapping of OutOfFold
        By site.
    location : mapping of (row, col) float32
        Scores over all dates, by site.
    provinces : mapping of str to str
        By site.
    labels : GeoDataFrame
        The label table.
    """

    card: ModelCard
    sites: Mapping[str, Site]
    scores: Mapping[str, OutOfFold]
    location: Mapping[str, F32]
    provinces: Mapping[str, str]
    labels: gpd.GeoDataFrame

    @classmethod
    def read(cls, aggregation: Aggregation) -> "ScoredSites":
        """Read all but the scenes."""
        sites = {site.site_id: site for site in read_sites(paths.SITES)}
        scores = {site.site_id: site for site in read_out_of_fold(paths.OUT_OF_FOLD)}
        location = {
            name: site_scores(one, aggregation).location_score.reshape(sites[name].grid.shape)
            for name, one in scores.items()
        }
        provinces = pd.read_csv(paths.CONTEXT / "sites.csv", keep_default_na=False)
        return cls(
            card=ModelCard.read(paths.MODEL_CARD),
            sites=sites,
            scores=scores,
            location=location,
            provinces=dict(zip(provinces["site_id"], provinces["province"], strict=True)),
            labels=read_labels(paths.LABELS),
        )

    def of_kind(self, *kinds: str) -> gpd.GeoDataFrame:
        """Take the labels of some kinds."""
        return self.labels[self.labels["kind"].isin(kinds)]

    def view(self, site_id: str) -> SiteView:
        """Gather what pictures of a site show."""
        profile: Profile = self.card.build("mask")
        return site_view(self.scores[site_id], self.location[site_id], profile)

    def surroundings(self, view: SiteView) -> Surroundings:
        """Gather what candidates of a site are described by."""
        site, cube = self.sites[view.site_id], view.cube
        threshold = self.card.value("observation_threshold")
        around = {name: cube.core(plane) for name, plane in read_context(site).items()}
        maps = read_planes(paths.PREDICTIONS / f"{view.site_id}.tif")
        return Surroundings(
            grid=site.grid,
            province=self.provinces[view.site_id],
            dates=cube.dates,
            valid=view.valid,
            looks_mined=bare(cube)
            if view.probability is None
            else view.probability >= threshold,
            applicable=maps["applicable"].astype(np.float32),
            planes=around,
        )

    def near(self, site_id: str, wide: Grid) -> list[str]:
        """Name the other scored sites on a site's lattice that meet a grid round it."""
        if wide.crs == LON_LAT:
            return []
        return [
            name
            for name in self.scores
            if name != site_id
            and self.sites[name].grid.crs == wide.crs
            and wide.overlaps(self.sites[name].grid)
        ]


def exemplary(table: pd.DataFrame) -> dict[str, tuple[str, float]]:
    """Choose the best, the median and the worst site that holds a mine.

    Parameters
    ----------
    table : DataFrame
        See `minecover.evaluation.site_table`.

    Returns
    -------
    dict of (site_id, F1 of its locations)
    """
    table = table[table["mine"] > 0]
    errors = table["missed"] + table["false_alarms"]
    table = table.assign(f1=2 * table["found"] / (2 * table["found"] + errors))
    ranked = table.sort_values(["f1", "mine", "site_id"], ascending=[False, False, True])
    places = {"best": 0, "median": len(ranked) // 2, "worst": -1}
    rows = {name: ranked.iloc[place] for name, place in places.items()}
    return {name: (str(row["site_id"]), float(row["f1"])) for name, row in rows.items()}


def site_view(site: OutOfFold, location: F32, profile: Profile) -> SiteView:
    """Gather what the picture of a site shows.

    Parameters
    ----------
    site : OutOfFold
    location : (row, col) float32
        The same scores aggregated over dates.
    profile : Profile
    """
    cube = read_cube(paths.SCENES / f"{site.site_id}.tif")
    return SiteView(
        site_id=site.site_id,
        cube=cube,
        valid=cube.core(valid(cube, profile)),
        probability=site.probability if len(site.dates) == len(cube.dates) else None,
        location=location,
        label=site.label[-1],
        truth=site.truth[-1],
    )
