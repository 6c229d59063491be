"""What this checkout knows of real ground: known mines, provinces, the smallest candidate."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd

from minecover.core import paths
from minecover.core.config import PARAMS, Params, load_params
from minecover.core.lattice import Lattice
from minecover.evaluation import ObjectRule
from minecover.features.context import Provinces
from minecover.labels import MINES, read_labels
from minecover.labels.ground_names import REAL, world_name
from minecover.prediction.maps import source_params
from minecover.prediction.region.tile_job import MapSettings
from minecover.reporting.candidates import ProvinceNames
from minecover.sources.simulated_products import are_simulated

log = logging.getLogger(__name__)

#: Name of simulated ground that is not of the build.
ELSEWHERE = "another simulated world"
#: Smallest candidate where there is no params.yaml, `metrics.objects.min_area_m2` [m2].
MIN_AREA_M2 = 2700.0


@dataclass(frozen=True, slots=True, eq=False)
class KnownGround:
    """What this checkout knows of real ground.

    Parameters
    ----------
    mines : GeoSeries
        Outlines of known mines, in WGS 84.
    provinces : callable or None
        Returns the provinces of points; None if none are configured.
    min_area_m2 : float
        Smallest candidate [m2].
    """

    mines: gpd.GeoSeries
    provinces: ProvinceNames | None
    min_area_m2: float

    @classmethod
    def read(cls) -> KnownGround:
        """Read labels and provinces of the build; of a simulated one none, which is logged."""
        nothing = gpd.GeoSeries([], crs="EPSG:4326")
        if not PARAMS.is_file():
            return cls(nothing, None, MIN_AREA_M2)
        params = load_params()
        min_area_m2 = float(params.value("metrics.objects.min_area_m2"))
        if world_name(params) != REAL:
            log.info(
                "candidates: the labels of this build are simulated, so no mine of the map is "
                "known by them"
            )
            return cls(nothing, None, min_area_m2)
        return cls(_built_mines(nothing), _provinces(params), min_area_m2)

    def min_px(self, lattice: Lattice) -> int:
        """Return the smallest candidate on a lattice [px]."""
        rule = ObjectRule(self.min_area_m2, 0.0, (), (), lattice)
        return rule.min_px


def is_simulated(settings: MapSettings) -> bool:
    """Return whether the scenes of a map are simulated.

    Parameters
    ----------
    settings : MapSettings
        Its source is an option of conf/source, or a folder of products.
    """
    if settings.source.startswith("{"):  # an object of conf/
        return bool(source_params(settings.source_name).value("source.is_simulated"))
    return are_simulated(Path(settings.source))


def ground_name(params: Params | None, *, is_simulated: bool) -> str:
    """Return the name of the ground that verdicts on a map are about.

    Parameters
    ----------
    params : Params or None
        The parameters of the build here, if there is one.
    is_simulated : bool
        Whether the scenes of the map are simulated. Verdicts on these are never about real
        ground: where nothing simulated is built, no build takes them.
    """
    name = REAL if params is None else world_name(params)
    return REAL if not is_simulated else ELSEWHERE if name == REAL else name


def _built_mines(nothing: gpd.GeoSeries) -> gpd.GeoSeries:
    """Return the outlines of the build's mines, if there is a build."""
    if not paths.LABELS.is_file():
        return nothing
    labels = read_labels(paths.LABELS)
    mines: gpd.GeoSeries = labels[labels["kind"].isin(MINES)].geometry
    return mines


def _provinces(params: Params) -> ProvinceNames | None:
    """Return what names the provinces of points, if the configuration has any."""
    provinces: Provinces | None = params.build("context.provinces")
    return provinces.at if provinces else None
