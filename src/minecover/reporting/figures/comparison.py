"""Draw the maps of two models of one site side by side."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from minecover.core.cube import F32
from minecover.reporting.figures.canvas import canvas
from minecover.reporting.figures.site import draw_outlines, show_probability


def two_maps(
    maps: Mapping[str, F32],
    label: NDArray[np.int8],
    truth: NDArray[np.int8],
    *,
    title: str,
    simulated: bool,
) -> Figure:
    """Draw the probabilities of two models of one site, with the outlines of its mines.

    Parameters
    ----------
    maps : mapping of str to (row, col) float32
        Probability of a mine of each model, by caption; NaN where never observed.
    label, truth : (row, col) int8
        1 mine, 0 no mine, -1 ignore or unknown.
    title : str
        Title of the figure.
    simulated : bool
        Whether the data are simulated; the title then says so.

    Returns
    -------
    Figure
    """
    with canvas(title, simulated, (5.2 * len(maps), 5.8)) as figure:
        pictures = figure.subplots(1, len(maps), squeeze=False).ravel()
        for axes, (name, plane) in zip(pictures, maps.items(), strict=True):
            image = show_probability(axes, plane)
            axes.set_title(name)
        draw_outlines(figure, list(pictures), label, truth)
        figure.colorbar(image, ax=list(pictures), shrink=0.8, label="probability of a mine")
    return figure
