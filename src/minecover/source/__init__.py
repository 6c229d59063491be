"""Where scenes come from: one file a source, all giving the same `Cube`."""

from typing import Protocol

from minecover.cube import Cube
from minecover.sites import Site


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
