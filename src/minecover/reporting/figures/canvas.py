"""One figure style for all pictures, and reproducible PNG files."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from matplotlib import style
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from minecover.core.files import replacing

#: Palette for colour-blind readers (Okabe & Ito 2008, Color Universal Design).
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
    """Return a figure as PNG bytes.

    Parameters
    ----------
    figure : Figure
        The figure to encode.

    Returns
    -------
    bytes
        Equal for equal figures.
    """
    stream = io.BytesIO()
    with style.context(["default", STYLE]):
        # Leave out matplotlib's version, which would change the bytes.
        figure.savefig(stream, format="png", metadata={"Software": None})
    return stream.getvalue()


def write_png(path: Path, figure: Figure) -> None:
    """Write a figure as PNG, atomically.

    Parameters
    ----------
    path : Path
        File to write.
    figure : Figure
        The figure to encode.
    """
    with replacing(path) as temporary:
        temporary.write_bytes(png(figure))


@contextmanager
def canvas(title: str, simulated: bool, size: tuple[float, float]) -> Iterator[Figure]:
    """Open a figure in the package's style, independent of the user's matplotlibrc.

    Parameters
    ----------
    title : str
        Title of the figure.
    simulated : bool
        Whether the data are simulated; the title then says so.
    size : (float, float)
        Width and height [inch].
    """
    with style.context(["default", STYLE]):
        figure = Figure(figsize=size, layout="constrained")
        FigureCanvasAgg(figure)
        figure.suptitle(f"{title}, simulated data" if simulated else title, weight="bold")
        yield figure
