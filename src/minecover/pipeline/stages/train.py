"""Stage `train`: the out-of-fold probabilities, and the final model with its card."""

import logging
import sys
from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
import pandas as pd
from tqdm import tqdm

from minecover.core import paths
from minecover.core.config import Params
from minecover.core.damaged import read_json, reading_parquet
from minecover.core.digests import write_model as write_model_file
from minecover.core.errors import ConfigError
from minecover.core.feature_table import SiteTable, read_table
from minecover.core.files import write_json
from minecover.core.outputs import fetched_sites, thinned_tables
from minecover.core.places import Places, ground_name
from minecover.core.sites import Site
from minecover.evaluation import ScoredModel, measure_no_skill, site_predictions
from minecover.evaluation.out_of_fold import write_out_of_fold
from minecover.features.planes import flat_sets, plane_names
from minecover.features.requirements import context_planes, reach_px, required_bands
from minecover.learning.applicability import Applicability
from minecover.learning.disagreement import SmallModels
from minecover.learning.folds import GroupedFolds
from minecover.learning.known_dates import KnownDates
from minecover.learning.sample import Split
from minecover.learning.screening import Screening
from minecover.learning.training import (
    TrainingResult,
    TrainingSettings,
    example_rows,
    train,
    with_threshold,
)

log = logging.getLogger(__name__)

#: What a row of features is, by the name of the design.
ROWS = {
    "location": "one place, its features computed over all dates",
    "observation": "one place on one date",
}


def run(params: Params) -> None:
    """Fit a model per fold and one on all sites; predict each site with its fold's model."""
    # Features, masks and bands are those that the tables were computed with.
    params = params.updated(read_json(paths.TABLE_SETTINGS))
    sites = fetched_sites()
    with reading_parquet(paths.FOLDS):
        folds = pd.read_parquet(paths.FOLDS)
    settings = training_settings(params)
    splitter = GroupedFolds(params.value("folds.n"), params.value("folds.buffer_m"))
    split = make_split(sites, splitter, folds)
    design, profile = str(params.value("design.name")), str(params.value("mask"))
    # Every table is read three times: to count rows, to sample them, to predict.
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

    thinned = thinned_tables(params, [site.site_id for site in sites])
    with bar:
        result = train(settings, tables, split, thinned=thinned)
    write_out_of_fold(paths.OUT_OF_FOLD, iter(result.out_of_fold))
    write_model(params, settings, result, split, sites=sites)
    n_thinned = int(result.sample.is_thinned.sum())
    n_mine = int(result.sample.y[~result.sample.is_thinned].sum())
    log.info(
        "train: %d mine and %d other rows of %d sites, %d rows of fewer dates, threshold %.3f",
        n_mine,
        len(result.sample.y) - n_thinned - n_mine,
        len(sites),
        n_thinned,
        result.thresholds["location"].shipped,
    )


def make_split(sites: Sequence[Site], splitter: GroupedFolds, folds: pd.DataFrame) -> Split:
    """Return which sites the model of each fold may be trained on.

    Parameters
    ----------
    sites : sequence of Site
        The sites to train on, in the order of their tables.
    splitter : GroupedFolds
        Knows the distance between training and test ground.
    folds : DataFrame
        Columns `site_id`, `group` and `fold`, with a row for every site.

    Returns
    -------
    Split
        Fold and group of every site, and the sites that are too near to each fold.
    """
    folds = folds.set_index("site_id").loc[[site.site_id for site in sites]]
    fold_of_site = folds["fold"].to_numpy(np.int8)
    return Split(
        site_ids=tuple(folds.index),
        groups=tuple(folds["group"]),
        fold_of_site=fold_of_site,
        near=tuple(splitter.too_near(sites, fold_of_site)),
        background=np.array([site.is_background for site in sites], np.bool_),
        chip_label=np.array([site.chip_label for site in sites], np.int8),
    )


def columns_by_set(params: Params) -> dict[str, tuple[str, ...]]:
    """Return the columns of every chosen feature set, by its name.

    Parameters
    ----------
    params : Params
        Of it, `table` and `features` are read.

    Returns
    -------
    dict of str to tuple of str
        Names of columns, by the name of their feature set.

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
    return {name: tuple(plane_names(flat_sets({name: table[name]}))) for name in chosen}


def chosen_columns(params: Params) -> tuple[str, ...]:
    """Return the columns of the chosen feature sets, in the order in which a model takes them.

    Parameters
    ----------
    params : Params
        Of it, `table` and `features` are read.

    Returns
    -------
    tuple of str
        Names of columns of the feature tables.
    """
    return tuple(name for names in columns_by_set(params).values() for name in names)


def training_settings(params: Params) -> TrainingSettings:
    """Return what a model is trained with.

    Parameters
    ----------
    params : Params
        Of it, `model`, `features`, `design` and `aggregation` are read.

    Returns
    -------
    TrainingSettings
        Model family, features, training recipe, aggregation, calibration and threshold.
    """
    return TrainingSettings(
        family=params.build("model"),
        features=chosen_columns(params),
        recipe=params.build("design.recipe"),
        aggregation=params.build("aggregation"),
        calibration=params.value("design.calibration"),
        threshold=params.value("design.threshold"),
    )


def write_model(
    params: Params,
    settings: TrainingSettings,
    result: TrainingResult,
    split: Split,
    *,
    sites: Sequence[Site],
) -> None:
    """Write models/model.pkl and its card models/model.json.

    Parameters
    ----------
    params : Params
        The parameters of the build.
    settings : TrainingSettings
        What the model was trained with.
    result : TrainingResult
        The model, its out-of-fold models and its thresholds.
    split : Split
        The folds that it was trained with.
    sites : sequence of Site
        The sites that it was trained on.
    """
    applicability: Applicability = params.build("design.applicability")
    index = applicability.fit(result.model, result.sample, split.fold_of_site)
    small: SmallModels = params.build("design.disagreement")
    members = small.fit(result.sample, index.columns_, kept_negatives=result.kept_negatives)
    threshold = result.thresholds["observation"].shipped
    steps = {"applicability": index, "disagreement": members}
    model = with_threshold(result.model, threshold, steps)
    write_json(
        paths.MODEL_CARD,
        {
            **_card_of(params, settings.features),
            "features": list(settings.features),
            "n_features": {name: len(each) for name, each in columns_by_set(params).items()},
            "halo_px": _halo_px(params, settings, sites),
            "threshold": result.thresholds["location"].shipped,
            "observation_threshold": threshold,
            "calibration": settings.calibration,
            "screen": _screen(params, result, split),
            "dissimilarity_threshold": round(index.threshold_, 4),
            "kept_negatives": result.kept_negatives,
            "dates": asdict(KnownDates.of(result.sample)),
            "training_rows": {
                "mine": int(result.sample.y[~result.sample.is_thinned].sum()),
                "sites": len(split.site_ids),
            },
            "places": Places.of(sites, _ground(params)).to_dict(),
            "pooling": result.pooling,
            "no_skill": _no_skill(params, settings, result),
            "example": example_rows(model, result.sample),
            "sha256": write_model_file(paths.MODEL, model),
        },
    )


def _halo_px(params: Params, settings: TrainingSettings, sites: Sequence[Site]) -> int:
    """Return the halo that maps need: the sites' own, or beyond chips the features' reach."""
    pixel_m = float(params.value("lattice.pixel_m"))
    reach = reach_px(flat_sets(params.build("table")), settings.features, pixel_m)
    return max(reach, *(site.halo_px for site in sites))


def _no_skill(params: Params, settings: TrainingSettings, result: TrainingResult) -> str:
    """Return why the model is no better than chance out of fold; empty if it is better."""
    scored = [site_predictions(site, settings.aggregation) for site in result.out_of_fold]
    model = ScoredModel(scored, result.thresholds)
    return measure_no_skill(model, params.build("metrics.bootstrap"))


def _ground(params: Params) -> str:
    """Return the name of the ground that the model is trained on."""
    is_simulated = bool(params.value("source.is_simulated"))
    return ground_name(is_simulated=is_simulated, seed=int(params.value("world.seed")))


def _screen(params: Params, result: TrainingResult, split: Split) -> dict[str, float] | None:
    """Choose the screening of regional maps, see `minecover.learning.screening`."""
    screening: Screening | None = params.build("design.screening")
    if screening is None:
        return None
    rule = screening.choose(
        result.by_fold,
        result.sample,
        split.fold_of_site[result.sample.site],
        threshold=result.thresholds["location"].shipped,
        share=result.kept_negatives,
    )
    return None if rule is None else rule.to_dict()


def _card_of(params: Params, features: Sequence[str]) -> dict[str, object]:
    """Return the configuration that prediction needs."""
    # Features are computed from planes that need not be features themselves.
    feature_sets = flat_sets(params.build("table"))
    planes = context_planes(feature_sets, features)
    mask = f"masks.{params.value('mask')}"
    needed_bands = {*required_bands(feature_sets, features), *params.build(mask).bands}
    return {
        "name": params.value("tracking.registered_name"),
        "source": params.value("source.name"),
        "is_simulated": params.value("source.is_simulated"),
        "remark": params.value("labels.remark"),
        "bands": [band for band in params.value("source.bands") if band in needed_bands],
        "level": params.value("source.level"),
        "platforms": params.value("source.platforms"),
        "lattice": params.value("lattice"),
        "design": params.value("design.name"),
        "row": ROWS[str(params.value("design.name"))],
        "feature_sets": params.value("table"),
        "context": {name: params.value(f"context.planes.{name}") for name in sorted(planes)},
        "mask": params.value(mask),
        "aggregation": params.value("aggregation"),
        "model": params.value("model"),
    }
