"""The classes of a map: their names and colours, as files and pictures show them."""

from __future__ import annotations

#: Names of the classes 0, 1, 2 and 3.
CLASS_NAMES = ("not observed", "no mine", "mine", "mine where the model extrapolates")
#: Red, green, blue and opacity of each, 0 ... 255 (Okabe & Ito 2008).
CLASS_COLOURS = (
    (128, 128, 128, 0),
    (240, 240, 240, 255),
    (213, 94, 0, 255),
    (204, 121, 167, 255),
)
