"""Models of one band that tests draw, with the card that a build writes beside them."""

import hashlib
import json
import pickle
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

from minecover.learning.applicability import DissimilarityIndex
from minecover.learning.disagreement import Disagreement
from minecover.learning.models.calibrated import AsIs, Calibrated
from minecover.learning.training import with_threshold
from minecover.learning.unet import UNet

#: A network that is trained in a second.
SMALL_UNET = UNet(
    widths=(4, 8),
    steps=60,
    batch=4,
    side_px=12,
    learning_rate=0.02,
    weight_decay=1e-4,
    mine_weight=1.0,
    inner_folds=2,
    members=1,
    seed=7,
)


def write_model(path: Path, *, slope: float, **changed: object) -> None:
    """Write a model of one band, whose probability has this slope, and its card."""
    X = np.linspace(0, 0.5, 60, dtype=np.float32)[:, None]
    classifier = LogisticRegression().fit(X, X[:, 0] > 0.25)
    classifier.coef_[:] = slope
    index = DissimilarityIndex(np.ones(1), 1).fit(X, (np.arange(60) % 3).astype(np.int8))
    steps = {"applicability": index, "disagreement": undecided(1)}
    model = with_threshold(Calibrated(classifier, AsIs()), 0.5, steps)
    path.write_bytes(pickle.dumps(model))
    write_card(path, **changed)


def undecided(n_features: int) -> Disagreement:
    """Return models of parts of the ground that never answer the contrary, nor agree."""
    return Disagreement(pairs=1).fit(np.zeros((80, n_features)), np.arange(80) % 2)


def write_card(path: Path, **changed: object) -> None:
    """Write the card of the pickle at a path, with some keys changed."""
    content = {
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "features": ["red"],
        "bands": ["red"],
        "level": 1,
        "platforms": ["landsat-8", "landsat-9"],
        "lattice": {
            "_target_": "minecover.core.lattice.Lattice",
            "family": "landsat",
            "pixel_m": 30,
        },
        "halo_px": 0,
        "design": "location",
        "threshold": 0.5,
        "screen": None,
        "dates": {"min": 1, "median": 3.0, "max": 7, "share_with_one": 0.1, "fewest": 1},
        "context": {},
        "feature_sets": {
            "bands": {"_target_": "minecover.features.bands.Bands", "bands": ["red"]}
        },
        "mask": {
            "_target_": "minecover.features.validity.Profile",
            "name": "none",
            "layouts": [],
            "rejects": [],
            "drop_saturated": False,
            "drop_water": False,
            "cirrus_reflectance_above": None,
            "reflectance_range": None,
            "kelvin_range": None,
            "clear_score_min": None,
            "dilate_m": 0,
            "dilates": None,
        },
        "aggregation": {"_target_": "minecover.evaluation.aggregation.Mean"},
        **changed,
    }
    path.with_suffix(".json").write_text(json.dumps(content))
