"""Parameters of the simulated world; the fields are keys of ``conf/world.yaml``."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from datetime import date

from minecover.core.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Calendar:
    """Days of acquisition: every 16 days along a path, more often where two paths overlap.

    Parameters
    ----------
    first_day, last_day : str
        ISO dates between which days are drawn.
    dates_spread : int
        Largest deviation of the number of scenes of a site from ``n_dates``.
    """

    first_day: str
    last_day: str
    dates_spread: int

    def __post_init__(self) -> None:
        """Check that the days are valid and every path is passed at least once."""
        try:
            days = (date.fromisoformat(self.last_day) - date.fromisoformat(self.first_day)).days
        except ValueError as error:
            raise ConfigError(
                f"world.parameters.calendar: {error}. Write days like 2016-10-15."
            ) from error
        if days < 16:
            raise ConfigError(
                f"world.parameters.calendar must span at least 16 days, found {days}. "
                "Fix world.parameters.calendar.first_day or .last_day."
            )
        _require(self, "dates_spread", low=0, high=5)


@dataclass(frozen=True, slots=True)
class Land:
    """Relief, water and what covers the ground; fractions are of a site's area."""

    relief_min_m: float
    relief_max_m: float
    altitude_min_m: float
    altitude_max_m: float
    valley_depth_m: float
    forest_alpha: float  # the forest fraction of a site is Beta(alpha, beta)
    forest_beta: float
    field_fraction: float  # of what is not forest
    field_px: float  # mean size of a field that lies fallow as a whole
    bare_fraction: float
    settlement_fraction: float
    landslide_fraction: float
    landslide_sites: float  # share of the sites that have landslides at all
    sandbank_sigma: float  # banks lie where a field of noise exceeds this
    road_fraction: float  # of a pixel that a road crosses

    def __post_init__(self) -> None:
        """Check that fractions are in 0 ... 1 and sizes are positive."""
        shares = [f.name for f in fields(self) if f.name.endswith("_fraction")]
        _require(self, *shares, "landslide_sites", low=0, high=1)
        _require(self, "relief_min_m", "relief_max_m", "valley_depth_m", low=0)
        _require(self, "forest_alpha", "forest_beta", low=1e-3)
        _require(self, "field_px", low=1)


@dataclass(frozen=True, slots=True)
class Mines:
    """Sizes, shapes and places of mines [pixels]."""

    median_px: float
    sigma_ln: float
    smallest_px: float
    largest_px: float
    more_per_site: float  # mean number besides the first
    elongation_max: float
    edge_noise: float
    vegetation_fraction: float  # of a mine that is still green
    pond_sigma: float  # ponds lie where a field of noise exceeds this
    water_max_px: float
    water_decay_px: float
    along_streams: float  # share of the mines that follow the nearest stream

    def __post_init__(self) -> None:
        """Check that sizes are positive and fractions are in 0 ... 1."""
        _require(self, "vegetation_fraction", "along_streams", low=0, high=1)
        _require(self, "median_px", "smallest_px", "elongation_max", "water_max_px", low=1)
        _require(self, "sigma_ln", "more_per_site", "edge_noise", low=0)
        _require(self, "largest_px", low=self.smallest_px)
        _require(self, "water_decay_px", low=1e-3)


@dataclass(frozen=True, slots=True)
class Valleys:
    """Ground in river valleys that looks mined; numbers are means for a site of 9 km2."""

    rivers: float  # meandering rivers besides the two streams of every ground
    river_half_px: float  # median of half their width, which is lognormal [pixels]
    river_sigma_ln: float
    narrowest_px: float
    widest_px: float
    island_share: float  # of the wide rivers that have islands
    bar_sigma: float  # the higher, the fewer bars in a bend
    landslides: float  # groups of them
    fish_farms: float
    clearings: float
    colour_spread: float  # of the differences between sites that were measured

    def __post_init__(self) -> None:
        """Check that numbers and sizes are not negative."""
        _require(self, *(f.name for f in fields(self) if f.name != "bar_sigma"), low=0)
        _require(self, "island_share", high=1, low=0)
        _require(self, "narrowest_px", "widest_px", low=0.1)


@dataclass(frozen=True, slots=True)
class Annotator:
    """Differences between annotated and true mines."""

    shift_px: float  # standard deviation of the shift of an outline, each axis
    unlabelled: float  # share of the additional mines that are not annotated
    overdrawn: float  # share of the outlines that are a pixel too wide

    def __post_init__(self) -> None:
        """Check that shares are in 0 ... 1."""
        _require(self, "unlabelled", "overdrawn", low=0, high=1)
        _require(self, "shift_px", low=0)


@dataclass(frozen=True, slots=True)
class Weather:
    """Season, temperature, clouds and haze of a date."""

    forest_k: float  # brightness temperature of forest at 1000 m
    site_sd_k: float
    date_sd_k: float
    fallow_wet: float  # share of the fields that lie fallow in the wet season ...
    fallow_dry: float  # ... and additional share in the dry season
    burnt_dry: float  # share of dry dates with burn scars
    cloud_alpha: float  # cloud cover is Beta(alpha, beta), below cloud_max
    cloud_beta: float
    cloud_max: float
    veil_dates: float  # share of the dates with a thin veil
    veil: float
    haze_sd: float
    bad_scenes: float  # share of the dates with striping, a gain error or strong haze
    bad_flagged: float  # share of those that the quality band reports

    def __post_init__(self) -> None:
        """Check that shares are in 0 ... 1 and standard deviations are not negative."""
        shares = ["fallow_wet", "fallow_dry", "burnt_dry", "veil_dates", "bad_scenes"]
        _require(self, *shares, "bad_flagged", "cloud_max", low=0, high=1)
        _require(self, "site_sd_k", "date_sd_k", "veil", "haze_sd", low=0)
        _require(self, "cloud_alpha", "cloud_beta", "cloud_max", low=1e-3)


@dataclass(frozen=True, slots=True)
class Sensor:
    """Blur and noise of the instrument, and faults of its quality band."""

    reflective_psf_px: float
    thermal_psf_px: float
    reflectance_sd: float
    b10_sd_k: float
    b11_sd_k: float
    qa_opacity: float  # mean opacity from which cloud is flagged ...
    qa_opacity_sd: float  # ... and its spatial standard deviation
    qa_cirrus: float  # reflectance in B9 from which cirrus is flagged

    def __post_init__(self) -> None:
        """Check that no field is negative."""
        _require(self, *(f.name for f in fields(self)), low=0)


@dataclass(frozen=True, slots=True)
class Parameters:
    """All parameters of a world."""

    calendar: Calendar
    land: Land
    mines: Mines
    annotator: Annotator
    weather: Weather
    sensor: Sensor
    valleys: Valleys | None = None  # None adds nothing


def _require(owner: object, *names: str, low: float, high: float = math.inf) -> None:
    """Check that fields lie in ``low ... high``; the error names their yaml key."""
    for name in names:
        value = getattr(owner, name)
        if not low <= value <= high:
            key = f"world.parameters.{type(owner).__name__.lower()}.{name}"
            raise ConfigError(
                f"{key} must lie in {low:g} ... {high:g}, found {value}. Fix conf/world.yaml."
            )
