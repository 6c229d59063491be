"""Stage `predict`: a map of every site from the final model."""

import json
import logging
from functools import lru_cache
from pathlib import Path

import numpy as np

from minecover.config import Params
from minecover.errors import ModelError
from minecover.models.compiled import compiled, shortened
from minecover.predict import Detector
from minecover.raster import read_cube, write_cog
from minecover.screening import Screen
from minecover.sites import Site
from minecover.stages import fetched_sites, over, paths, read_around
from minecover.trust import load_model

log = logging.getLogger(__name__)

#: Stands in every map of a site, for those who open it without reading on.
IN_SAMPLE = (
    "In sample: the model has learned from this site, and the map flatters it. "
    "What is scored lies in data/out_of_fold.parquet."
)
SIMULATED = "SIMULATED data. "


def run(params: Params) -> None:
    """Map all sites. They are in-sample here: what is scored comes from `train`."""
    sites = fetched_sites()
    found = over(sites, predict, "predict")
    log.info("predict: %d sites, %d pixels at or above the threshold", len(sites), sum(found))


def predict(site: Site) -> int:
    """Write one site's map; count the pixels at or above the threshold."""
    detector = open_detector(paths.MODEL, paths.MODEL_CARD)
    cube = read_cube(paths.SCENES / f"{site.site_id}.tif")
    maps = detector.maps(cube, read_around(site))
    is_simulated = read_card(paths.MODEL_CARD).value("is_simulated")
    note = (SIMULATED if is_simulated else "") + IN_SAMPLE
    write_cog(paths.PREDICTIONS / f"{site.site_id}.tif", maps, site.grid, note=note)
    return int(np.sum(maps["probability"] >= detector.threshold))


def read_card(path: Path) -> Params:
    """Read what `train` noted beside the model."""
    if not path.is_file():
        raise ModelError(f"no {path}, which says how to feed the model. Run `dvc repro train`.")
    return Params(json.loads(path.read_text(encoding="utf-8")))


@lru_cache(maxsize=1)
def open_detector(model: Path, card_path: Path) -> Detector:
    """Load a model once a process, with the features, mask and aggregation it was trained on.

    Raises
    ------
    ModelError
        If a file is missing, or the model's bytes are not the recorded ones.
    """
    card = read_card(card_path)
    twin = compiled(load_model(model, card.value("sha256")))
    rule = card.value("screen")
    return Detector(
        model=twin,
        features=tuple(card.value("features")),
        blocks=card.build("blocks"),
        profile=card.build("mask"),
        aggregation=card.build("aggregation"),
        design=card.value("design"),
        threshold=card.value("threshold"),
        screen=rule and Screen(shortened(twin, rule["rounds"]), rule["at_least"]),
    )
