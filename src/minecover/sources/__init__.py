"""Sources of scenes, one file or package each, all returning a `Cube`."""

from datetime import date
from typing import Protocol

from minecover.core.cube import Cube
from minecover.core.errors import ConfigError
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
