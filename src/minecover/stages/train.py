"""Stage `train`: out-of-fold probabilities of every observation, and the final model."""

import hashlib
import logging
import pickle
from collections.abc import Sequence

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from minecover.aggregation import Aggregation
from minecover.atomic import replacing, write_json
from minecover.config import Params, build
from minecover.features.planes import names_of, surroundings
from minecover.folds import GroupedFolds
from minecover.metrics import choose_cuts, site_scores
from minecover.out_of_fold import read_out_of_fold, write_out_of_fold
from minecover.stages import fetched_sites, over, paths
from minecover.table import SiteTable, read_table
from minecover.training import (
    Recipe,
    count_classes,
    draw_sample,
    finished,
    fit_folds,
    predict_out_of_fold,
)

log = logging.getLogger(__name__)


def run(params: Params) -> None:
    """Fit one model a fold and one on everything; predict each site with its fold's model."""
    sites = fetched_sites()
    folds = pd.read_parquet(paths.FOLDS).set_index("site_id").loc[[s.site_id for s in sites]]
    fold_of_site = folds["fold"].to_numpy(np.int8)
    features = names_of(params.build("features"))
    design, profile = str(params.value("design.name")), str(params.value("mask.name"))

    def read(index: int, columns: Sequence[str] = features) -> SiteTable:
        site_id = sites[index].site_id
        return read_table(
            paths.table(design, site_id),
            features=columns,
            profile=profile,
            static=paths.table("location", site_id),
        )

    recipe: Recipe = params.build("design.recipe")
    family: Pipeline = params.build("model")
    counts = over(range(len(sites)), lambda i: count_classes(read(i, ())), "train")
    shares = recipe.shares(np.array(counts), fold_of_site)
    sample = draw_sample(read, len(sites), most=max(shares), seed=recipe.seed)
    splitter: GroupedFolds = params.build("folds.splitter")
    # The last model is fitted on everything: nothing is tested, so nothing is too near.
    near = [*splitter.too_near(sites, fold_of_site), {}]
    *models, final = fit_folds(
        family, sample, fold_of_site, near, shares=shares, correct_prior=recipe.correct_prior
    )
    write_out_of_fold(
        paths.OUT_OF_FOLD,
        predict_out_of_fold(models, read, [s.site_id for s in sites], fold_of_site),
    )
    aggregation: Aggregation = params.build("aggregation")
    scored = [site_scores(one, aggregation) for one in read_out_of_fold(paths.OUT_OF_FOLD)]
    cuts = choose_cuts(scored, params.value("design.threshold"))
    n_mine = int(sample.y.sum())
    write_json(
        paths.MODEL_CARD,
        {
            **_choices(params, features),
            "features": features,
            "halo_px": max(site.halo_px for site in sites),
            "threshold": cuts["location"].shipped,
            "observation_threshold": cuts["observation"].shipped,
            "kept_negatives": shares[-1],
            "training_rows": {"mine": n_mine, "sites": len(sites)},
            "sha256": _write_model(finished(final, cuts["observation"].shipped)),
        },
    )
    log.info(
        "train: %d mine and %d other rows of %d sites, threshold %.3f",
        n_mine,
        len(sample.y) - n_mine,
        len(sites),
        cuts["location"].shipped,
    )


def _choices(params: Params, features: Sequence[str]) -> dict[str, object]:
    """Gather what prediction has to know of the configuration."""
    # Features are made of planes that need not be features themselves.
    blocks = {**params.value("table"), **params.value("features")}
    taken = surroundings(build(blocks, "table"), features)
    return {
        "name": params.value("tracking.registered_name"),
        "source": params.value("source.name"),
        "is_simulated": params.value("source.is_simulated"),
        "bands": params.value("source.bands"),
        "level": params.value("source.level"),
        "design": params.value("design.name"),
        "blocks": blocks,
        "context": {name: params.value(f"context.planes.{name}") for name in sorted(taken)},
        "mask": params.value(f"mask.profiles.{params.value('mask.name')}"),
        "aggregation": params.value("aggregation"),
        "model": params.value("model"),
    }


def _write_model(model: Pipeline) -> str:
    """Pickle the model; give the SHA-256 of its bytes."""
    content = pickle.dumps(model, protocol=5)
    with replacing(paths.MODEL) as temporary:
        temporary.write_bytes(content)
    return hashlib.sha256(content).hexdigest()
