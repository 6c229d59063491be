"""Draw the precision-recall, reliability and transfer curves."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure

from minecover.reporting.figures.canvas import BLUE, GREEN, GREY, ORANGE, SKY, canvas


def precision_recall(
    curves: Mapping[str, pd.DataFrame],
    points: Mapping[str, tuple[float, float]],
    *,
    prevalence: float,
    simulated: bool,
) -> Figure:
    """Draw precision-recall curves and the line of a random classifier.

    Parameters
    ----------
    curves : mapping of str to DataFrame
        At most three curves by name: columns `precision` and `recall`, as
        `minecover.evaluation.pr_curve` returns them.
    points : mapping of str to (float, float)
        Precision and recall at the threshold in use, by the same names.
    prevalence : float
        Share of mine pixels, 0 ... 1: the precision of a random classifier.
    simulated : bool
        Whether the data are simulated; the title then says so.

    Returns
    -------
    Figure
    """
    with canvas("Precision against recall", simulated, (6.4, 5.0)) as figure:
        axes = figure.subplots()
        for (name, curve), colour in zip(curves.items(), (BLUE, ORANGE, GREEN), strict=False):
            axes.plot(curve["recall"], curve["precision"], color=colour, lw=2, label=name)
            if name in points:
                precision, recall = points[name]
                axes.plot(recall, precision, "o", ms=9, mfc="white", mew=2, color=colour)
        axes.axhline(prevalence, color=GREY, ls="--", label=f"random, {prevalence:.2%}")
        axes.set(
            xlim=(0, 1.01), ylim=(0, 1.02), xlabel="recall: share of the mine pixels found"
        )
        axes.set_ylabel("precision: share of the found that is mine")
        figure.legend(
            loc="outside lower center", ncols=3, title="circles: the threshold in use"
        )
    return figure


def reliability(bins: pd.DataFrame, *, simulated: bool) -> Figure:
    """Draw a reliability diagram: observed share of mines against predicted probability.

    Parameters
    ----------
    bins : DataFrame
        One row for each bin of probability, as
        `minecover.evaluation.reliability_table` returns it: `above`, `up_to`, `count`,
        `mean_predicted`, `observed_share`.
    simulated : bool
        Whether the data are simulated; the title then says so.

    Returns
    -------
    Figure
        The diagram, and below it the number of pixels in each bin.
    """
    occupied = bins[bins["count"] > 0]
    with canvas("Reliability of the probabilities", simulated, (6.4, 5.6)) as figure:
        axes, below = figure.subplots(2, 1, sharex=True, height_ratios=[4, 1.3])
        axes.plot([0, 1], [0, 1], color=GREY, ls="--", label="as promised")
        axes.plot(
            occupied["mean_predicted"],
            occupied["observed_share"],
            "o-",
            color=BLUE,
            label="model",
        )
        axes.set(xlim=(0, 1), ylim=(0, 1.02), ylabel="share that is mine")
        axes.legend(loc="upper left")
        width = occupied["up_to"] - occupied["above"]
        below.bar(
            occupied["above"], occupied["count"], width, align="edge", color=SKY, ec="white"
        )
        below.set(yscale="log", xlabel="predicted probability", ylabel="pixels")
    return figure


def transfer(expected: pd.DataFrame, *, prevalence: float, simulated: bool) -> Figure:
    """Draw the expected precision where mines are rarer than on the sites.

    Parameters
    ----------
    expected : DataFrame
        Columns `prevalence` and `precision`, as
        `minecover.evaluation.transfer_table` returns them.
    prevalence : float
        Share of mine pixels on the sites, 0 ... 1.
    simulated : bool
        Whether the data are simulated; the title then says so.

    Returns
    -------
    Figure
    """
    with canvas("Precision where mines are rarer", simulated, (6.4, 4.4)) as figure:
        axes = figure.subplots()
        axes.plot(expected["prevalence"], expected["precision"], "o-", color=BLUE, lw=2)
        axes.axvline(prevalence, color=GREY, ls="--")
        axes.annotate(
            "the sites", (prevalence, 0.03), xytext=(5, 0), textcoords="offset points"
        )
        axes.set(xscale="log", ylim=(0, 1.02), ylabel="precision to expect")
        axes.set_xlabel("share of the ground that is mine")
        axes.xaxis.set_major_formatter(lambda share, _: f"{100 * share:g} %")
    return figure
