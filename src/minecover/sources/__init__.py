"""Where scenes come from: one file a source, all giving the same `Cube`."""

from datetime import date
from typing import Protocol

from minecover.core.cube import Cube
from minecover.core.errors import ConfigError
from minecover.core.sites import Site


class Source(Protocol):
    """Anything that delivers a site's scenes."""

    def scenes(self, site: Site) -> Cube:
        """Read the site's scenes onto `site.read_grid`.

        Raises
        ------
        SceneError
            If the site's scenes cannot be read, or none covers it.
        """
        ...


def check_period(first_day: str, last_day: str) -> None:
    """Refuse a period that does not go from one ISO day to the same or a later one.

    Raises
    ------
    ConfigError
    """
    try:
        is_period = date.fromisoformat(first_day) <= date.fromisoformat(last_day)
    except ValueError:
        is_period = False
    if not is_period:
        raise ConfigError(
            "a period goes from one ISO day to a later one, e.g. 2016-10-15 to 2017-05-09, "
            f"found {first_day} to {last_day}. Fix source.scenes.first_day and .last_day."
        )
