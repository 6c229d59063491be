"""True colour of a map's ground, in coarse pixels, for the overview on its page."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from affine import Affine
from numpy.typing import NDArray

from minecover.core.cube import F32, Cube
from minecover.core.grid import Grid
from minecover.core.raster import write_planes
from minecover.features.validity import Profile, valid

#: Folder of the files beside a map, and their bands.
TRUE_COLOUR, BANDS = "true_colour", ("red", "green", "blue")
#: Side of their pixels, at least [m].
PIXEL_M = 60.0
#: Digital numbers of a reflectance of 1, and the largest one; 0 is not observed.
SCALE, LARGEST = 10_000.0, 65_535.0


def write_true_colour(folder: Path, name: str, cube: Cube, profile: Profile) -> Path | None:
    """Write the true colour of a cube: each pixel on the clearest date that shows it.

    Parameters
    ----------
    folder : Path
        Folder of the map.
    name : str
        Name of the tile, window or site that the cube is of.
    cube : Cube
        The scenes, with their halo.
    profile : Profile
        Mask profile that decides which observations are valid.

    Returns
    -------
    Path or None
        The file ``true_colour/<name>.tif``, uint16 reflectance by `SCALE`; None if the scenes
        lack one of the `BANDS`.
    """
    n = max(1, round(PIXEL_M / cube.grid.side_m))
    if not set(BANDS) <= set(cube.bands):
        return None
    thinned = _thinned(cube, n)
    usable = valid(thinned, profile)
    values = thinned.values(*BANDS)
    found = np.full((len(BANDS), *thinned.grid.shape), np.nan, np.float32)
    for time in np.argsort(-usable.sum(axis=(1, 2)), kind="stable"):
        new = usable[time] & np.isnan(found[0])
        found[:, new] = values[time][:, new]
    counts = np.clip(np.rint(found * SCALE), 1, LARGEST)
    planes = np.where(np.isfinite(found), counts, 0).astype(np.uint16)
    path = folder / TRUE_COLOUR / f"{name}.tif"
    write_planes(path, dict(zip(BANDS, planes, strict=True)), thinned.grid)
    return path


def _thinned(cube: Cube, n: int) -> Cube:
    """Return every n-th pixel of a cube, without its halo; the last may reach beyond it."""
    core = cube.grid.grown(-cube.halo_px)
    rows, cols = (
        np.minimum(np.arange(n // 2, side + n // 2, n), side - 1) for side in core.shape
    )
    down, across = rows[:, None], cols[None, :]
    grid = Grid(core.crs, core.transform @ Affine.scale(n), (len(rows), len(cols)))
    dn: NDArray[np.uint16] | F32 = cube.dn[..., cube.halo_px + down, cube.halo_px + across]
    # A cube checks that its arrays fit its grid, so all are replaced at once.
    return replace(
        cube,
        dn=dn,
        qa=cube.core(cube.qa)[..., down, across],
        saturated=cube.core(cube.saturated)[..., down, across],
        grid=grid,
        halo_px=0,
    )
