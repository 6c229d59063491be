"""The Python API for notebooks: open a built site, load a model."""

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
from minecover.evaluation.out_of_fold import read_out_of_fold
from minecover.features.validity import Profile, valid
from minecover.prediction.bundle import ModelBundle
from minecover.prediction.detector import Detector
from minecover.reporting.figures import SiteView, clearest_date_index, stretch_bands
from minecover.reporting.scored_sites import aggregate_dates, site_view

#: Bands shown as red, green and blue, by name of the composite.
COLOURS = {
    "natural": ("red", "green", "blue"),
    "infrared": ("nir08", "red", "green"),
    "bare ground": ("swir22", "nir08", "red"),
    "moisture": ("swir16", "nir08", "red"),
    "water": ("green", "nir08", "swir16"),
}


@dataclass(frozen=True, slots=True, eq=False)
class OpenSite:
    """One site with its scenes, as `open_site` returns it.

    Parameters
    ----------
    site : Site
        Id, grid and halo of the site.
    cube : Cube
        Scenes of the site, with the halo. The methods return arrays without it.
    valid : (time, row, col) bool
        Whether an observation is usable by the mask profile of params.yaml.
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
        """Names of the bands, ``"coastal"`` ... ``"lwir12"``."""
        return self.cube.bands

    def rgb(self, colours: str = "natural", day: date | None = None) -> F32:
        """Return a colour composite of one date, with a contrast stretch.

        Parameters
        ----------
        colours : str
            Name of the composite, a key of `COLOURS`.
        day : date or None
            One of `dates`; by default the one with the most valid pixels.

        Returns
        -------
        (row, col, 3) float32
            Colours of 0 ... 1; NaN where there is no data.

        Raises
        ------
        SiteError
            If there is no such composite or no scene of that date.
        """
        if colours not in COLOURS:
            raise SiteError(
                f"unknown composite {colours!r}. Choose one of {', '.join(COLOURS)}."
            )
        time = clearest_date_index(self.valid) if day is None else self._index(day)
        return stretch_bands(self.cube, time, COLOURS[colours], self.valid[time])

    def mosaic(self, band: str) -> F32:
        """Return the median of a band over the valid dates of each pixel.

        Parameters
        ----------
        band : str
            One of `bands`.

        Returns
        -------
        (row, col) float32
            Reflectance [1] or brightness temperature [K]; NaN where never valid.
        """
        values = self.cube.core(self.cube.values(band)[:, 0])
        observed = np.where(self.valid, values, np.float32(np.nan))
        any_valid = self.valid.any(axis=0)
        median = np.full(any_valid.shape, np.nan, np.float32)
        median[any_valid] = np.nanmedian(observed[:, any_valid], axis=0)
        return median

    def out_of_fold(self) -> SiteView:
        """Return the out-of-fold probabilities of the site, with label and truth.

        Returns
        -------
        SiteView
            Probabilities of a model that was not trained on the site: ``probability`` on each
            date (None in the location design) and ``location_probability`` over all dates.
            ``label`` is 1 mine, 0 not labelled, -1 ignore; ``truth`` is -1 where unknown.
        """
        sites = read_out_of_fold(paths.OUT_OF_FOLD)
        site = next(one for one in sites if one.site_id == self.site.site_id)
        params = load_params()
        aggregated = aggregate_dates(site, params.build("aggregation"))
        return site_view(site, aggregated, _profile(params))

    def predict(self, model: Detector) -> dict[str, F32]:
        """Map the site with a model.

        The result is in-sample if the model was trained on this site.

        Parameters
        ----------
        model : Detector
            A model, as `load_model` returns it.

        Returns
        -------
        dict of str to (row, col) float32
            Maps by name, see `minecover.prediction.detector.Detector.maps`.
        """
        return model.maps(self.cube, read_context(self.site))

    def to_xarray(self) -> xr.DataArray:
        """Return reflectance and brightness temperature as a DataArray.

        Returns
        -------
        DataArray, (time, band, y, x) float32
            Reflectance [1] or brightness temperature [K]; NaN where there is no data. The
            coordinate ``valid`` (time, y, x) is the mask, and ``spatial_ref`` the CRS and
            transform as rioxarray and GDAL read them.

        References
        ----------
        CF Conventions 1.11, section 5.6: grid mappings.
        """
        grid = self.site.grid
        x, y = grid.centres()
        t = grid.transform
        reference = CRS.from_user_input(grid.crs).to_cf()
        # GDAL's order of the six coefficients.
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

    def _index(self, day: date) -> int:
        """Return the index of a date."""
        if day not in self.dates:
            found = ", ".join(map(str, self.dates))
            raise SiteError(
                f"site {self.site.site_id} has no scene of {day}. Choose one of {found}."
            )
        return self.dates.index(day)


def open_site(site_id: str) -> OpenSite:
    """Open a site of the build in the working directory.

    Parameters
    ----------
    site_id : str
        Id of the site, as in reports/plots/sites.csv.

    Returns
    -------
    OpenSite

    Raises
    ------
    SiteError
        If there is no such site, or no build.
    """
    if not paths.SITES.is_file():
        raise SiteError(
            f"there is no {paths.SITES}. Change to the root of the repository, and run "
            "`dvc repro`."
        )
    sites = {site.site_id: site for site in read_sites(paths.SITES)}
    if site_id not in sites:
        some = ", ".join(list(sites)[:5])
        raise SiteError(f"there is no site {site_id!r}. Choose one of {len(sites)}: {some} ...")
    cube = read_cube(paths.SCENES / f"{site_id}.tif")
    usable = cube.core(valid(cube, _profile(load_params())))
    return OpenSite(sites[site_id], cube, usable)


def load_model(model: str) -> Detector:
    """Load a model.

    Parameters
    ----------
    model : str
        ``models:/minecover@champion``, ``models:/minecover/3``, or the path of a pickle that
        has its ``model.json`` in the same folder.

    Returns
    -------
    Detector

    Raises
    ------
    RegistryError, ModelError
        If there is no such model, or its SHA-256 is not the recorded one; the file is not
        unpickled then.
    """
    return ModelBundle.find(model).detector()


def _profile(params: Params) -> Profile:
    """Return the chosen mask profile."""
    profile: Profile = params.build(f"masks.{params.value('mask')}")
    return profile
