"""From feature sets and a patch to the planes that were asked for, and to no others."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from minecover.core.cube import F32, Cube
from minecover.core.errors import ConfigError
from minecover.features import FeatureSet, LocationFeature, ObservationFeature
from minecover.features.series import Series


def flat_sets(
    nested: Mapping[str, FeatureSet | Mapping[str, FeatureSet]],
) -> dict[str, FeatureSet]:
    """Lay feature sets that stand in groups side by side, named ``<group>.<set>``."""
    flat: dict[str, FeatureSet] = {}
    for name, one in nested.items():
        if isinstance(one, Mapping):
            flat |= {f"{name}.{part}": inner for part, inner in one.items()}
        else:
            flat[name] = one
    return flat


def names_of(feature_sets: Mapping[str, FeatureSet]) -> list[str]:
    """List every plane that some feature sets can give, in their order."""
    return [name for feature_set in feature_sets.values() for name in feature_set.names]


def givable(
    feature_sets: Mapping[str, FeatureSet], bands: Collection[str], around: Collection[str]
) -> dict[str, FeatureSet]:
    """Keep what can be computed from some bands and context planes.

    A table carries every feature set that a model may choose from; what a source or a missing layer
    does not allow is a missing column by name, and no zero.
    """
    kept: dict[str, FeatureSet] = {}
    for name, feature_set in feature_sets.items():
        if isinstance(feature_set, ObservationFeature) and (
            part := _on_bands(feature_set, bands)
        ):
            kept[name] = part
    known = set(names_of(kept))
    over_dates = {
        name: feature_set
        for name, feature_set in feature_sets.items()
        if isinstance(feature_set, LocationFeature)
        and set(feature_set.inputs) <= known
        and set(feature_set.surroundings) <= set(around)
    }
    found = {**kept, **over_dates}
    return {name: found[name] for name in feature_sets if name in found}


def _on_bands(
    feature_set: ObservationFeature, bands: Collection[str]
) -> ObservationFeature | None:
    """Leave out of a feature set what takes other bands."""
    names = [
        name for name in feature_set.names if set(feature_set.only([name]).bands) <= set(bands)
    ]
    return feature_set.only(names) if names else None


@dataclass(frozen=True, slots=True, eq=False)
class FeaturePlanes:
    """The features of a patch, without its halo.

    Parameters
    ----------
    observation : mapping of (time, row, col) float32
        Features of single dates, by name.
    location : mapping of (row, col) float32
        Features over all dates, by name.
    """

    observation: Mapping[str, F32]
    location: Mapping[str, F32]


def feature_planes(
    cube: Cube,
    valid: NDArray[np.bool_],
    around: Mapping[str, F32],
    feature_sets: Mapping[str, FeatureSet],
    columns: Collection[str],
    *,
    with_medians: bool,
) -> FeaturePlanes:
    """Compute the features of a patch: what tables hold, and what a model is asked with.

    Parameters
    ----------
    cube : Cube
        A patch, with its halo.
    valid : (time, row, col) bool
        Usable observations, halo included.
    around : mapping of (row, col) float32
        Context planes on the cube's grid, by name.
    feature_sets : mapping of FeatureSet
        Everything that can be computed.
    columns : collection of str
        Names of the features that are wanted.
    with_medians : bool
        Whether a feature of single dates also is one of the location: its median over the
        valid dates.

    Raises
    ------
    ConfigError
        If no feature set gives a column, or the halo is too narrow for one.
    """
    near = cube.within(reach_over_dates_px(feature_sets, columns))
    by_date = observation_planes(cube, valid, feature_sets, columns, halo_px=near.halo_px)
    over_dates = location_planes(
        by_date,
        cube.core(valid, halo_px=near.halo_px),
        {name: cube.core(plane, halo_px=near.halo_px) for name, plane in around.items()},
        feature_sets,
        [name for name in columns if with_medians or name not in by_date],
    )
    return FeaturePlanes(
        {name: near.core(plane) for name, plane in by_date.items()},
        {name: near.core(plane) for name, plane in over_dates.items()},
    )


def observation_planes(
    cube: Cube,
    valid: NDArray[np.bool_],
    feature_sets: Mapping[str, FeatureSet],
    columns: Collection[str],
    *,
    halo_px: int,
) -> dict[str, F32]:
    """Compute the observation planes that some columns are, or are made of.

    Parameters
    ----------
    cube : Cube
        A patch, with its halo.
    valid : (time, row, col) bool
    feature_sets : mapping of FeatureSet
        Everything that can be computed.
    columns : collection of str
        Names of observation and location features.
    halo_px : int
        Of the cube's halo, what the planes keep: as much as location features look at, see
        `reach_over_dates_px`, and no more need be computed.

    Returns
    -------
    dict of (time, row, col) float32
        By name.

    Raises
    ------
    ConfigError
        If no feature set gives a column, or the halo is too narrow for one.
    """
    _check_reach(cube, feature_sets, columns)
    needed = _inputs(feature_sets, columns) | set(columns)
    planes: dict[str, F32] = {}
    for feature_set in _on_dates(feature_sets, needed):
        near = cube.within(min(halo_px + feature_set.reach_px, cube.halo_px))
        values = feature_set.on_dates(near, cube.core(valid, halo_px=near.halo_px))
        values = near.core(values, halo_px=halo_px)
        asked = ((i, name) for i, name in enumerate(feature_set.names) if name in needed)
        planes.update({name: values[:, i] for i, name in asked})
    return planes


def location_planes(
    planes: Mapping[str, F32],
    valid: NDArray[np.bool_],
    around: Mapping[str, F32],
    feature_sets: Mapping[str, FeatureSet],
    columns: Collection[str],
) -> dict[str, F32]:
    """Compute location planes: date medians of observation planes, and the feature sets' own.

    Parameters
    ----------
    planes : mapping of (time, row, col) float32
        From `observation_planes`.
    valid : (time, row, col) bool
    around : mapping of (row, col) float32
        Context planes.
    feature_sets, columns
        See `observation_planes`.

    Returns
    -------
    dict of (row, col) float32
        By column, as large as the planes; NaN where no date is valid.
    """
    series = Series.of(planes, valid, around)
    found = {name: series.median(name) for name in planes if name in columns}
    for feature_set in _over_dates(feature_sets, columns):
        found.update(zip(feature_set.names, feature_set.over_dates(series), strict=True))
    return {name: found[name] for name in columns}


def reach_px(feature_sets: Mapping[str, FeatureSet], columns: Collection[str]) -> int:
    """How far round a pixel the named columns look [px]: the least halo they need."""
    of_plane = {
        name: feature_set.reach_px
        for feature_set in feature_sets.values()
        if isinstance(feature_set, ObservationFeature)
        for name in feature_set.names
    }
    reaches = [of_plane[name] for name in columns if name in of_plane]
    for feature_set in _over_dates(feature_sets, columns):
        deepest = max((of_plane.get(name, 0) for name in feature_set.inputs), default=0)
        reaches.append(feature_set.reach_px + deepest)
    return max(reaches, default=0)


def reach_over_dates_px(
    feature_sets: Mapping[str, FeatureSet], columns: Collection[str]
) -> int:
    """How far round a pixel the named columns look at observation planes [px]."""
    return max(
        (feature_set.reach_px for feature_set in _over_dates(feature_sets, columns)), default=0
    )


def surroundings(feature_sets: Mapping[str, FeatureSet], columns: Collection[str]) -> set[str]:
    """Name the context planes that some columns are made of."""
    return {
        name
        for feature_set in _over_dates(feature_sets, columns)
        for name in feature_set.surroundings
    }


def bands_under(feature_sets: Mapping[str, FeatureSet], columns: Collection[str]) -> set[str]:
    """Name the bands that some columns are made of: no others need to be read for them."""
    needed = _inputs(feature_sets, columns) | set(columns)
    return {
        band for feature_set in _on_dates(feature_sets, needed) for band in feature_set.bands
    }


def _on_dates(
    feature_sets: Mapping[str, FeatureSet], names: Collection[str]
) -> list[ObservationFeature]:
    """List the observation feature sets that give some of the planes, and little else."""
    return [
        feature_set.only(names)
        for feature_set in feature_sets.values()
        if isinstance(feature_set, ObservationFeature) and set(names) & set(feature_set.names)
    ]


def _over_dates(
    feature_sets: Mapping[str, FeatureSet], columns: Collection[str]
) -> list[LocationFeature]:
    """List the location feature sets that give some of the columns."""
    return [
        feature_set
        for feature_set in feature_sets.values()
        if isinstance(feature_set, LocationFeature) and set(columns) & set(feature_set.names)
    ]


def _inputs(feature_sets: Mapping[str, FeatureSet], columns: Collection[str]) -> set[str]:
    """Name the observation planes that the asked location features take."""
    return {
        name
        for feature_set in _over_dates(feature_sets, columns)
        for name in feature_set.inputs
    }


def _check_reach(
    cube: Cube, feature_sets: Mapping[str, FeatureSet], columns: Collection[str]
) -> None:
    known = names_of(feature_sets)
    asked = [*_inputs(feature_sets, columns), *columns]
    if missing := sorted({name for name in asked if name not in known}):
        raise ConfigError(
            f"no feature set gives {', '.join(missing)}. "
            "Add the feature set to `table` in conf/config.yaml (and to `features`)."
        )
    reach = reach_px(feature_sets, columns)
    if reach > cube.halo_px:
        raise ConfigError(
            f"the features look {reach} px round a pixel and the patches have a halo of "
            f"{cube.halo_px} px: a map would depend on how it was cut. "
            "Raise sites.layouts.*.halo_px, or choose features that look less far."
        )
