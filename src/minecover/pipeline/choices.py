"""Check choices of the configuration against each other, before anything is fetched."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import yaml

from minecover.core.config import CONF, Params
from minecover.core.errors import ConfigError, first_names
from minecover.core.lattice import Lattice
from minecover.core.sensors import BY_PLATFORM
from minecover.core.watched import file_or
from minecover.features import FeatureSet
from minecover.features.planes import computable_sets, flat_sets, plane_names
from minecover.features.requirements import (
    context_planes,
    input_planes,
    reach_px,
    required_bands,
)
from minecover.features.validity import Profile, chosen_profile
from minecover.learning.folds import GroupedFolds
from minecover.pipeline.stages.train import columns_by_set
from minecover.pipeline.value_checks import check_values

#: Keys of the objects that stages build; each checks its own values.
OBJECTS = (
    "labels.reader",
    "sites.layouts",
    "source.scenes",
    "context",
    "aggregation",
    "design",
    "fewer_dates",
    "model",
    "metrics",
    "tracking",
    "promotion",
)
#: What DVC watches of the simulated world, unless mines are drawn by hand.
SIMULATION = "src/minecover/sources/simulation"


def check_choices(params: Params) -> None:
    """Refuse choices that do not go together, which a stage would find after hours of fetching.

    Parameters
    ----------
    params : Params
        The whole configuration.

    Raises
    ------
    MinecoverError
        If an object refuses its values.
    ConfigError
        If a value has the wrong type or is out of range; if the source or the context lacks
        what the chosen features or the mask need, or the halo of a layout is too narrow for
        them.
    FoldError
        If there are fewer than two folds.
    """
    check_values(params)
    for key in OBJECTS:
        params.build(key)
    GroupedFolds(params.value("folds.n"), params.value("folds.buffer_m"))
    bands = [str(band) for band in params.value("source.bands")]
    feature_sets = flat_sets(params.build("table"))
    context = list(params.value("context.planes") or {})
    computable = computable_sets(feature_sets, bands, context)
    _check_features(params, feature_sets, set(plane_names(computable)), bands, context)
    halo_m = _halo_m(params)
    _check_sides(params)
    _check_simulated(params)
    _check_mask(params, bands, halo_m)
    pixel_m = float(params.value("lattice.pixel_m"))
    reach_m = reach_px(computable, plane_names(computable), pixel_m) * pixel_m
    if halo_m is not None and reach_m > halo_m:
        raise ConfigError(
            f"the feature sets of `table` use ground up to {reach_m:g} m away, found a halo of "
            f"{halo_m:g} m. Set sites.layouts.*.halo_m={reach_m:g}, or choose sets with a "
            "shorter reach."
        )


def _check_features(
    params: Params,
    feature_sets: Mapping[str, FeatureSet],
    known: Collection[str],
    bands: Sequence[str],
    context: Sequence[str],
) -> None:
    """Refuse no feature set at all, and a chosen one of which a column cannot be computed."""
    if not params.value("features"):
        raise ConfigError(
            f"features is empty. Choose some of {', '.join(params.value('table'))}."
        )
    missing = {
        name: [column for column in columns if column not in known]
        for name, columns in columns_by_set(params).items()
    }
    lost = [column for columns in missing.values() for column in columns]
    if not lost:
        return
    needed = input_planes(feature_sets, lost) | set(lost)
    no_band = sorted(required_bands(feature_sets, needed) - set(bands))
    no_plane = sorted(context_planes(feature_sets, lost) - set(context))
    no_input = sorted(needed - set(plane_names(feature_sets)) - set(no_band))
    lacks = [
        f"{what} {first_names(names)} ({key})"
        for what, names, key in (
            ("the bands", no_band, "source.bands"),
            ("the layers", no_plane, "context.planes"),
            ("the planes", no_input, "table"),
        )
        if names
    ]
    sets = [name for name, columns in missing.items() if columns]
    rest = [name for name in params.value("features") if name not in sets]
    raise ConfigError(
        f"features={_list(sets)} has {len(lost)} columns that cannot be computed "
        f"({first_names(lost)}): this configuration lacks {' and '.join(lacks)}. Choose other "
        f"features ({f'features={_list(rest)}' if rest else 'e.g. features=[bands]'}), or add "
        "what is missing."
    )


def _check_mask(params: Params, bands: Sequence[str], halo_m: float | None) -> None:
    """Refuse a mask profile that does not exist, or needs another band or a wider halo."""
    profiles: dict[str, Profile] = params.build("masks")
    chosen = str(params.value("mask"))
    profile = chosen_profile(profiles, chosen)
    if lacking := [band for band in profile.bands if band not in bands]:
        raise ConfigError(
            f"mask={chosen} needs the band {first_names(lacking)}, found source.bands="
            f"{_list(bands)}. Choose mask=strict, or a source that has it."
        )
    _check_layouts(chosen, profile, params.value("source.platforms"))
    if halo_m is not None and profile.dilate_m > halo_m:
        raise ConfigError(
            f"mask={chosen} uses pixels up to {profile.dilate_m:g} m away, found a halo of "
            f"{halo_m:g} m. Raise sites.layouts.*.halo_m, or lower masks.{chosen}.dilate_m."
        )


def _check_sides(params: Params) -> None:
    """Refuse sides of layouts that are no whole number of pixels."""
    lattice: Lattice = params.build("lattice")
    for name, node in params.value("sites.layouts").items():
        for side in ("size_m", "halo_m"):
            if node and side in node:
                lattice.count(float(node[side]), f"sites.layouts.{name}.{side}")


def _check_simulated(params: Params) -> None:
    """Refuse files and kinds of scenes of one's own where the ground is simulated."""
    masks = params.value("world.mine_masks")
    for group, reader, other in (
        ("labels", "labels.reader", "labels=files"),
        ("source", "source.scenes", "source=product_folder"),
    ):
        if not str(params.value(f"{reader}._target_")).startswith("minecover.sources.simulat"):
            continue
        found, own = params.value(f"{group}.input"), file_or(masks, SIMULATION)
        if found != own:
            raise ConfigError(
                f"{group}.input is {found}, and the chosen option of conf/{group} simulates "
                "and reads no files: the build would be of the simulated world. Choose the "
                f"option that reads them as well, such as {other}."
            )
        if group == "source":
            _check_unchanged(params, ("level", "platforms"))


def _check_unchanged(params: Params, keys: Sequence[str]) -> None:
    """Refuse values of a simulated source that its option sets and its scenes do not follow."""
    name = params.value("source.name")
    path = CONF / "source" / f"{name}.yaml"
    option = yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else {}
    option = option.get("source", option)
    for key in keys:
        found, own = params.value(f"source.{key}"), option.get(key)
        if own is not None and found != own:
            raise ConfigError(
                f"source.{key} is {found}, and the scenes of source={name}, which are "
                f"simulated, have {own} whatever it says. Leave it out, or choose a source "
                "that reads real scenes, such as source=product_folder."
            )


def _check_layouts(chosen: str, profile: Profile, platforms: Sequence[str]) -> None:
    """Refuse a mask profile that is made for the quality bands of other satellites."""
    families = {BY_PLATFORM[name].family for name in platforms if name in BY_PLATFORM}
    made_for = {"sentinel_2" if name == "s2" else "landsat" for name in profile.layouts}
    if families and made_for and not families & made_for:
        raise ConfigError(
            f"mask={chosen} is made for {' and '.join(sorted(made_for))}, found "
            f"source.platforms={_list(platforms)}. Choose mask="
            f"{'scl' if 'sentinel_2' in families else 'strict'}."
        )


def _halo_m(params: Params) -> float | None:
    """Return the narrowest halo of the layouts [m]; None where a layout has its own."""
    layouts = [node for node in params.value("sites.layouts").values() if node]
    halos = [float(node["halo_m"]) for node in layouts if "halo_m" in node]
    return min(halos) if halos else None


def _list(names: Sequence[str]) -> str:
    """Return names as Hydra's grammar writes a list."""
    return f"[{','.join(names)}]"
