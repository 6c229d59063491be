"""What reviewers found candidates to be: read, checked, merged, kept, turned into labels."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely

from minecover.core.errors import LabelError
from minecover.core.files import write_text
from minecover.labels.reading import read_vector, require
from minecover.labels.table import COLUMNS
from minecover.labels.vector_files import days_of, repaired, text_of

#: What a reviewer can say, and the kind of label that it becomes.
VERDICTS = {"mine": "confirmed", "not mine": "rejected", "unsure": "unsure"}
#: What is kept of a verdict, beside its outline.
FIELDS = ("candidate_id", "site_id", "verdict", "who", "when", "why", "seen_from", "seen_to")
#: Ground of an earlier verdict is cut back this far from that of a later one [degrees]: some
#: three metres, since outlines lie a metre inside their pixels and a touched pixel is burned.
APART_DEG = 3e-5
#: Decimals of a degree that are kept: a centimetre.
DEGREE_DECIMALS = 7


@dataclass(frozen=True, slots=True, eq=False)
class Merge:
    """Verdicts after others have joined them.

    Parameters
    ----------
    verdicts : GeoDataFrame
        All of them, `FIELDS` and outlines, sorted by candidate.
    counts : dict of str to int
        Verdicts that were ``added``, on candidates without one; that ``replaced`` an older one;
        that were there already, ``unchanged``; and that are ``outdated`` by a later one.
    """

    verdicts: gpd.GeoDataFrame
    counts: dict[str, int]


def received(path: Path, *, blanks: Mapping[str, str]) -> tuple[gpd.GeoDataFrame, int]:
    """Read a reviewed file and check every row of it.

    Parameters
    ----------
    path : Path
        What `minecover review export` wrote, GeoPackage or GeoJSON, with verdicts filled in.
    blanks : mapping of str to str
        What an empty `who`, `when` or `why` is taken to be; "" leaves it empty.

    Returns
    -------
    verdicts : GeoDataFrame
        `FIELDS` and outlines of the judged rows, in WGS 84.
    open : int
        Rows without a verdict, which are left out.

    Raises
    ------
    LabelError
        Naming the first row that cannot be used.
    """
    frame = read_vector(path)
    require(frame, ("candidate_id", "verdict"), path)
    frame = frame.assign(verdict=_verdicts(frame, path))
    is_open = frame["verdict"] == ""
    judged = frame[~is_open].reset_index(drop=True)
    if judged.empty:
        raise LabelError(
            f"{path} holds {len(frame)} candidates and no verdict. Write {_choices()} into the "
            "column verdict of those that were looked at."
        )
    geometry = repaired(judged, path)
    wrong = sorted(set(geometry.geom_type) - {"Polygon", "MultiPolygon"})
    if wrong:
        raise LabelError(f"{path} should hold outlines (polygons), found {', '.join(wrong)}.")
    columns = {name: text_of(judged, name) for name in ("candidate_id", "site_id", "verdict")}
    columns |= {name: _filled(text_of(judged, name), blanks[name]) for name in ("who", "why")}
    columns |= {name: days_of(judged, name, path) for name in ("when", "seen_from", "seen_to")}
    columns["when"] = _filled(columns["when"], blanks["when"])
    table = gpd.GeoDataFrame(columns, geometry=geometry.to_numpy(), crs=frame.crs)
    table = table[[*FIELDS, "geometry"]].to_crs("EPSG:4326")
    _check(table, path)
    return _sorted(table), int(is_open.sum())


def merged(known: gpd.GeoDataFrame, new: gpd.GeoDataFrame) -> Merge:
    """Add verdicts to those that are kept: of two on one candidate the later, of a day the new.

    Parameters
    ----------
    known, new : GeoDataFrame
        What `read_verdicts` and `received` give.
    """
    before = {str(row["candidate_id"]): row for _, row in known.iterrows()}
    after = dict(before)
    counts = dict.fromkeys(("added", "replaced", "unchanged", "outdated"), 0)
    for _, row in new.iterrows():
        name = str(row["candidate_id"])
        old = before.get(name)
        if old is None:
            deed = "added"
        elif _line(old) == _line(row):
            deed = "unchanged"
        else:
            deed = "outdated" if row["when"] < old["when"] else "replaced"
        counts[deed] += 1
        if deed in ("added", "replaced"):
            after[name] = row
    table = gpd.GeoDataFrame(
        pd.DataFrame(list(after.values()), columns=[*FIELDS, "geometry"]), crs="EPSG:4326"
    )
    return Merge(_sorted(table), counts)


def write_verdicts(path: Path, verdicts: gpd.GeoDataFrame) -> None:
    """Write the kept verdicts as GeoJSON, one a line, so that git shows what changed."""
    body = ",\n".join(_line(row) for _, row in verdicts.iterrows())
    write_text(path, f'{{"type": "FeatureCollection", "features": [\n{body}\n]}}\n')


def read_verdicts(path: Path) -> gpd.GeoDataFrame:
    """Read what `write_verdicts` wrote; no file is no verdict.

    Raises
    ------
    LabelError
        If the file is not of that form.
    """
    if not path.exists():
        return gpd.GeoDataFrame(columns=[*FIELDS, "geometry"], crs="EPSG:4326")
    try:
        features = json.loads(path.read_text(encoding="utf-8"))["features"]
        rows = [{name: one["properties"][name] for name in FIELDS} for one in features]
        shapes = [shapely.geometry.shape(one["geometry"]) for one in features]
    except (ValueError, KeyError, TypeError) as error:
        raise LabelError(
            f"{path} is not a file of verdicts ({error!r}). Take it from git again: verdicts "
            "enter it through `minecover review import` only."
        ) from error
    return gpd.GeoDataFrame(rows, columns=list(FIELDS), geometry=shapes, crs="EPSG:4326")


def as_labels(verdicts: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Turn verdicts into labels; where two say something of one piece of ground, the later.

    Parameters
    ----------
    verdicts : GeoDataFrame
        What `read_verdicts` gives.

    Returns
    -------
    GeoDataFrame
        `minecover.labels.COLUMNS`, of the kinds in `VERDICTS`. An outline that later ones
        cover altogether is left out.
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
            "name": "",
            "seen_from": latest["seen_from"],
            "seen_to": latest["seen_to"],
        },
        geometry=gpd.GeoSeries(cut, index=latest.index, crs=latest.crs),
    )
    return table.loc[~table.geometry.is_empty, list(COLUMNS)]


def _verdicts(frame: gpd.GeoDataFrame, path: Path) -> list[str]:
    """Read the column of verdicts, however they are spaced."""
    found = [" ".join(word.lower().split()) for word in text_of(frame, "verdict")]
    for name, word in zip(frame["candidate_id"], found, strict=True):
        if word and word not in VERDICTS:
            raise LabelError(
                f"{path}: the verdict on {name} is {word!r}. Write {_choices()}, or leave it "
                "empty where nobody looked."
            )
    return found


def _filled(values: list[str], blank: str) -> list[str]:
    return [value.strip() or blank for value in values]


def _check(table: gpd.GeoDataFrame, path: Path) -> None:
    """Refuse verdicts without candidate, reviewer or day, from the future, or given twice."""
    for number, row in enumerate(table.itertuples(), start=1):
        if not row.candidate_id:
            raise LabelError(f"{path}: verdict {number} has no candidate_id. Give it one.")
        if not row.who:
            raise LabelError(
                f"{path}: the verdict on {row.candidate_id} does not say who gave it. Fill the "
                "column who, or say it for all: --who."
            )
        if not row.when or row.when > date.today().isoformat():
            raise LabelError(
                f"{path}: the verdict on {row.candidate_id} is of {row.when or 'no day'}. Fill "
                "the column when with the day on which it was given, or say it for all: --when."
            )
    twice = table["candidate_id"].duplicated()
    if twice.any():
        raise LabelError(
            f"{path} holds two verdicts on {table.loc[twice, 'candidate_id'].iloc[0]}. Delete "
            "one; give the parts of an outline that was split ids of their own."
        )


def _choices() -> str:
    *others, last = (f"'{word}'" for word in VERDICTS)
    return f"{', '.join(others)} or {last}"


def _sorted(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
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
