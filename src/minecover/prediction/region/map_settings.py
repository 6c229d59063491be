"""The settings of a map: its model, its source, and whether they fit."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from minecover.core.config import service_settings
from minecover.core.errors import RegionError
from minecover.core.periods import Period
from minecover.prediction.bundle import ModelBundle
from minecover.prediction.detector import check_bands
from minecover.prediction.maps import is_folder, source_params
from minecover.prediction.other_sensors import folder_source, for_platforms
from minecover.prediction.region.tile_job import MapSettings, source_of


def map_settings(
    model: str,
    source: str,
    out: Path,
    *,
    is_screened: bool = True,
    is_masked: bool = True,
    period: Period | None = None,
) -> MapSettings:
    """Find model and source of a map, and check that they fit.

    Parameters
    ----------
    model : str
        See `minecover.prediction.bundle.ModelBundle.find`.
    source : str
        A product folder, or an option of conf/source.
    out : Path
        Folder of the map.
    is_screened : bool
        Whether the first trees of the model select the locations that all trees score, if its
        card has such a rule.
    is_masked : bool
        See `minecover.prediction.bundle.ModelBundle.find`.
    period : Period or None
        Days of the scenes; None for all that the source has.

    Returns
    -------
    MapSettings

    Raises
    ------
    ModelError
        If the source lacks bands that the model takes.
    NotCoveredError
        If a product folder holds no product of the period.
    RegionError
        If the scenes of another source cannot be chosen by their days.
    """
    bundle = ModelBundle.find(model, is_masked=is_masked)
    card = bundle.card
    if is_folder(source):
        scenes, source_name = str(Path(source).resolve()), Path(source).resolve().name
        products = folder_source(scenes, card, period)
        platforms, listed = products.platforms, "\n".join(products.product_ids())
    else:
        params, source_name = source_params(source), source
        check_bands(card.bands, params.value("source.bands"))
        platforms = params.value("source.platforms")
        scenes = json.dumps(_in_period(params.complete("source.scenes"), source, period))
        listed = json.dumps(_in_period(params.value("source.scenes"), source, period))
    settings = settings_of(
        for_platforms(bundle, platforms),
        out,
        source=scenes,
        source_name=source_name,
        products=hashlib.sha256(listed.encode()).hexdigest(),
        is_screened=is_screened,
    )
    return replace(settings, period=str(period) if period else "")


def harmonised(settings: MapSettings, like: str) -> MapSettings:
    """Return the settings of a map whose scenes get the reflectance of one satellite.

    Parameters
    ----------
    settings : MapSettings
        Of a folder of products.
    like : str
        The satellite, see `minecover.core.harmonisation.published`.

    Raises
    ------
    ConfigError
        If no published line turns the products into it.
    RegionError
        If the scenes are not those of a folder.
    """
    if settings.source.startswith("{"):
        raise RegionError(
            f"--like {like} is for a folder of products, and --source {settings.source_name} "
            "is an option of conf/source. Leave it out; sources of folders have the key "
            "source.scenes.like."
        )
    found = replace(settings, like=like)
    source_of(found)
    return found


def settings_of(
    bundle: ModelBundle,
    out: Path,
    *,
    source: str,
    source_name: str,
    products: str,
    is_screened: bool,
) -> MapSettings:
    """Return the settings of a map with a model bundle.

    Parameters
    ----------
    bundle : ModelBundle
        The model, with the mask to use.
    out : Path
        Folder of the map.
    source, source_name, products, is_screened
        See `MapSettings`.
    """
    return MapSettings(
        model=str(bundle.path.resolve()),
        card=str(bundle.card.path.resolve()),
        sha256=bundle.sha256,
        card_sha256=bundle.card_sha256,
        source=source,
        products=products,
        services=json.dumps(service_settings()),
        out=str(out.resolve()),
        is_screened=is_screened,
        mask=json.dumps(bundle.card.value("mask"), sort_keys=True),
        other_sensors=bundle.card.other_sensors,
        model_name=bundle.name,
        source_name=source_name,
    )


def _in_period(
    scenes: Mapping[str, object], source: str, period: Period | None
) -> dict[str, object]:
    """Return the configuration of a source with the days of a period."""
    if period is None:
        return dict(scenes)
    if not {"first_day", "last_day"} <= scenes.keys():
        raise RegionError(
            f"source={source} has no source.scenes.first_day, so its scenes cannot be chosen "
            "by period. Leave --period out, or name a source that has: a product folder, "
            "earth_engine, stac, simulated_years."
        )
    return {
        **scenes,
        "first_day": period.first_day.isoformat(),
        "last_day": period.last_day.isoformat(),
    }
