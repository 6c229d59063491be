"""Read the out-of-fold results of a build, from which pictures and candidates are made."""

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
from minecover.core.surroundings import Surroundings
from minecover.evaluation import site_predictions
from minecover.evaluation.aggregation import Aggregation
from minecover.evaluation.out_of_fold import OutOfFold, read_out_of_fold
from minecover.features.bare_ground import bare_ground
from minecover.features.validity import Profile, valid
from minecover.labels import read_labels
from minecover.learning.model_card import ModelCard
from minecover.reporting.figures import Ground, SiteView

#: Share of a site that must have been observed for it to be an example.
MIN_OBSERVED = 0.8


@dataclass(frozen=True, slots=True, eq=False)
class ScoredSites:
    """Sites of a build with their out-of-fold probabilities.

    Parameters
    ----------
    card : ModelCard
        Card of the built model.
    sites : mapping of str to Site
        Sites by id.
    out_of_fold : mapping of str to OutOfFold
        Labels and out-of-fold probabilities of each date, by site id.
    location_probability : mapping of str to (row, col) float32
        Out-of-fold probabilities aggregated over dates, by site id; NaN where never observed.
    provinces : mapping of str to str
        Province by site id; empty if it is unknown.
    labels : GeoDataFrame
        The label table, in WGS 84.
    """

    card: ModelCard
    sites: Mapping[str, Site]
    out_of_fold: Mapping[str, OutOfFold]
    location_probability: Mapping[str, F32]
    provinces: Mapping[str, str]
    labels: gpd.GeoDataFrame

    @classmethod
    def read(cls, aggregation: Aggregation) -> "ScoredSites":
        """Read everything but the scenes from the folder of the build.

        Parameters
        ----------
        aggregation : Aggregation
            How probabilities are aggregated over dates.
        """
        sites = {site.site_id: site for site in read_sites(paths.SITES)}
        out_of_fold = {site.site_id: site for site in read_out_of_fold(paths.OUT_OF_FOLD)}
        provinces = pd.read_csv(paths.CONTEXT / "sites.csv", keep_default_na=False)
        return cls(
            card=ModelCard.read(paths.MODEL_CARD),
            sites=sites,
            out_of_fold=out_of_fold,
            location_probability={
                name: aggregate_dates(site, aggregation) for name, site in out_of_fold.items()
            },
            provinces=dict(zip(provinces["site_id"], provinces["province"], strict=True)),
            labels=read_labels(paths.LABELS),
        )

    def labels_of(self, *kinds: str) -> gpd.GeoDataFrame:
        """Return the labels of the given kinds.

        Parameters
        ----------
        *kinds : str
            Values of the column `kind`.
        """
        return self.labels[self.labels["kind"].isin(kinds)]

    def view(self, site_id: str) -> SiteView:
        """Read the scenes of a site and return the data that its pictures show.

        Parameters
        ----------
        site_id : str
            Id of the site.
        """
        profile: Profile = self.card.build("mask")
        return site_view(self.out_of_fold[site_id], self.location_probability[site_id], profile)

    def surroundings(self, view: SiteView) -> Surroundings:
        """Return the data from which the candidates of a site are described.

        Parameters
        ----------
        view : SiteView
            The site, as `view` returns it.
        """
        site, cube = self.sites[view.site_id], view.cube
        threshold = self.card.value("observation_threshold")
        planes = {name: cube.core(plane) for name, plane in read_context(site).items()}
        maps = read_planes(paths.PREDICTIONS / f"{view.site_id}.tif")
        return Surroundings(
            grid=site.grid,
            province=self.provinces[view.site_id],
            dates=cube.dates,
            valid=view.valid,
            looks_mined=bare_ground(cube)
            if view.probability is None
            else view.probability >= threshold,
            applicable=maps["applicable"].astype(np.float32),
            planes=planes,
        )

    def ground(self, site_id: str) -> Ground:
        """Read the scenes of a site as ground that pictures are drawn of.

        Parameters
        ----------
        site_id : str
            Id of the site.
        """
        view = self.view(site_id)
        looks_mined = self.surroundings(view).looks_mined
        return Ground.of_cube(view.cube, view.valid, looks_mined, view.location_probability)

    def neighbours(self, site_id: str, wide: Grid) -> list[str]:
        """Return the ids of the other sites that overlap a grid around a site.

        Parameters
        ----------
        site_id : str
            Id of the site.
        wide : Grid
            Grid of the site with a margin.

        Returns
        -------
        list of str
            Sites on the same lattice; empty in longitude and latitude, which share none.
        """
        if wide.crs == LON_LAT:
            return []
        return [
            name
            for name in self.out_of_fold
            if name != site_id
            and self.sites[name].grid.crs == wide.crs
            and wide.overlaps(self.sites[name].grid)
        ]


def choose_examples(table: pd.DataFrame) -> dict[str, tuple[str, float]]:
    """Return the best, the median and the worst site that holds a mine, by F1.

    Sites of which clouds hid more than a fifth on every date are not chosen, unless there are
    no others: a picture of them shows little.

    Parameters
    ----------
    table : DataFrame
        One row for each site, as `minecover.evaluation.site_table` returns it.

    Returns
    -------
    dict of str to (str, float)
        Site id and F1 of its locations, by ``"best"``, ``"median"`` and ``"worst"``.
    """
    table = table[table["mine"] > 0]
    seen = table["observed"] >= MIN_OBSERVED
    table = table[seen] if seen.any() else table
    errors = table["missed"] + table["false_alarms"]
    table = table.assign(f1=2 * table["found"] / (2 * table["found"] + errors))
    ranked = table.sort_values(["f1", "mine", "site_id"], ascending=[False, False, True])
    positions = {"best": 0, "median": len(ranked) // 2, "worst": -1}
    rows = {name: ranked.iloc[position] for name, position in positions.items()}
    return {name: (str(row["site_id"]), float(row["f1"])) for name, row in rows.items()}


def aggregate_dates(site: OutOfFold, aggregation: Aggregation) -> F32:
    """Return the out-of-fold probabilities of a site, aggregated over dates.

    Parameters
    ----------
    site : OutOfFold
        Out-of-fold probabilities of each date.
    aggregation : Aggregation
        How probabilities are aggregated over dates.

    Returns
    -------
    (row, col) float32
        NaN where never observed.
    """
    location_probability = site_predictions(site, aggregation).location_probability
    return location_probability.reshape(site.probability.shape[1:])


def site_view(site: OutOfFold, location_probability: F32, profile: Profile) -> SiteView:
    """Read the scenes of a site and return the data that its pictures show.

    Parameters
    ----------
    site : OutOfFold
        Labels and out-of-fold probabilities of each date.
    location_probability : (row, col) float32
        The same probabilities aggregated over dates; NaN where never observed.
    profile : Profile
        Mask profile that decides which observations are valid.

    Returns
    -------
    SiteView
        Its label and truth are those of the last date.
    """
    cube = read_cube(paths.SCENES / f"{site.site_id}.tif")
    return SiteView(
        site_id=site.site_id,
        cube=cube,
        valid=cube.core(valid(cube, profile)),
        probability=site.probability if len(site.dates) == len(cube.dates) else None,
        location_probability=location_probability,
        label=site.label[-1],
        truth=site.truth[-1],
    )
