"""A built site in one's hands, for notebooks: its colours, its predictions, its arrays."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from pyproj import CRS

from minecover.core import paths
from minecover.core.config import Params, load_params
from minecover.core.cube import F32, Cube
from minecover.core.errors import SiteError
from minecover.core.outputs import read_context
from minecover.core.raster import read_cube
from minecover.core.sites import Site, read_sites
from minecover.evaluation import site_scores
from minecover.evaluation.out_of_fold import read_out_of_fold
from minecover.features.validity import Profile, valid
from minecover.prediction.bundle import ModelBundle
from minecover.prediction.detector import Detector
from minecover.reporting.figures import SiteView, clearest, stretched
from minecover.reporting.scored_sites import site_view

#: Bands shown as red, green and blue, by what the picture is good for.
COLOURS = {
    "natural": ("B4", "B3", "B2"),
    "infrared": ("B5", "B4", "B3"),
    "bare ground": ("B7", "B5", "B4"),
    "moisture": ("B6", "B5", "B4"),
    "water": ("B3", "B5", "B6"),
}


@dataclass(frozen=True, slots=True, eq=False)
class OpenSite:
    """One site with its scenes; made by `open_site`.

    Parameters
    ----------
    site : Site
        Where it lies.
    cube : Cube
        Its scenes, with the halo. All that the methods give is without it.
    valid : (time, row, col) bool
        Usable by the mask profile of params.yaml.
    """

    site: Site
    cube: Cube
    valid: NDArray[np.bool_]

    @property
    def dates(self) -> tuple[date, ...]:
        """Acquisition dates, ascending."""
        return self.cube.dates

    @property
    def bands(self) -> tuple[str, ...]:
        """Names of the bands."""
        return self.cube.bands

    def rgb(self, colours: str = "natural", day: date | None = None) -> F32:
        """Colour the site for the eye.

        Parameters
        ----------
        colours : str
            One of `COLOURS`.
        day : date or None
            One of the dates; the clearest if none is named.

        Returns
        -------
        (row, col, 3) float32
            0 ... 1, NaN where there is no data.
        """
        if colours not in COLOURS:
            raise SiteError(
                f"there are no colours {colours!r}. Choose one of {', '.join(COLOURS)}."
            )
        time = clearest(self.valid) if day is None else self._position(day)
        return stretched(self.cube, time, COLOURS[colours], self.valid[time])

    def mosaic(self, band: str) -> F32:
        """Give the median of a band over its valid dates, (row, col); NaN where it has none."""
        values = self.cube.core(self.cube.values(band)[:, 0])
        seen = np.where(self.valid, values, np.float32(np.nan))
        anywhere = self.valid.any(axis=0)
        median = np.full(anywhere.shape, np.nan, np.float32)
        median[anywhere] = np.nanmedian(seen[:, anywhere], axis=0)
        return median

    def out_of_fold(self) -> SiteView:
        """Give what a model says of the site that never saw it, beside labels and truth.

        Returns
        -------
        SiteView
            ``probability`` of each date, or None where locations are scored once;
            ``location`` over all dates; ``label``; ``truth``, -1 where nobody knows it.
        """
        scores = read_out_of_fold(paths.OUT_OF_FOLD)
        own = next(one for one in scores if one.site_id == self.site.site_id)
        params = load_params()
        aggregated = site_scores(own, params.build("aggregation")).location_score
        return site_view(own, aggregated.reshape(self.site.grid.shape), _profile(params))

    def predicted(self, model: Detector) -> dict[str, F32]:
        """Map the site with a model: in sample, if the model learnt from this site.

        Returns
        -------
        dict of (row, col) float32
            See `minecover.prediction.detector.Detector.maps`.
        """
        return model.maps(self.cube, read_context(self.site))

    def to_xarray(self) -> xr.DataArray:
        """Give reflectance and brightness temperature as xarray has them.

        Returns
        -------
        DataArray, (time, band, y, x) float32
            NaN where there is no data. ``valid`` (time, y, x) stands beside it, and
            ``spatial_ref`` says where it lies, as rioxarray and GDAL read it.

        References
        ----------
        CF Conventions 1.11, section 5.6: grid mappings.
        """
        grid = self.site.grid
        x, y = grid.centres()
        t = grid.transform
        reference = CRS.from_user_input(grid.crs).to_cf()
        # GDAL's order of the six numbers.
        reference["GeoTransform"] = " ".join(map(repr, (t.c, t.a, t.b, t.f, t.d, t.e)))
        return xr.DataArray(
            self.cube.core(self.cube.values()),
            dims=("time", "band", "y", "x"),
            coords={
                "time": np.array(self.dates, "datetime64[ns]"),
                "band": list(self.bands),
                "y": y,
                "x": x,
                "valid": (("time", "y", "x"), self.valid),
                "spatial_ref": ((), 0, reference),
            },
            name=self.site.site_id,
            attrs={"grid_mapping": "spatial_ref"},
        )

    def _position(self, day: date) -> int:
        """Find a date."""
        if day not in self.dates:
            there = ", ".join(map(str, self.dates))
            raise SiteError(f"site {self.site.site_id} has no scene of {day}. It has: {there}.")
        return self.dates.index(day)


def open_site(site_id: str) -> OpenSite:
    """Open a site of the build in this folder.

    Parameters
    ----------
    site_id : str
        As in reports/plots/sites.csv.

    Raises
    ------
    SiteError
        If there is no such site, or nothing was built.
    """
    if not paths.SITES.is_file():
        raise SiteError(
            f"there is no {paths.SITES}. Go to the repository's root, and build: dvc repro."
        )
    sites = {site.site_id: site for site in read_sites(paths.SITES)}
    if site_id not in sites:
        some = ", ".join(list(sites)[:5])
        raise SiteError(f"there is no site {site_id!r}. There are {len(sites)}: {some} ...")
    cube = read_cube(paths.SCENES / f"{site_id}.tif")
    usable = cube.core(valid(cube, _profile(load_params())))
    return OpenSite(sites[site_id], cube, usable)


def load_model(model: str) -> Detector:
    """Open a model to map with.

    Parameters
    ----------
    model : str
        ``models:/minecover@champion``, ``models:/minecover/3``, or the path of a pickle beside
        its ``model.json``.

    Raises
    ------
    RegistryError, ModelError
        If there is none, or its bytes are not the recorded ones: nothing is unpickled then.
    """
    return ModelBundle.find(model).detector()


def _profile(params: Params) -> Profile:
    """Build the mask profile that was chosen."""
    profile: Profile = params.build(f"masks.{params.value('mask')}")
    return profile
