"""Compare two satellites on ground that both saw within some days, band by band."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from minecover.core.config import composed
from minecover.core.cube import F32, Cube
from minecover.core.errors import ConfigError, NotCoveredError
from minecover.core.harmonisation import BANDS
from minecover.core.sensors import BY_PLATFORM
from minecover.core.sites import Site
from minecover.evaluation.sensor_lines import SensorLine, fit_line
from minecover.features.validity import Profile, valid
from minecover.prediction.other_sensors import MASKS
from minecover.prediction.region.area import read_area
from minecover.prediction.region.tiles import tiles_of
from minecover.sources import Source
from minecover.sources.product_folder import ProductFolder

#: Side of the squares that are read [px], and pixels of each that are compared at most.
TILE_PX, MOST_PX = 512, 200_000


def compare_folder(
    folder: str, platforms: tuple[str, str], area: str, *, level: int, days: int
) -> dict[str, SensorLine]:
    """Compare two satellites whose products lie in one folder.

    Parameters
    ----------
    folder : str
        Folder of products of both.
    platforms : (str, str)
        The satellite that is turned into the other, and the other.
    area : str
        See `minecover.prediction.region.area.read_area`.
    level : int
        Processing level of both.
    days : int
        Largest difference between the days of two scenes.

    Returns
    -------
    dict of SensorLine
        By band.

    Raises
    ------
    ConfigError
        If a satellite is unknown.
    NotCoveredError
        If no ground was seen by both within these days.
    """
    if unknown := [name for name in platforms if name not in BY_PLATFORM]:
        raise ConfigError(
            f"satellites are {', '.join(BY_PLATFORM)}, found {', '.join(unknown)}. Name two of "
            "these."
        )
    sources = [ProductFolder(folder, level, BANDS, (name,)) for name in platforms]
    profiles = [
        composed().build(f"masks.{MASKS[BY_PLATFORM[name].family]}") for name in platforms
    ]
    sites = [
        Site(tile.tile_id, "", tile.grid, 0)
        for tile in tiles_of(read_area(area), size_px=TILE_PX)
    ]
    found = compare_sources(sources, profiles, sites, days=days)
    if not all(line.n for line in found.values()):
        raise NotCoveredError(
            f"no ground of {area} was seen by {platforms[0]} and {platforms[1]} within {days} "
            "days. Raise --days, or add products."
        )
    return found


def compare_sources(
    sources: Sequence[Source], profiles: Sequence[Profile], sites: Iterable[Site], *, days: int
) -> dict[str, SensorLine]:
    """Compare two sources on sites, see `compare_folder`.

    Parameters
    ----------
    sources : two of Source
        The satellite that is turned into the other, and the other.
    profiles : two of Profile
        Their masks.
    sites : iterable of Site
        Ground; what only one of them shows is left out.
    days : int
        Largest difference between the days of two scenes.

    Returns
    -------
    dict of SensorLine
        By band.
    """
    pairs: list[tuple[F32, F32]] = []
    for site in sites:
        try:
            cubes = [source.scenes(site) for source in sources]
        except NotCoveredError:
            continue
        pairs += _pairs(cubes, profiles, days)
    nothing = np.empty((len(BANDS), 0), np.float32)
    both = [np.concatenate([nothing, *(pair[k] for pair in pairs)], axis=1) for k in range(2)]
    return {band: fit_line(one, other) for band, one, other in zip(BANDS, *both, strict=True)}


def _pairs(
    cubes: Sequence[Cube], profiles: Sequence[Profile], days: int
) -> list[tuple[F32, F32]]:
    """Return pixels (band, n) that both saw, of each scene with the nearest of the other."""
    values = [cube.values(*BANDS) for cube in cubes]
    usable = [valid(cube, profile) for cube, profile in zip(cubes, profiles, strict=True)]
    others = np.array([day.toordinal() for day in cubes[1].dates])
    found = []
    for at, day in enumerate(cubes[0].dates):
        nearest = int(np.abs(others - day.toordinal()).argmin())
        seen = usable[0][at] & usable[1][nearest]
        if abs(others[nearest] - day.toordinal()) > days or not seen.any():
            continue
        some = np.flatnonzero(seen)[:: 1 + np.count_nonzero(seen) // MOST_PX]
        one, other = (
            planes.reshape(len(BANDS), -1)[:, some]
            for planes in (values[0][at], values[1][nearest])
        )
        found.append((one, other))
    return found
