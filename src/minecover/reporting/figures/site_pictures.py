"""Pictures of a site without axes, one image pixel per ground pixel, for the review page."""

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
    fill_missing,
    infrared_bands,
    stretch_bands,
)


def site_pictures(
    cube: Cube, time: int, valid: NDArray[np.bool_], probability: F32
) -> dict[str, bytes]:
    """Draw one date of a site in true colour and in infrared, and the site's probability map.

    Parameters
    ----------
    cube : Cube
        Scenes of the site, with the halo.
    time : int
        Index of the date in `cube.dates`.
    valid : (row, col) bool
        Whether each pixel is usable on that date, without the halo.
    probability : (row, col) float32
        Probability of a mine, aggregated over dates; NaN where never observed.

    Returns
    -------
    dict of str to bytes
        PNG by caption, without the halo; one image pixel per ground pixel. Composites whose
        bands the scenes lack are left out.
    """
    day = f"{cube.dates[time]:%d %b %Y}"
    composites = {"true colour": TRUE_COLOUR, "infrared": infrared_bands(cube.bands)}
    colours = {
        f"{name}, {day}": stretch_bands(cube, time, bands, valid)
        for name, bands in composites.items()
        if set(bands) <= set(cube.bands)
    }
    colours |= {
        "probability of a mine": np.where(
            np.isfinite(probability)[..., None],
            colormaps[PROBABILITY_COLOURS](np.nan_to_num(probability))[..., :3],
            np.nan,
        ),
    }
    return {caption: _encode(fill_missing(picture)) for caption, picture in colours.items()}


def _encode(colours: F32) -> bytes:
    """Encode (row, col, 3) colours of 0 ... 1 as PNG; equal pictures give equal bytes."""
    stream = io.BytesIO()
    imsave(stream, colours, format="png", metadata={"Software": ""})
    return stream.getvalue()
