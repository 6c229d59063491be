"""What some columns are computed from: feature sets, bands, context planes and a halo."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from minecover.features import FeatureSet, LocationFeature, ObservationFeature


def reach_px(
    feature_sets: Mapping[str, FeatureSet], columns: Collection[str], pixel_m: float
) -> int:
    """Return the least halo with which some columns can be computed [px], given a pixel [m].

    The reach of a location feature adds to that of the observation planes it is made of.
    """
    of_plane = {
        name: feature_set.reach_px(pixel_m)
        for feature_set in feature_sets.values()
        if isinstance(feature_set, ObservationFeature)
        for name in feature_set.names
    }
    reaches = [of_plane[name] for name in columns if name in of_plane]
    for feature_set in location_sets(feature_sets, columns):
        deepest = max((of_plane.get(name, 0) for name in feature_set.inputs), default=0)
        reaches.append(feature_set.reach_px(pixel_m) + deepest)
    return max(reaches, default=0)


def location_reach_px(
    feature_sets: Mapping[str, FeatureSet], columns: Collection[str], pixel_m: float
) -> int:
    """Return the halo of observation planes that location features among columns need [px]."""
    return max(
        (feature_set.reach_px(pixel_m) for feature_set in location_sets(feature_sets, columns)),
        default=0,
    )


def context_planes(
    feature_sets: Mapping[str, FeatureSet], columns: Collection[str]
) -> set[str]:
    """Return the names of the context planes that some columns are computed from."""
    return {
        name
        for feature_set in location_sets(feature_sets, columns)
        for name in feature_set.context_planes
    }


def required_bands(
    feature_sets: Mapping[str, FeatureSet], columns: Collection[str]
) -> set[str]:
    """Return the names of the bands that some columns are computed from."""
    needed = input_planes(feature_sets, columns) | set(columns)
    return {
        band
        for feature_set in observation_sets(feature_sets, needed)
        for band in feature_set.bands
    }


def observation_sets(
    feature_sets: Mapping[str, FeatureSet], names: Collection[str]
) -> list[ObservationFeature]:
    """Return the observation features with some of the planes, reduced to these."""
    return [
        feature_set.only(names)
        for feature_set in feature_sets.values()
        if isinstance(feature_set, ObservationFeature) and set(names) & set(feature_set.names)
    ]


def location_sets(
    feature_sets: Mapping[str, FeatureSet], columns: Collection[str]
) -> list[LocationFeature]:
    """Return the location features with some of the columns, whole."""
    return [
        feature_set
        for feature_set in feature_sets.values()
        if isinstance(feature_set, LocationFeature) and set(columns) & set(feature_set.names)
    ]


def input_planes(feature_sets: Mapping[str, FeatureSet], columns: Collection[str]) -> set[str]:
    """Return the names of the observation planes that location features take as inputs."""
    return {
        name
        for feature_set in location_sets(feature_sets, columns)
        for name in feature_set.inputs
    }
