"""Verdicts of reviewers: read, checked, merged, written, turned into labels."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely

from minecover.core.errors import LabelError
from minecover.core.files import write_text
from minecover.labels.dates import iso_or
from minecover.labels.reading import column_days
from minecover.labels.table import COLUMNS

#: Verdicts that a reviewer can give, and the kind of label of each.
VERDICTS = {"mine": "confirmed", "not mine": "rejected", "unsure": "unsure"}
#: Columns of a verdict, besides its outline.
FIELDS = (
    "candidate_id",
    "site_id",
    "verdict",
    "what",
    "who",
    "when",
    "why",
    "seen_from",
    "seen_to",
)
#: What ground that looks like a mine can be (field ``what`` of "not mine").
LOOK_ALIKES = (
    "river bar",
    "slide",
    "field",
    "road",
    "settlement",
    "industrial",
    "other",
)
#: Least distance of an earlier verdict's outline from that of a later one [degrees], about
#: three metres: outlines lie a metre inside their pixels, and every pixel they touch is burned.
APART_DEG = 3e-5
#: Decimals of coordinates in degrees: a centimetre.
DEGREE_DECIMALS = 7


@dataclass(frozen=True, slots=True, eq=False)
class Merge:
    """The result of a merge of new verdicts into known ones.

    Parameters
    ----------
    verdicts : GeoDataFrame
        All verdicts, `FIELDS` and outlines, in WGS 84, sorted by candidate.
    counts : dict of str to int
        Number of new verdicts by outcome: ``added`` (on a candidate without one), ``replaced``
        (an older one), ``unchanged`` (known already) and ``outdated`` (a known one is later).
    """

    verdicts: gpd.GeoDataFrame
    counts: dict[str, int]


def merge_verdicts(known: gpd.GeoDataFrame, new: gpd.GeoDataFrame) -> Merge:
    """Merge new verdicts into known ones.

    Of two verdicts on one candidate the later is used, of one day the new one.

    Parameters
    ----------
    known : GeoDataFrame
        From `read_verdicts`.
    new : GeoDataFrame
        From `minecover.labels.read_reviewed`.

    Returns
    -------
    Merge
        All verdicts, and the number of new ones by outcome.
    """
    before = {_key(row): row for _, row in known.iterrows()}
    after = dict(before)
    counts = dict.fromkeys(("added", "replaced", "unchanged", "outdated"), 0)
    for _, row in new.iterrows():
        name = _key(row)
        old = before.get(name)
        if old is None:
            outcome = "added"
        elif _line(old) == _line(row):
            outcome = "unchanged"
        else:
            outcome = "outdated" if row["when"] < old["when"] else "replaced"
        counts[outcome] += 1
        if outcome in ("added", "replaced"):
            after[name] = row
    table = gpd.GeoDataFrame(
        pd.DataFrame(list(after.values()), columns=[*FIELDS, "geometry"]), crs="EPSG:4326"
    )
    return Merge(sorted_verdicts(table), counts)


def _key(verdict: pd.Series) -> str:
    """Return what names a candidate: its id, in whatever case it was typed."""
    return str(verdict["candidate_id"]).casefold()


def write_verdicts(path: Path, verdicts: gpd.GeoDataFrame) -> None:
    """Write verdicts as GeoJSON, one per line, so that git shows what changed.

    Parameters
    ----------
    path : Path
        The file, as configured in ``labels.verdicts``.
    verdicts : GeoDataFrame
        `FIELDS` and outlines, in WGS 84.
    """
    body = ",\n".join(_line(row) for _, row in verdicts.iterrows())
    write_text(path, f'{{"type": "FeatureCollection", "features": [\n{body}\n]}}\n')


def read_verdicts(path: Path, date_format: str | None = None) -> gpd.GeoDataFrame:
    """Read verdicts that `write_verdicts` wrote, and that people may have edited.

    Parameters
    ----------
    path : Path
        The file, as configured in ``labels.verdicts``.
    date_format : str or None
        Format of dates that are not ISO 8601, as ``labels.date_format``.

    Returns
    -------
    GeoDataFrame
        `FIELDS` and outlines, in WGS 84; no rows if there is no file.

    Raises
    ------
    LabelError
        If the file has another format, or a date has.
    """
    if not path.exists():
        return gpd.GeoDataFrame(columns=[*FIELDS, "geometry"], crs="EPSG:4326")
    try:
        # An editor may have put a byte order mark before it.
        features = json.loads(path.read_text(encoding="utf-8-sig"))["features"]
        # Verdicts of before the field `what` do not have it.
        given = [{"what": "", **one["properties"]} for one in features]
        rows = [{name: one[name] for name in FIELDS} for one in given]
        shapes = [shapely.geometry.shape(one["geometry"]) for one in features]
        for row in rows:
            VERDICTS[row["verdict"]]
            check_look_alike(row["candidate_id"], row["verdict"], row["what"], where=str(path))
    except (
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        shapely.errors.ShapelyError,
    ) as error:
        raise LabelError(
            f"{path} is not a file of verdicts ({error!r}). Restore it from git; only "
            "`minecover review import` writes it."
        ) from error
    found = gpd.GeoDataFrame(rows, columns=list(FIELDS), geometry=shapes, crs="EPSG:4326")
    found.index += 1  # messages count rows from 1
    formats = iso_or(date_format)
    for name in ("when", "seen_from", "seen_to"):
        found[name] = column_days(
            found, name, path, date_formats=formats, is_end=name == "seen_to"
        )
    return found.reset_index(drop=True)


def check_look_alike(name: str, verdict: str, what: str, *, where: str) -> None:
    """Refuse a kind of look-alike that is unknown, or of ground that is not "not mine".

    Parameters
    ----------
    name : str
        ``candidate_id`` of the verdict.
    verdict, what : str
        A key of `VERDICTS`, and one of `LOOK_ALIKES` or "".
    where : str
        File, and row if it has rows, for the message.

    Raises
    ------
    LabelError
        Names what can be written.
    """
    choices = choice(LOOK_ALIKES)
    if what and what not in LOOK_ALIKES:
        raise LabelError(
            f"{where}: what of {name} is {what!r}. Write {choices}, or leave it empty."
        )
    if what and verdict != "not mine":
        raise LabelError(
            f"{where}: what of {name} is {what!r}, and its verdict is {verdict!r}. Only ground "
            "that is 'not mine' has it: empty the column what, or change the verdict."
        )


def choice(words: Iterable[str]) -> str:
    """Return words as a choice for a message: 'a', 'b' or 'c'."""
    *others, last = (f"'{word}'" for word in words)
    return f"{', '.join(others)} or {last}"


def as_labels(verdicts: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return verdicts as labels; where the ground of two overlaps, the later counts.

    Ground of which a reviewer said what it is instead of a mine is known to look like one: it
    is a label of kind "look_alike" as well, whose name says what it is.

    Parameters
    ----------
    verdicts : GeoDataFrame
        From `read_verdicts`.

    Returns
    -------
    GeoDataFrame
        `minecover.labels.COLUMNS`, of the kinds in `VERDICTS` and "look_alike", in WGS 84. An
        outline that later ones cover completely is left out.
    """
    latest = verdicts.sort_values(["when", "candidate_id"], ascending=False, ignore_index=True)
    shapes = latest.geometry
    first, second = latest.sindex.query(shapes, predicate="intersects")
    cut = [
        shape.difference(
            shapely.union_all(shapes.iloc[second[(first == n) & (second < n)]]).buffer(
                APART_DEG
            )
        )
        for n, shape in enumerate(shapes)
    ]
    table = gpd.GeoDataFrame(
        {
            "label_id": latest["candidate_id"],
            "kind": latest["verdict"].map(VERDICTS),
            "name": latest["what"],
            "seen_from": latest["seen_from"],
            "seen_to": latest["seen_to"],
        },
        geometry=gpd.GeoSeries(cut, index=latest.index, crs=latest.crs),
    )
    left = table.loc[~table.geometry.is_empty, list(COLUMNS)]
    look_alikes = left[left["name"] != ""].assign(kind="look_alike")
    return pd.concat([left, look_alikes], ignore_index=True)


def sorted_verdicts(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return verdicts sorted by candidate, with coordinates rounded to a centimetre."""
    rounded = shapely.transform(
        table.geometry.to_numpy(), lambda degrees: degrees.round(DEGREE_DECIMALS)
    )
    return table.set_geometry(rounded, crs="EPSG:4326").sort_values(
        "candidate_id", ignore_index=True
    )


def _line(row: pd.Series) -> str:
    """Write one verdict as a GeoJSON feature."""
    return json.dumps(
        {
            "type": "Feature",
            "geometry": shapely.geometry.mapping(row["geometry"]),
            "properties": {name: row[name] for name in FIELDS},
        }
    )
