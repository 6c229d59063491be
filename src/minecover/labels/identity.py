"""Identity of labels: an id of its own for each mine, whatever the order of the rows."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray

from minecover.core.sites import coarse_centre

#: Longest part of an id that comes from a name: sites are files of that name.
LONGEST = 60
#: Names of sites that layouts give to ground without labels.
TAKEN = ("background", "tile")


def own_ids(ids: Sequence[str], names: Sequence[str]) -> list[str]:
    """Return the id or name of each row where the file has it once; "" elsewhere.

    Parameters
    ----------
    ids, names : sequence of str
        The columns ``label_id`` and ``name``, in the order of the rows. Row numbers (``id``,
        ``fid``) are no identity: they change with the order.

    Returns
    -------
    list of str
        Letters, digits, ``-`` and ``_``.
    """
    words = [[_slug(text) for text in column] for column in (ids, names)]
    often = [Counter(word.casefold() for word in column) for column in words]
    return [
        next((w for w, n in zip(row, often, strict=True) if w and n[w.casefold()] == 1), "")
        for row in zip(*words, strict=True)
    ]


def label_ids(
    own: Sequence[str], row: NDArray[np.intp], shapes: NDArray[np.object_]
) -> list[str]:
    """Return an id of each label, which depends on no other label where that is possible.

    Parameters
    ----------
    own : sequence of str
        From `own_ids`, one for each label.
    row : (n,) int
        Row of the file from which each label comes; parts of one row share it.
    shapes : (n,) array of Geometry
        The labels in WGS 84.

    Returns
    -------
    list of str
        The own id of a mine; of parts of one row with their place; else the place alone: the
        centroid in thousandths of a degree, some 100 m (``e028800s02500``). Labels that share
        a place are numbered by their outlines.
    """
    parts = Counter(row.tolist())
    found = [
        word if word and parts[i] == 1 else "-".join(filter(None, (word, _place(shape))))
        for word, i, shape in zip(own, row.tolist(), shapes, strict=True)
    ]
    outline = shapely.to_wkb(shapes)
    order = sorted(range(len(found)), key=lambda i: (found[i], outline[i]))
    seen: Counter[str] = Counter()
    for i in order:
        seen[found[i]] += 1
        if seen[found[i]] > 1:
            found[i] += f"-{seen[found[i]]}"
    return found


def _slug(text: str) -> str:
    """Return text as part of a file name."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    word = re.sub(r"[^A-Za-z0-9_]+", "-", plain).strip("-")[:LONGEST]
    return f"mine-{word}" if word.casefold().startswith(TAKEN) else word


def _place(shape: shapely.Geometry) -> str:
    lon, lat = (round(degrees * 1000) for degrees in coarse_centre(shape))
    return f"{'we'[lon >= 0]}{abs(lon):06d}{'sn'[lat >= 0]}{abs(lat):05d}"
