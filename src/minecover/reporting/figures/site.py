"""Draw a site: colour composites, labels, and probabilities of each date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure, SubFigure
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from minecover.core.cube import F32, Cube
from minecover.reporting.figures.canvas import SKY, canvas
from minecover.reporting.figures.composites import (
    NOT_OBSERVED_COLOUR,
    TRUE_COLOUR,
    fill_missing,
    infrared_bands,
    stretch_bands,
)

#: Colour map of probabilities.
PROBABILITY_COLOURS = "magma"
#: Number of dates in a row of the site panel.
DATES_PER_ROW = 7


@dataclass(frozen=True, slots=True, eq=False)
class SiteView:
    """Data that pictures of one site show; all planes without the halo.

    Parameters
    ----------
    site_id : str
        Id of the site.
    cube : Cube
        Scenes of the site, with the halo.
    valid : (time, row, col) bool
        Whether an observation is usable by the mask profile.
    probability : (time, row, col) float32 or None
        Probability of a mine on each date, NaN where not valid; None in the location design.
    location_probability : (row, col) float32
        Probability of a mine, aggregated over dates; NaN where never observed.
    label : (row, col) int8
        1 mine, 0 not labelled as mine, -1 ignore.
    truth : (row, col) int8
        1 mine, 0 no mine, -1 unknown.
    """

    site_id: str
    cube: Cube
    valid: NDArray[np.bool_]
    probability: F32 | None
    location_probability: F32
    label: NDArray[np.int8]
    truth: NDArray[np.int8]


def clearest_date_index(valid: NDArray[np.bool_]) -> int:
    """Return the index of the date with the most valid pixels; the last one of several.

    Parameters
    ----------
    valid : (time, row, col) bool
        Whether an observation is usable.
    """
    backwards = valid.sum(axis=(1, 2))[::-1]
    return len(backwards) - 1 - int(backwards.argmax())


def site_panel(view: SiteView, *, simulated: bool) -> Figure:
    """Draw a site: two colour composites, the aggregated probability, and every date.

    A date shows its own probability or, in the location design, its true colours. Outlines
    show the label and, where it is known, the truth.

    Parameters
    ----------
    view : SiteView
        Data of the site.
    simulated : bool
        Whether the data are simulated; the title then says so.

    Returns
    -------
    Figure
    """
    n_dates = len(view.cube.dates)
    n_rows = -(-n_dates // DATES_PER_ROW)
    with canvas(f"Site {view.site_id}", simulated, (10.5, 4.8 + 1.8 * n_rows)) as figure:
        upper, lower = figure.subfigures(
            2, 1, squeeze=False, height_ratios=[3.9, 1.8 * n_rows]
        ).ravel()
        image = _draw_composites(upper, view)
        small = lower.subplots(n_rows, min(n_dates, DATES_PER_ROW), squeeze=False).ravel()
        for time, (axes, day) in enumerate(zip(small, view.cube.dates, strict=False)):
            if view.probability is None:
                colours = stretch_bands(view.cube, time, TRUE_COLOUR, view.valid)
                _show_colours(axes, colours)
            else:
                show_probability(axes, view.probability[time])
            axes.set_title(f"{day:%d %b %Y}", fontsize=10)
        for axes in small[n_dates:]:
            axes.set_visible(False)
        upper.colorbar(image, ax=upper.axes, shrink=0.8, label="probability of a mine")
    return figure


def example_sites(views: Mapping[str, SiteView], *, simulated: bool) -> Figure:
    """Draw sites below each other: two colour composites and the aggregated probability.

    Parameters
    ----------
    views : mapping of str to SiteView
        Data of the sites, by caption.
    simulated : bool
        Whether the data are simulated; the title then says so.

    Returns
    -------
    Figure
    """
    with canvas("Examples, out of fold", simulated, (10.5, 4.3 * len(views))) as figure:
        rows = figure.subfigures(len(views), 1, squeeze=False).ravel()
        for row, (name, view) in zip(rows, views.items(), strict=True):
            row.suptitle(name, fontsize=11)
            image = _draw_composites(row, view)
            row.colorbar(image, ax=row.axes, shrink=0.8, label="probability of a mine")
    return figure


def _draw_composites(figure: SubFigure, view: SiteView) -> AxesImage:
    """Draw the clearest date in true and false colour, and the aggregated probability."""
    time = clearest_date_index(view.valid)
    day = f"{view.cube.dates[time]:%d %b %Y}"
    true, false, aggregated = figure.subplots(1, 3)
    for axes, bands, name in (
        (true, TRUE_COLOUR, "true colour"),
        (false, infrared_bands(view.cube.bands), "infrared"),
    ):
        _show_colours(axes, stretch_bands(view.cube, time, bands, view.valid[time]))
        numbers = "-".join(band.removeprefix("B") for band in bands)
        axes.set_title(f"{name} ({numbers}), {day}")
    image = show_probability(aggregated, view.location_probability)
    aggregated.set_title("all dates together")
    _draw_scale_bar(true, 1000 / view.cube.grid.pixel_m[0])
    draw_outlines(figure, (true, false, aggregated), view.label, view.truth)
    return image


def draw_outlines(
    figure: Figure | SubFigure,
    pictures: Sequence[Axes],
    label: NDArray[np.int8],
    truth: NDArray[np.int8],
) -> None:
    """Draw the outlines of the label and, dashed over it, of the truth where it is known.

    Parameters
    ----------
    figure : Figure or SubFigure
        Gets the legend.
    pictures : sequence of Axes
        Get the outlines.
    label, truth : (row, col) int8
        1 mine; outlines are drawn around it.
    """
    handles = []
    for plane, colour, width, dashes, name in (
        (label, "white", 2.0, "-", "labelled mine"),
        (truth, SKY, 1.2, (0, (3, 3)), "mine in truth"),
    ):
        edges = list(_pixel_edges(plane == 1))
        if not edges:
            continue
        for axes in pictures:
            lines = LineCollection(
                edges, colors=colour, linewidths=width, linestyles=[dashes], zorder=3
            )
            axes.add_collection(LineCollection(edges, colors="black", linewidths=width + 1))
            axes.add_collection(lines)
        handles.append(Line2D([], [], color=colour, lw=width, ls=dashes, label=name))
    if handles:
        figure.legend(
            handles=handles,
            loc="outside lower center",
            ncols=2,
            frameon=True,
            facecolor="#404040",
            labelcolor="white",
        )


def _pixel_edges(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the pixel sides between True and False as (n, 2 ends, x y) [px]."""
    wide = np.pad(mask, 1)
    row, col = np.nonzero(wide[1:] != wide[:-1])
    across = np.stack([[col - 1.5, row - 0.5], [col - 0.5, row - 0.5]])
    row, col = np.nonzero(wide[:, 1:] != wide[:, :-1])
    down = np.stack([[col - 0.5, row - 1.5], [col - 0.5, row - 0.5]])
    return np.concatenate([across, down], axis=-1).transpose(2, 0, 1)


def _show_colours(axes: Axes, colours: F32) -> None:
    """Show a colour composite; pixels that were not observed are grey."""
    axes.imshow(fill_missing(colours), interpolation="nearest")
    axes.set(xticks=[], yticks=[])


def show_probability(axes: Axes, plane: F32) -> AxesImage:
    """Show probabilities on the scale 0 ... 1; pixels that were not observed are grey.

    Parameters
    ----------
    axes : Axes
        Where they are shown.
    plane : (row, col) float32
        Probabilities; NaN where not observed.

    Returns
    -------
    AxesImage
        For a colour bar.
    """
    axes.set(xticks=[], yticks=[], facecolor=NOT_OBSERVED_COLOUR)
    shown = np.ma.masked_invalid(plane)
    return axes.imshow(shown, cmap=PROBABILITY_COLOURS, vmin=0, vmax=1, interpolation="nearest")


def _draw_scale_bar(axes: Axes, kilometre_px: float) -> None:
    """Draw a bar of one kilometre in the lower left corner."""
    left, low = 0.05, 0.07
    width = kilometre_px / np.ptp(axes.get_xlim())
    bar = axes.plot([left, left + width], [low, low], "w", lw=3, transform=axes.transAxes)
    name = axes.text(left, low + 0.03, "1 km", color="white", transform=axes.transAxes)
    for part in (*bar, name):
        part.set_path_effects([withStroke(linewidth=5, foreground="black")])
