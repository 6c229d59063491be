"""From feature sets and a cube to the planes of some columns, and of no others."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from minecover.core.cube import F32, Cube
from minecover.core.errors import ConfigError
from minecover.features import FeatureSet, LocationFeature, ObservationFeature
from minecover.features.date_series import DateSeries
from minecover.features.requirements import (
    input_planes,
    location_reach_px,
    location_sets,
    observation_sets,
    reach_px,
)

#: Missing columns that an error names.
N_NAMED = 5


def flat_sets(
    nested: Mapping[str, FeatureSet | Mapping[str, FeatureSet]],
) -> dict[str, FeatureSet]:
    """Return feature sets by name, those of a group as ``<group>.<set>``."""
    flat: dict[str, FeatureSet] = {}
    for name, one in nested.items():
        if isinstance(one, Mapping):
            flat |= {f"{name}.{part}": inner for part, inner in one.items()}
        else:
            flat[name] = one
    return flat


def plane_names(feature_sets: Mapping[str, FeatureSet]) -> list[str]:
    """Return the names of all planes of some feature sets, in their order."""
    return [name for feature_set in feature_sets.values() for name in feature_set.names]


def computable_sets(
    feature_sets: Mapping[str, FeatureSet], bands: Collection[str], context: Collection[str]
) -> dict[str, FeatureSet]:
    """Return what can be computed from some bands and context planes.

    A table carries every feature set that a model may choose from. Where a source lacks a band
    or a layer is missing, the columns that need it are absent, never zero.

    Parameters
    ----------
    feature_sets : mapping of str to FeatureSet
        From `flat_sets`.
    bands : collection of str
        Bands of the source.
    context : collection of str
        Names of the context planes that are configured.

    Returns
    -------
    dict of str to FeatureSet
        In the order of `feature_sets`. Observation features are reduced to the planes that can
        be computed; location features are returned whole or not at all.
    """
    on_dates: dict[str, FeatureSet] = {}
    for name, feature_set in feature_sets.items():
        if isinstance(feature_set, ObservationFeature) and (
            part := _with_bands(feature_set, bands)
        ):
            on_dates[name] = part
    known = set(plane_names(on_dates))
    over_dates = {
        name: feature_set
        for name, feature_set in feature_sets.items()
        if isinstance(feature_set, LocationFeature)
        and set(feature_set.inputs) <= known
        and set(feature_set.context_planes) <= set(context)
    }
    found = {**on_dates, **over_dates}
    return {name: found[name] for name in feature_sets if name in found}


def _with_bands(
    feature_set: ObservationFeature, bands: Collection[str]
) -> ObservationFeature | None:
    """Reduce a feature set to the planes that some bands are enough for."""
    names = [
        name for name in feature_set.names if set(feature_set.only([name]).bands) <= set(bands)
    ]
    return feature_set.only(names) if names else None


@dataclass(frozen=True, slots=True, eq=False)
class FeaturePlanes:
    """The features of a cube, without its halo.

    Parameters
    ----------
    observation : mapping of str to (time, row, col) float32
        Features of single dates, by name; undefined where an observation is not valid.
    location : mapping of str to (row, col) float32
        Features over all dates, by name; NaN where no date is valid.
    of_dates : callable
        Computes the features over some of the dates, (time,) bool, as `location`.
    """

    observation: Mapping[str, F32]
    location: Mapping[str, F32]
    of_dates: Callable[[NDArray[np.bool_]], dict[str, F32]]


def feature_planes(
    cube: Cube,
    valid: NDArray[np.bool_],
    context: Mapping[str, F32],
    feature_sets: Mapping[str, FeatureSet],
    columns: Collection[str],
    *,
    with_medians: bool,
) -> FeaturePlanes:
    """Compute the features of a cube: the same planes for tables and for prediction.

    Parameters
    ----------
    cube : Cube
        A site's scenes with the bands that the columns need, and a halo of at least
        `reach_px` of the columns.
    valid : (time, row, col) bool
        Usable observations, halo included.
    context : mapping of str to (row, col) float32
        Context planes on the cube's grid, by name.
    feature_sets : mapping of str to FeatureSet
        Every feature set that can be computed.
    columns : collection of str
        Names of the features to compute.
    with_medians : bool
        Whether features of single dates are also features of the location, as their median
        over the valid dates.

    Returns
    -------
    FeaturePlanes
        The columns, and the observation planes that location features among them are made of.

    Raises
    ------
    ConfigError
        If no feature set has a column, or the halo is too narrow for one.
    """
    reach = location_reach_px(feature_sets, columns, cube.grid.side_m)
    near = cube.within(min(reach, cube.halo_px) if cube.is_chip else reach)
    by_date = observation_planes(cube, valid, feature_sets, columns, halo_px=near.halo_px)
    usable = cube.core(valid, halo_px=near.halo_px)
    around = {name: cube.core(plane, halo_px=near.halo_px) for name, plane in context.items()}
    over = [name for name in columns if with_medians or name not in by_date]

    def over_dates(seen: NDArray[np.bool_]) -> dict[str, F32]:
        planes = location_planes(
            by_date, seen, around, feature_sets, over, pixel_m=cube.grid.side_m
        )
        return {name: near.core(plane) for name, plane in planes.items()}

    return FeaturePlanes(
        {name: near.core(plane) for name, plane in by_date.items()},
        over_dates(usable),
        lambda kept: over_dates(usable & kept[:, None, None]),
    )


def observation_planes(
    cube: Cube,
    valid: NDArray[np.bool_],
    feature_sets: Mapping[str, FeatureSet],
    columns: Collection[str],
    *,
    halo_px: int,
) -> dict[str, F32]:
    """Compute the observation planes among some columns, and those the others are made of.

    Parameters
    ----------
    cube : Cube
        A site's scenes, with a halo of at least `reach_px` of the columns.
    valid : (time, row, col) bool
        Usable observations, halo included.
    feature_sets : mapping of str to FeatureSet
        Every feature set that can be computed.
    columns : collection of str
        Names of observation and location features.
    halo_px : int
        Width of the halo that the planes keep, at least `location_reach_px` of the columns if
        location features are computed from them [px].

    Returns
    -------
    dict of str to (time, row, col) float32
        By name; undefined where an observation is not valid.

    Raises
    ------
    ConfigError
        If no feature set has a column, or the halo is too narrow for one.
    """
    _check_columns(cube, feature_sets, columns)
    needed = input_planes(feature_sets, columns) | set(columns)
    planes: dict[str, F32] = {}
    pixel_m = cube.grid.side_m
    for feature_set in observation_sets(feature_sets, needed):
        near = cube.within(min(halo_px + feature_set.reach_px(pixel_m), cube.halo_px))
        values = feature_set.on_dates(near, cube.core(valid, halo_px=near.halo_px))
        values = near.core(values, halo_px=halo_px)
        wanted = ((i, name) for i, name in enumerate(feature_set.names) if name in needed)
        planes.update({name: values[:, i] for i, name in wanted})
    return planes


def location_planes(
    planes: Mapping[str, F32],
    valid: NDArray[np.bool_],
    context: Mapping[str, F32],
    feature_sets: Mapping[str, FeatureSet],
    columns: Collection[str],
    *,
    pixel_m: float,
) -> dict[str, F32]:
    """Compute location planes: date medians of observation planes, and location features.

    Parameters
    ----------
    planes : mapping of str to (time, row, col) float32
        From `observation_planes`.
    valid : (time, row, col) bool
        Usable observations.
    context : mapping of str to (row, col) float32
        Context planes by name, on the same grid.
    feature_sets : mapping of str to FeatureSet
        Every feature set that can be computed.
    columns : collection of str
        Names of observation features (their median is computed) and of location features.
    pixel_m : float
        Side of a pixel [m].

    Returns
    -------
    dict of str to (row, col) float32
        By column, on the grid of the planes; NaN where no date is valid.
    """
    series = DateSeries.from_planes(planes, valid, context, pixel_m=pixel_m)
    found = {name: series.median(name) for name in planes if name in columns}
    for feature_set in location_sets(feature_sets, columns):
        found.update(zip(feature_set.names, feature_set.over_dates(series), strict=True))
    return {name: found[name] for name in columns}


def _check_columns(
    cube: Cube, feature_sets: Mapping[str, FeatureSet], columns: Collection[str]
) -> None:
    """Refuse columns of no feature set, and a halo that is too narrow."""
    known = plane_names(feature_sets)
    wanted = [*input_planes(feature_sets, columns), *columns]
    if missing := sorted({name for name in wanted if name not in known}):
        raise ConfigError(
            f"no feature set has {', '.join(missing[:N_NAMED])}"
            f"{' ...' if len(missing) > N_NAMED else ''}. "
            "Add the feature set to `table` in conf/config.yaml (and to `features`)."
        )
    pixel_m = cube.grid.side_m
    reach = reach_px(feature_sets, columns, pixel_m)
    if cube.is_chip:
        _check_parts(cube, feature_sets, wanted)
    elif reach > cube.halo_px:
        raise ConfigError(
            f"the features use ground up to {reach * pixel_m:g} m away, but the scenes have a "
            f"halo of {cube.halo_px * pixel_m:g} m, so the map would depend on the tiling. "
            "Raise sites.layouts.*.halo_m, or choose features with a shorter reach."
        )


def _check_parts(
    cube: Cube, feature_sets: Mapping[str, FeatureSet], columns: Collection[str]
) -> None:
    """Refuse columns that look beyond the edge of a chip and need all that lies there."""
    pixel_m = cube.grid.side_m
    whole = [
        name
        for name, one in feature_sets.items()
        if set(columns) & set(one.names)
        and one.reach_px(pixel_m) > cube.halo_px
        and getattr(one, "least_share", None) is None
    ]
    if whole:
        raise ConfigError(
            f"the feature sets {', '.join(whole)} look beyond the edges of chips, where there "
            "is no ground. Give them a least_share in `table` if they take one, or leave them "
            "out."
        )
