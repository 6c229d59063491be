"""Stage `train`: out-of-fold probabilities of every observation, and the final model."""

import hashlib
import logging
import pickle
import sys
from collections.abc import Sequence

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline
from tqdm import tqdm

from minecover.core import paths
from minecover.core.config import Params
from minecover.core.errors import ConfigError
from minecover.core.feature_table import SiteTable, read_table
from minecover.core.files import replacing, write_json
from minecover.core.outputs import fetched_sites
from minecover.core.sites import Site
from minecover.evaluation.out_of_fold import write_out_of_fold
from minecover.features.planes import bands_under, flat_sets, names_of, surroundings
from minecover.learning.applicability import Applicability
from minecover.learning.folds import GroupedFolds
from minecover.learning.sample import Split
from minecover.learning.screening import Screening
from minecover.learning.training import Choice, Learned, finished, learn

log = logging.getLogger(__name__)


def run(params: Params) -> None:
    """Fit one model a fold and one on everything; predict each site with its fold's model."""
    sites = fetched_sites()
    folds, choice = pd.read_parquet(paths.FOLDS), choice_of(params)
    split = split_of(
        sites, GroupedFolds(params.value("folds.n"), params.value("folds.buffer_m")), folds
    )
    design, profile = str(params.value("design.name")), str(params.value("mask"))
    # Every table is read three times: to count, to draw, to score.
    bar = tqdm(desc="train", total=3 * len(sites), disable=not sys.stderr.isatty())

    def tables(index: int, features: Sequence[str]) -> SiteTable:
        bar.update()
        site_id = sites[index].site_id
        return read_table(
            paths.table(design, site_id),
            features=features,
            profile=profile,
            static=paths.table("location", site_id),
        )

    with bar:
        learned = learn(choice, tables, split)
    write_out_of_fold(paths.OUT_OF_FOLD, iter(learned.out_of_fold))
    ship(params, choice, learned, split, halo_px=max(site.halo_px for site in sites))
    n_mine = int(learned.sample.y.sum())
    log.info(
        "train: %d mine and %d other rows of %d sites, threshold %.3f",
        n_mine,
        len(learned.sample.y) - n_mine,
        len(sites),
        learned.cuts["location"].shipped,
    )


def split_of(sites: Sequence[Site], splitter: GroupedFolds, folds: pd.DataFrame) -> Split:
    """Gather which ground each fold's model may know, of folds that were dealt."""
    folds = folds.set_index("site_id").loc[[site.site_id for site in sites]]
    fold_of_site = folds["fold"].to_numpy(np.int8)
    return Split(
        site_ids=tuple(folds.index),
        groups=tuple(folds["group"]),
        fold_of_site=fold_of_site,
        near=tuple(splitter.too_near(sites, fold_of_site)),
    )


def columns_by_set(params: Params) -> dict[str, tuple[str, ...]]:
    """Return the columns of every chosen feature set, by its name.

    Raises
    ------
    ConfigError
        If `table` has no set of a chosen name.
    """
    table, chosen = params.build("table"), params.value("features")
    if unknown := [name for name in chosen if name not in table]:
        raise ConfigError(
            f"features must be among {', '.join(table)}, found {', '.join(unknown)}. "
            "Fix features, or add the set to table in conf/config.yaml."
        )
    return {name: tuple(names_of(flat_sets({name: table[name]}))) for name in chosen}


def chosen_columns(params: Params) -> tuple[str, ...]:
    """Return the columns of the chosen feature sets, in the order in which a model takes them."""
    return tuple(name for names in columns_by_set(params).values() for name in names)


def choice_of(params: Params) -> Choice:
    """Gather what a run chooses."""
    return Choice(
        family=params.build("model"),
        features=chosen_columns(params),
        recipe=params.build("design.recipe"),
        aggregation=params.build("aggregation"),
        calibration=params.value("design.calibration"),
        threshold=params.value("design.threshold"),
    )


def ship(
    params: Params, choice: Choice, learned: Learned, split: Split, *, halo_px: int
) -> None:
    """Write the model, with its threshold and its training's index, and what it is fed with."""
    applicability: Applicability = params.build("design.applicability")
    index = applicability.fit(learned.model, learned.sample, split.fold_of_site)
    threshold = learned.cuts["observation"].shipped
    model = finished(learned.model, threshold, {"applicability": index})
    write_json(
        paths.MODEL_CARD,
        {
            **_choices(params, choice.features),
            "features": list(choice.features),
            "halo_px": halo_px,
            "threshold": learned.cuts["location"].shipped,
            "observation_threshold": threshold,
            "calibration": choice.calibration,
            "screen": _screen(params, learned, split),
            "dissimilarity_threshold": round(index.threshold_, 4),
            "kept_negatives": learned.kept_negatives,
            "training_rows": {
                "mine": int(learned.sample.y.sum()),
                "sites": len(split.site_ids),
            },
            "sha256": _write_model(model),
        },
    )


def _screen(params: Params, learned: Learned, split: Split) -> dict[str, float] | None:
    """Choose who is looked at twice when a region is mapped, see `minecover.learning.screening`."""
    screening: Screening | None = params.build("design.screening")
    if screening is None:
        return None
    rule = screening.choose(
        learned.by_fold,
        learned.sample,
        split.fold_of_site[learned.sample.site],
        threshold=learned.cuts["location"].shipped,
        share=learned.kept_negatives,
    )
    return None if rule is None else rule.told()


def _choices(params: Params, features: Sequence[str]) -> dict[str, object]:
    """Gather what prediction has to know of the configuration."""
    # Features are made of planes that need not be features themselves.
    made_of = flat_sets(params.build("table"))
    taken = surroundings(made_of, features)
    mask = f"masks.{params.value('mask')}"
    looked_at = {*bands_under(made_of, features), *params.build(mask).bands}
    return {
        "name": params.value("tracking.registered_name"),
        "source": params.value("source.name"),
        "is_simulated": params.value("source.is_simulated"),
        "bands": [band for band in params.value("source.bands") if band in looked_at],
        "level": params.value("source.level"),
        "design": params.value("design.name"),
        "feature_sets": params.value("table"),
        "context": {
            # How services are asked changes no model, and may be another at prediction.
            name: params.complete(f"context.planes.{name}", shared=["world"])
            for name in sorted(taken)
        },
        "mask": params.value(mask),
        "aggregation": params.value("aggregation"),
        "model": params.value("model"),
    }


def _write_model(model: Pipeline) -> str:
    """Pickle the model; give the SHA-256 of its bytes."""
    content = pickle.dumps(model, protocol=5)
    with replacing(paths.MODEL) as temporary:
        temporary.write_bytes(content)
    return hashlib.sha256(content).hexdigest()
