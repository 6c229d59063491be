"""A site in pictures: its colours, its labels, and what the model says date by date."""

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

#: Not observed is drawn in this, which no scale of ours holds.
UNSEEN = "#c9c9c9"
#: Shares of the pixels that a stretch of colours clips at either end [%].
CLIPPED = (1.0, 99.0)
#: Exponent that lifts what is dark: most of a forest is.
GAMMA = 0.75
TRUE_COLOUR = ("B4", "B3", "B2")
#: The scale of probabilities.
PROBABILITY_COLOURS = "magma"
#: Small pictures of dates in a row.
DATES_A_ROW = 7


@dataclass(frozen=True, slots=True, eq=False)
class SiteView:
    """What a picture of one site shows; all planes without the halo.

    Parameters
    ----------
    site_id : str
        The site.
    cube : Cube
        Its scenes, with the halo.
    valid : (time, row, col) bool
        Usable by the mask profile.
    probability : (time, row, col) float32 or None
        Of each date, NaN where not valid; None where locations were scored once.
    location : (row, col) float32
        Aggregated over dates; NaN where never observed.
    label : (row, col) int8
        1 mine, 0 not labelled as mine, -1 ignore.
    truth : (row, col) int8
        1 mine, 0 not, -1 unknown.
    """

    site_id: str
    cube: Cube
    valid: NDArray[np.bool_]
    probability: F32 | None
    location: F32
    label: NDArray[np.int8]
    truth: NDArray[np.int8]


def stretched(
    cube: Cube, time: int, bands: tuple[str, str, str], valid: NDArray[np.bool_]
) -> F32:
    """Colour three bands of one date for the eye.

    Parameters
    ----------
    cube : Cube
        The scenes of a site.
    time : int
        Position of the date.
    bands : three band names
        Shown as red, green and blue.
    valid : (row, col) bool
        Pixels that the stretch is made for, without the halo: clouds would darken the rest.

    Returns
    -------
    (row, col, 3) float32
        0 ... 1, without the halo; NaN where there is no data. Each band is stretched by
        itself: at the top of the atmosphere the air alone would turn everything blue.
    """
    planes = cube.core(cube.values(*bands)[time])
    return np.stack([stretched_plane(plane, valid) for plane in planes], axis=-1)


def stretched_plane(plane: F32, valid: NDArray[np.bool_]) -> F32:
    """Bring a band to 0 ... 1 by the percentiles of its valid pixels."""
    seen = plane[np.isfinite(plane) & valid]
    low, high = np.percentile(seen, CLIPPED) if seen.size else (0.0, 1.0)
    linear = np.clip((plane - low) / max(float(high - low), 1e-6), 0, 1)
    return np.power(linear, GAMMA, dtype=np.float32)


def infrared(bands: Sequence[str]) -> tuple[str, str, str]:
    """Choose the bands of an infrared picture: bare ground and water stand out of forest."""
    return ("B7", "B5", "B4") if "B7" in bands else ("B6", "B5", "B4")


def filled(colours: F32) -> F32:
    """Paint grey what has no colour, (row, col, 3)."""
    grey = np.array([int(UNSEEN[i : i + 2], 16) / 255 for i in (1, 3, 5)], np.float32)
    seen = np.isfinite(colours).all(axis=-1, keepdims=True)
    return np.where(seen, colours, grey)


def clearest(valid: NDArray[np.bool_]) -> int:
    """Find the date with the most valid pixels, the last of several."""
    backwards = valid.sum(axis=(1, 2))[::-1]
    return len(backwards) - 1 - int(backwards.argmax())


def site_panel(view: SiteView, *, simulated: bool) -> Figure:
    """Show a site: two colour pictures, the location's probability, and every date.

    A date shows its own probability, or its colours where it has none of its own. The label
    is outlined, and where the truth is known and differs, so is the truth.
    """
    n_dates = len(view.cube.dates)
    n_rows = -(-n_dates // DATES_A_ROW)
    with canvas(f"Site {view.site_id}", simulated, (10.5, 4.8 + 1.8 * n_rows)) as figure:
        upper, lower = figure.subfigures(
            2, 1, squeeze=False, height_ratios=[3.9, 1.8 * n_rows]
        ).ravel()
        image = _colour_pictures(upper, view)
        small = lower.subplots(n_rows, min(n_dates, DATES_A_ROW), squeeze=False).ravel()
        for time, (axes, day) in enumerate(zip(small, view.cube.dates, strict=False)):
            if view.probability is None:
                _picture(axes, stretched(view.cube, time, TRUE_COLOUR, view.valid[time]))
            else:
                _probability(axes, view.probability[time])
            axes.set_title(f"{day:%d %b %Y}", fontsize=10)
        for axes in small[n_dates:]:
            axes.set_visible(False)
        upper.colorbar(image, ax=upper.axes, shrink=0.8, label="probability of a mine")
    return figure


def example_sites(views: Mapping[str, SiteView], *, simulated: bool) -> Figure:
    """Show sites one below the other: two colour pictures and the location's probability.

    Parameters
    ----------
    views : mapping of SiteView
        By what they are an example of.
    simulated : bool
        Whether the data are; the title says so.
    """
    with canvas("Examples, out of fold", simulated, (10.5, 4.3 * len(views))) as figure:
        rows = figure.subfigures(len(views), 1, squeeze=False).ravel()
        for row, (name, view) in zip(rows, views.items(), strict=True):
            row.suptitle(name, fontsize=11)
            image = _colour_pictures(row, view)
            row.colorbar(image, ax=row.axes, shrink=0.8, label="probability of a mine")
    return figure


def _colour_pictures(figure: SubFigure, view: SiteView) -> AxesImage:
    """Draw the clearest date in true and false colour, and the aggregated probability."""
    time = clearest(view.valid)
    day = f"{view.cube.dates[time]:%d %b %Y}"
    true, false, aggregated = figure.subplots(1, 3)
    for axes, bands, name in (
        (true, TRUE_COLOUR, "true colour"),
        (false, infrared(view.cube.bands), "infrared"),
    ):
        _picture(axes, stretched(view.cube, time, bands, view.valid[time]))
        numbers = "-".join(band.removeprefix("B") for band in bands)
        axes.set_title(f"{name} ({numbers}), {day}")
    image = _probability(aggregated, view.location)
    aggregated.set_title("all dates together")
    _scale_bar(true, 1000 / view.cube.grid.pixel_m[0])
    _outlines(figure, (true, false, aggregated), view)
    return image


def _outlines(figure: SubFigure, pictures: tuple[Axes, ...], view: SiteView) -> None:
    """Outline the label and, where it is known, the truth, one seen through the other."""
    handles = []
    for plane, colour, width, dashes, name in (
        (view.label, "white", 2.0, "-", "labelled mine"),
        (view.truth, SKY, 1.2, (0, (3, 3)), "mine in truth"),
    ):
        edges = list(_edges(plane == 1))
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


def _edges(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """List the pixel sides between True and False as (n, 2 ends, x y), in pixel coordinates."""
    wide = np.pad(mask, 1)
    row, col = np.nonzero(wide[1:] != wide[:-1])
    across = np.stack([[col - 1.5, row - 0.5], [col - 0.5, row - 0.5]])
    row, col = np.nonzero(wide[:, 1:] != wide[:, :-1])
    down = np.stack([[col - 0.5, row - 1.5], [col - 0.5, row - 0.5]])
    return np.concatenate([across, down], axis=-1).transpose(2, 0, 1)


def _picture(axes: Axes, colours: F32) -> None:
    """Show red, green and blue; what is not there is grey."""
    axes.imshow(filled(colours), interpolation="nearest")
    axes.set(xticks=[], yticks=[])


def _probability(axes: Axes, plane: F32) -> AxesImage:
    """Show probabilities on one scale; what was not observed is grey."""
    axes.set(xticks=[], yticks=[], facecolor=UNSEEN)
    shown = np.ma.masked_invalid(plane)
    return axes.imshow(shown, cmap=PROBABILITY_COLOURS, vmin=0, vmax=1, interpolation="nearest")


def _scale_bar(axes: Axes, kilometre_px: float) -> None:
    """Draw a kilometre into the lower left corner."""
    left, low = 0.05, 0.07
    width = kilometre_px / np.ptp(axes.get_xlim())
    bar = axes.plot([left, left + width], [low, low], "w", lw=3, transform=axes.transAxes)
    name = axes.text(left, low + 0.03, "1 km", color="white", transform=axes.transAxes)
    for part in (*bar, name):
        part.set_path_effects([withStroke(linewidth=5, foreground="black")])
