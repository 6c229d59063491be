"""From blocks and a patch to the planes that were asked for, and to no others."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
from numpy.typing import NDArray

from minecover.cube import F32, Cube
from minecover.errors import ConfigError
from minecover.features import Block, LocationFeature, ObservationFeature
from minecover.features.series import Series


def names_of(blocks: Mapping[str, Block]) -> list[str]:
    """List every plane that some blocks can give, in their order."""
    return [name for block in blocks.values() for name in block.names]


def givable(
    blocks: Mapping[str, Block], bands: Collection[str], around: Collection[str]
) -> dict[str, Block]:
    """Keep what can be computed from some bands and context planes.

    A table carries every block that a model may choose from; what a source or a missing layer
    does not allow is a missing column by name, and no zero.
    """
    kept: dict[str, Block] = {}
    for name, block in blocks.items():
        if isinstance(block, ObservationFeature) and (part := _on_bands(block, bands)):
            kept[name] = part
    known = set(names_of(kept))
    over_dates = {
        name: block
        for name, block in blocks.items()
        if isinstance(block, LocationFeature)
        and set(block.inputs) <= known
        and set(block.surroundings) <= set(around)
    }
    found = {**kept, **over_dates}
    return {name: found[name] for name in blocks if name in found}


def _on_bands(block: ObservationFeature, bands: Collection[str]) -> ObservationFeature | None:
    """Leave out of a block what takes other bands."""
    names = [name for name in block.names if set(block.only([name]).bands) <= set(bands)]
    return block.only(names) if names else None


def observation_planes(
    cube: Cube,
    valid: NDArray[np.bool_],
    blocks: Mapping[str, Block],
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
    blocks : mapping of Block
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
        If no block gives a column, or the halo is too narrow for one.
    """
    _check_reach(cube, blocks, columns)
    needed = _inputs(blocks, columns) | set(columns)
    planes: dict[str, F32] = {}
    for block in _on_dates(blocks, needed):
        near = cube.within(min(halo_px + block.reach_px, cube.halo_px))
        values = block.on_dates(near, cube.core(valid, halo_px=near.halo_px))
        values = near.core(values, halo_px=halo_px)
        asked = ((i, name) for i, name in enumerate(block.names) if name in needed)
        planes.update({name: values[:, i] for i, name in asked})
    return planes


def location_planes(
    planes: Mapping[str, F32],
    valid: NDArray[np.bool_],
    around: Mapping[str, F32],
    blocks: Mapping[str, Block],
    columns: Collection[str],
) -> dict[str, F32]:
    """Compute location planes: date medians of observation planes, and the blocks' own.

    Parameters
    ----------
    planes : mapping of (time, row, col) float32
        From `observation_planes`.
    valid : (time, row, col) bool
    around : mapping of (row, col) float32
        Context planes.
    blocks, columns
        See `observation_planes`.

    Returns
    -------
    dict of (row, col) float32
        By column, as large as the planes; NaN where no date is valid.
    """
    series = Series.of(planes, valid, around)
    found = {name: series.median(name) for name in planes if name in columns}
    for block in _over_dates(blocks, columns):
        found.update(zip(block.names, block.over_dates(series), strict=True))
    return {name: found[name] for name in columns}


def reach_px(blocks: Mapping[str, Block], columns: Collection[str]) -> int:
    """How far round a pixel the named columns look [px]: the least halo they need."""
    of_plane = {
        name: block.reach_px
        for block in blocks.values()
        if isinstance(block, ObservationFeature)
        for name in block.names
    }
    reaches = [of_plane[name] for name in columns if name in of_plane]
    for block in _over_dates(blocks, columns):
        deepest = max((of_plane.get(name, 0) for name in block.inputs), default=0)
        reaches.append(block.reach_px + deepest)
    return max(reaches, default=0)


def reach_over_dates_px(blocks: Mapping[str, Block], columns: Collection[str]) -> int:
    """How far round a pixel the named columns look at observation planes [px]."""
    return max((block.reach_px for block in _over_dates(blocks, columns)), default=0)


def surroundings(blocks: Mapping[str, Block], columns: Collection[str]) -> set[str]:
    """Name the context planes that some columns are made of."""
    return {name for block in _over_dates(blocks, columns) for name in block.surroundings}


def bands_under(blocks: Mapping[str, Block], columns: Collection[str]) -> set[str]:
    """Name the bands that some columns are made of: no others need to be read for them."""
    needed = _inputs(blocks, columns) | set(columns)
    return {band for block in _on_dates(blocks, needed) for band in block.bands}


def _on_dates(blocks: Mapping[str, Block], names: Collection[str]) -> list[ObservationFeature]:
    """List the observation blocks that give some of the planes, and little else."""
    return [
        block.only(names)
        for block in blocks.values()
        if isinstance(block, ObservationFeature) and set(names) & set(block.names)
    ]


def _over_dates(blocks: Mapping[str, Block], columns: Collection[str]) -> list[LocationFeature]:
    """List the location blocks that give some of the columns."""
    return [
        block
        for block in blocks.values()
        if isinstance(block, LocationFeature) and set(columns) & set(block.names)
    ]


def _inputs(blocks: Mapping[str, Block], columns: Collection[str]) -> set[str]:
    """Name the observation planes that the asked location features take."""
    return {name for block in _over_dates(blocks, columns) for name in block.inputs}


def _check_reach(cube: Cube, blocks: Mapping[str, Block], columns: Collection[str]) -> None:
    known = names_of(blocks)
    asked = [*_inputs(blocks, columns), *columns]
    if missing := sorted({name for name in asked if name not in known}):
        raise ConfigError(
            f"no feature block gives {', '.join(missing)}. "
            "Add the block to `table` in conf/config.yaml (and to `features`)."
        )
    reach = reach_px(blocks, columns)
    if reach > cube.halo_px:
        raise ConfigError(
            f"the features look {reach} px round a pixel and the patches have a halo of "
            f"{cube.halo_px} px: a map would depend on how it was cut. "
            "Raise sites.layouts.*.halo_px, or choose features that look less far."
        )
