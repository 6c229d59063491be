"""What a finished model predicts on the sites of other ground, beside what their labels say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

from minecover.core.config import Params
from minecover.core.errors import CloudyError, NotCoveredError, SceneError
from minecover.core.parallel import parallel_map
from minecover.core.sites import Site
from minecover.evaluation.external import ExternalSite
from minecover.evaluation.support import SitePredictions
from minecover.features.context import Plane, compute_context
from minecover.labels.burning import ground_kinds, kind_plane, label_cube, labels_of_site
from minecover.pipeline.external.other_ground import Ground, context_of
from minecover.prediction.bundle import ModelBundle
from minecover.prediction.detector import check_bands
from minecover.prediction.maps import check_pixels
from minecover.sources import Source


def score_sites(
    bundle: ModelBundle, params: Params, ground: Ground
) -> tuple[list[ExternalSite], dict[str, str]]:
    """Predict every site with all of its dates.

    Parameters
    ----------
    bundle : ModelBundle
        The model, with a mask for these scenes.
    params : Params
        Configuration of the ground.
    ground : Ground
        Its labels and sites.

    Returns
    -------
    scored : list of ExternalSite
        The sites that scenes show.
    left_out : dict of str to str
        The other sites, and why.

    Raises
    ------
    ModelError
        If the scenes lack bands of the model, or have other pixels.
    SceneError
        If no site has scenes, or those of one cannot be read.
    """
    check_bands(bundle.card.bands, params.value("source.bands"))
    for site in ground.sites:
        check_pixels(bundle, site)
    work = _Scoring(
        bundle,
        params.build("source.scenes"),
        ground.labels,
        context_of(params, bundle.card),
        float(params.value("labels.ignore_ring_m")),
    )
    # Threads wait for a service; computing takes a process per core.
    is_remote = bool(params.value("source.is_remote"))
    threads = int(params.value("network.at_once")) if is_remote else None
    found = parallel_map(ground.sites, work, "evaluate", threads=threads)
    left_out = {
        site.site_id: one
        for site, one in zip(ground.sites, found, strict=True)
        if isinstance(one, str)
    }
    scored = [one for one in found if isinstance(one, ExternalSite)]
    if not scored:
        first = next(iter(left_out.values()))
        raise SceneError(f"no site has a scene; the first says: {first}")
    return scored, left_out


@dataclass(frozen=True, slots=True, eq=False)
class _Scoring:
    """Predicts one site; runs in worker processes."""

    bundle: ModelBundle
    source: Source
    labels: gpd.GeoDataFrame
    planes: Mapping[str, Plane]
    ring_m: float

    def __call__(self, site: Site) -> ExternalSite | str:
        """Return what the model predicts on a site, or why no scene shows it."""
        try:
            cube = self.source.scenes(site)
        except (NotCoveredError, CloudyError) as error:
            return str(error)
        maps = self.bundle.detector().maps(cube, compute_context(self.planes, site.read_grid))
        labels = labels_of_site(self.labels, site.site_id)
        last = cube.dates[-1:]
        label, truth = label_cube(labels, site.grid, last, ignore_ring_m=self.ring_m)
        named, probability = ground_kinds(labels, site.grid), maps["probability"].ravel()
        predictions = SitePredictions(
            site_id=site.site_id,
            fold=0,
            label=label.reshape(1, -1),
            truth=truth.reshape(1, -1),
            observation_probability=probability[None],
            location_probability=probability,
            label_date=-1,
            shape=site.grid.shape,
            laid_as_background=site.is_background,
            look_alike=_or_none(kind_plane(labels, site.grid, "look_alike")),
            chip_label=site.chip_label,
            group=site.group,
            ground=None if named is None else named.reshaped(-1),
        )
        return ExternalSite(predictions, maps["applicable"].ravel() == 1, len(cube.dates))


def _or_none(plane: NDArray[np.int8]) -> NDArray[np.bool_] | None:
    """Return a plane as (n,) bool; None if it marks nothing."""
    return plane.ravel() == 1 if plane.any() else None
