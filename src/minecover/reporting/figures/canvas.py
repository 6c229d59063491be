"""The canvas every picture is drawn on: one style, and PNG files with the same bytes again."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from matplotlib import style
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from minecover.core.files import replacing

#: Colours that all readers tell apart (Okabe & Ito 2008, Color Universal Design).
BLUE, ORANGE, GREEN, SKY, VERMILION = "#0072B2", "#E69F00", "#009E73", "#56B4E9", "#D55E00"
GREY = "#8a8a8a"
STYLE = {
    "figure.dpi": 100,
    "savefig.dpi": 100,
    "font.size": 11,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "figure.titlesize": 13,
    "legend.frameon": False,
}


def png(figure: Figure) -> bytes:
    """Encode a figure as PNG; the same figure gives the same bytes."""
    stream = io.BytesIO()
    with style.context(["default", STYLE]):
        # Without the line that matplotlib writes about itself and its version.
        figure.savefig(stream, format="png", metadata={"Software": None})
    return stream.getvalue()


def write_png(path: Path, figure: Figure) -> None:
    """Write a figure as PNG, all or nothing."""
    with replacing(path) as temporary:
        temporary.write_bytes(png(figure))


@contextmanager
def canvas(title: str, simulated: bool, size: tuple[float, float]) -> Iterator[Figure]:
    """Open a figure in our own style, whatever the user's matplotlibrc says."""
    with style.context(["default", STYLE]):
        figure = Figure(figsize=size, layout="constrained")
        FigureCanvasAgg(figure)
        figure.suptitle(f"{title}, simulated data" if simulated else title, weight="bold")
        yield figure
