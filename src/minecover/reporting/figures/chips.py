"""Pictures without axes, a pixel a pixel: for pages that draw outlines over them themselves."""

from __future__ import annotations

import io

import numpy as np
from matplotlib import colormaps
from matplotlib.image import imsave
from numpy.typing import NDArray

from minecover.core.cube import F32, Cube
from minecover.reporting.figures.site import (
    PROBABILITY_COLOURS,
    TRUE_COLOUR,
    filled,
    infrared,
    stretched,
)


def chips(
    cube: Cube, time: int, valid: NDArray[np.bool_], probability: F32
) -> dict[str, bytes]:
    """Draw a date of a site in true colour and in infrared, and its probability.

    Parameters
    ----------
    cube : Cube
        Its scenes, with the halo.
    time : int
        Position of the date.
    valid : (row, col) bool
        Usable on that date, without the halo.
    probability : (row, col) float32
        Over all dates; NaN where never observed.

    Returns
    -------
    dict of str to bytes
        PNG by caption, one pixel of the picture a pixel of the ground.
    """
    day = f"{cube.dates[time]:%d %b %Y}"
    colours = {
        f"true colour, {day}": stretched(cube, time, TRUE_COLOUR, valid),
        f"infrared, {day}": stretched(cube, time, infrared(cube.bands), valid),
        "probability of a mine": np.where(
            np.isfinite(probability)[..., None],
            colormaps[PROBABILITY_COLOURS](np.nan_to_num(probability))[..., :3],
            np.nan,
        ),
    }
    return {caption: _png(filled(picture)) for caption, picture in colours.items()}


def _png(colours: F32) -> bytes:
    """Encode red, green and blue, 0 ... 1; the same picture gives the same bytes."""
    stream = io.BytesIO()
    imsave(stream, colours, format="png", metadata={"Software": ""})
    return stream.getvalue()
