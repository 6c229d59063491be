"""Draw the results of a sweep and the importance of features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from minecover.reporting.figures.canvas import BLUE, GREY, VERMILION, canvas

#: Largest number of bars in a figure.
MAX_BARS = 25


def importance(
    drops: Mapping[str, tuple[float, float]], *, title: str, axis: str, simulated: bool
) -> Figure:
    """Draw a bar for the importance of each feature, the longest on top.

    Parameters
    ----------
    drops : mapping of str to (float, float)
        Mean and standard deviation of the importance over folds, by feature or setting. The
        `MAX_BARS` largest means are drawn.
    title : str
        Title of the figure.
    axis : str
        Label of the horizontal axis.
    simulated : bool
        Whether the data are simulated; the title then says so.

    Returns
    -------
    Figure
    """
    ranked = sorted(drops.items(), key=lambda item: -item[1][0])[:MAX_BARS][::-1]
    with canvas(title, simulated, (7.6, 1.6 + 0.32 * len(ranked))) as figure:
        axes = figure.subplots()
        mean, spread = np.array([value for _, value in ranked]).T
        axes.barh([name for name, _ in ranked], mean, xerr=spread, color=BLUE, ecolor=GREY)
        axes.axvline(0, color=GREY, lw=1)
        axes.set_xlabel(axis)
    return figure


def parallel_coordinates(
    table: pd.DataFrame, choices: Sequence[str], score: str, *, simulated: bool
) -> Figure:
    """Draw each job of a sweep as a line through its settings to its score.

    Parameters
    ----------
    table : DataFrame
        One row for each finished job, the best first: the columns `choices` (text) and `score`
        (float).
    choices : sequence of str
        Settings that differ between jobs: one vertical axis each.
    score : str
        Column of the score, which is the last axis and colours the lines.
    simulated : bool
        Whether the data are simulated; the title then says so.

    Returns
    -------
    Figure
    """
    names = [*choices, score]
    scale = Normalize(*_limits(table[score]))
    width = max(6.4, 2.2 * len(names))
    with canvas("What was tried, and what it scored", simulated, (width, 5.0)) as figure:
        axes = figure.subplots()
        heights = {name: _heights(table[name]) for name in choices}
        heights[score] = scale(table[score].to_numpy(np.float64))
        for place in reversed(range(len(table))):
            line = [heights[name][place] for name in names]
            colour = VERMILION if place == 0 else colormaps["viridis"](heights[score][place])
            axes.plot(line, color=colour, lw=3 if place == 0 else 1.3, zorder=3 - (place > 0))
        for place, name in enumerate(choices):
            axes.axvline(place, color=GREY, lw=1)
            for value, height in sorted(set(zip(table[name], heights[name], strict=True))):
                axes.annotate(
                    value,
                    (place, height),
                    xytext=(5, 3),
                    textcoords="offset points",
                    fontsize=9,
                )
        axes.axvline(len(choices), color=GREY, lw=1)
        axes.set_xticks(range(len(names)), [name.replace(".", ".\n", 1) for name in names])
        axes.set(yticks=[], xlim=(-0.1, len(names) - 0.9), ylim=(-0.06, 1.08))
        axes.spines[:].set_visible(False)
        figure.colorbar(ScalarMappable(scale, "viridis"), ax=axes, label=f"{score} (red: best)")
    return figure


def _heights(column: pd.Series) -> list[float]:
    """Return a height of 0 ... 1 for each value of a setting; numbers in ascending order."""
    values = sorted(column.unique(), key=_sort_key)
    step = 1 / max(len(values) - 1, 1)
    return [values.index(value) * step for value in column]


def _sort_key(value: str) -> tuple[bool, float, str]:
    """Return a key that sorts numbers by value, and text after them."""
    try:
        return False, float(value), value
    except ValueError:
        return True, 0.0, value


def _limits(scores: pd.Series) -> tuple[float, float]:
    """Return the ends of the colour scale, which differ even if all scores are equal."""
    low, high = float(scores.min()), float(scores.max())
    return (low, high) if high > low else (low - 0.01, high + 0.01)
