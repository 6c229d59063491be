"""Identity of labels: an id of its own for each mine, whatever the order of the rows."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray

from minecover.core.sites import place_id

#: Longest part of an id that comes from a name: sites are files of that name.
LONGEST = 60
#: Names of sites that layouts give to ground without labels.
TAKEN = ("background", "tile")


def own_ids(ids: Sequence[str], names: Sequence[str]) -> list[str]:
    """Return the id of each row, or else its name; "" where it has neither.

    Parameters
    ----------
    ids, names : sequence of str
        The columns ``label_id`` and ``name``, in the order of the rows. Row numbers (``id``,
        ``fid``) are no identity: they change with the order.

    Returns
    -------
    list of str
        Letters, digits, ``-`` and ``_``; not unique.
    """
    return [_slug(own) or _slug(name) for own, name in zip(ids, names, strict=True)]


def label_ids(
    own: Sequence[str], row: NDArray[np.intp], shapes: NDArray[np.object_]
) -> list[str]:
    """Return an id of each label, in any order of the rows.

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
        The own id of a mine; with the place where others have it too, or the mine has several
        parts; the place alone where there is none (``e028800s02500``, see
        `minecover.core.sites.place_id`). Labels that share id and place are numbered by their
        outlines. The square of a mine is displaced by its own id, so that none of this moves it
        (`minecover.core.sites.without_place`).
    """
    often = Counter(word.casefold() for word in own)
    found = [
        word
        if word and often[word.casefold()] == 1
        else "-".join(filter(None, (word, place_id(shape))))
        for word, shape in zip(own, shapes, strict=True)
    ]
    outline = shapely.to_wkb(shapes)
    order = sorted(range(len(found)), key=lambda i: (found[i].casefold(), outline[i], row[i]))
    seen: Counter[str] = Counter()
    for i in order:
        name = found[i].casefold()  # sites are files, and some disks ignore case
        seen[name] += 1
        if seen[name] > 1:
            found[i] += f"-{seen[name]}"
    return found


def _slug(text: str) -> str:
    """Return text as part of a file name."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    word = re.sub(r"[^A-Za-z0-9_]+", "-", plain).strip("-")[:LONGEST]
    return f"mine-{word}" if word.casefold().startswith(TAKEN) else word
