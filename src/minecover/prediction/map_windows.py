"""Map a large extent window by window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from minecover.core.config import service_settings
from minecover.core.cube import F32
from minecover.core.errors import NotCoveredError
from minecover.core.grid import Grid
from minecover.core.mine_pixels import MinePixels, TileMap, mine_pixels
from minecover.core.sites import Site
from minecover.features.context import compute_context
from minecover.prediction.around import surroundings_of
from minecover.prediction.bundle import ModelBundle
from minecover.prediction.detector import BANDS
from minecover.prediction.true_colour import write_true_colour
from minecover.sources import Source

#: Side of the windows in which a large area is read and scored [px].
WINDOW_PX = 512


@dataclass(frozen=True, slots=True, eq=False)
class MapWindow:
    """A window of a map.

    Parameters
    ----------
    rows, cols : slice
        Where it lies in the map.
    grid : Grid
        Its grid.
    dates : tuple of date
        Dates of its scenes.
    pixels : MinePixels
        Its mines.
    """

    rows: slice
    cols: slice
    grid: Grid
    dates: tuple[date, ...]
    pixels: MinePixels


def map_windows(
    bundle: ModelBundle, source: Source, extent: Grid, path: Path
) -> tuple[dict[str, F32], list[MapWindow]]:
    """Map an extent window by window; ground that no scene shows is not observed.

    Parameters
    ----------
    bundle : ModelBundle
        The model.
    source : Source
        Where the scenes come from.
    extent : Grid
        Grid of the map.
    path : Path
        Where the map will lie: the true colour of each window is written beside it.

    Returns
    -------
    maps : dict of str to (row, col) float32
        `minecover.prediction.detector.BANDS`.
    windows : list of MapWindow
        Those that a scene shows.
    """
    detector, planes = bundle.detector(), bundle.context(service_settings())
    maps = {name: np.full(extent.shape, np.nan, np.float32) for name in BANDS}
    maps["valid_dates"][:] = 0
    windows = []
    for rows, cols, grid in extent.windows(WINDOW_PX):
        site = Site(f"{rows.start}-{cols.start}", "", grid, bundle.card.halo_px)
        try:
            cube = source.scenes(site)
        except NotCoveredError:
            continue
        context = compute_context(planes, cube.grid)
        found = detector.maps(cube, context)
        for name, plane in found.items():
            maps[name][rows, cols] = plane
        mined = found["probability"] >= detector.threshold
        around = surroundings_of(
            bundle, cube, context, applicable=found["applicable"], mined=mined
        )
        pixels = mine_pixels(around, found["probability"], mined)
        windows.append(MapWindow(rows, cols, grid, cube.dates, pixels))
        name = f"{path.stem}-{site.site_id}"
        write_true_colour(path.parent, name, cube, detector.profile)
    return maps, windows


def window_tiles(probability: F32, windows: Sequence[MapWindow]) -> list[TileMap]:
    """Return the windows of a map as tiles, with the ground around each.

    Parameters
    ----------
    probability : (row, col) float32
        Probability of a mine on the whole map; NaN where not observed.
    windows : sequence of MapWindow
        Windows of the map.
    """
    observed = np.pad(~np.isnan(probability), 1, constant_values=False)
    return [
        TileMap(
            f"{window.rows.start}-{window.cols.start}",
            window.grid,
            window.pixels,
            observed[
                window.rows.start : window.rows.stop + 2,
                window.cols.start : window.cols.stop + 2,
            ],
        )
        for window in windows
    ]
