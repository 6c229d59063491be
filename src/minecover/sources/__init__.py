"""Sources of scenes, one file or package each, all returning a `Cube`."""

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from minecover.core.cube import Cube
from minecover.core.errors import ConfigError
from minecover.core.sensors import BY_PLATFORM, offered
from minecover.core.sites import Site


class Source(Protocol):
    """Interface of a source of scenes."""

    def scenes(self, site: Site) -> Cube:
        """Return the scenes of a site on ``site.read_grid``.

        Parameters
        ----------
        site : Site
            The site, with its halo.

        Raises
        ------
        SceneError
            If the scenes of the site cannot be read, or none covers it.
        """
        ...


def check_period(first_day: str, last_day: str) -> None:
    """Check that a period goes from one ISO day to the same or a later one.

    Parameters
    ----------
    first_day, last_day : str
        ISO days, both included.

    Raises
    ------
    ConfigError
        If a day is invalid, or the last one precedes the first one.
    """
    try:
        is_period = date.fromisoformat(first_day) <= date.fromisoformat(last_day)
    except ValueError:
        is_period = False
    if not is_period:
        raise ConfigError(
            "a period must go from one ISO day to a later one, e.g. 2016-10-15 to 2017-05-09, "
            f"found {first_day} to {last_day}. Fix source.scenes.first_day and .last_day."
        )


def check_sensors(platforms: Sequence[str], bands: Sequence[str], *, level: int) -> None:
    """Check that platforms are known and of one family, and that all have the bands.

    Parameters
    ----------
    platforms : sequence of str
        Satellites, see `minecover.core.sensors.BY_PLATFORM`.
    bands : sequence of str
        Common names of the bands to read.
    level : int
        1, top of the atmosphere, or 2, surface.

    Raises
    ------
    ConfigError
        If a platform is unknown, they are of two families, or one lacks a band.
    """
    unknown = [name for name in platforms if name not in BY_PLATFORM]
    if unknown or not platforms:
        raise ConfigError(
            f"platforms must be some of {', '.join(BY_PLATFORM)}, found "
            f"{', '.join(unknown) or 'none'}. Fix source.platforms."
        )
    families = sorted({BY_PLATFORM[name].family for name in platforms})
    if len(families) > 1:
        raise ConfigError(
            f"platforms must be of one family, found {' and '.join(families)}, whose pixels "
            "and quality classes differ. Fix source.platforms."
        )
    known = offered(platforms, level)
    if not bands or not set(bands) <= set(known) or len(set(bands)) < len(bands):
        raise ConfigError(
            f"bands must be some of {', '.join(known)} (level {level} of "
            f"{', '.join(platforms)}), each once, "
            f"found {', '.join(bands) or 'none'}. Fix source.bands."
        )
