"""Review: import the verdicts of reviewers, and compare those of several."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd

from minecover.core import paths
from minecover.core.config import Params
from minecover.core.errors import LabelError, first_names
from minecover.core.files import write_json
from minecover.core.sites import read_sites, square
from minecover.labels import Merge, merge_verdicts, read_reviewed, read_verdicts, write_verdicts
from minecover.labels.agreement import Agreement, compare_reviews
from minecover.labels.ground_names import REAL, read_world, world_name, world_path
from minecover.pipeline.candidate_files import read_candidates
from minecover.pipeline.review import intersecting
from minecover.pipeline.review_files import WORLD
from minecover.reporting.candidates import MAP_PREFIX

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Imported:
    """What an import did.

    Parameters
    ----------
    merge : Merge
        All verdicts, and how many were added or replaced.
    n_open : int
        Rows of the files without a verdict.
    path : Path
        The file that holds all verdicts.
    disagreements : mapping of str to mapping
        Verdicts by reviewer, by candidate, on which the files disagree: they were left out.
    overruled : mapping of str to mapping
        The same where a verdict of before and a new one differ: the later one counts.
    agreements : sequence of Agreement
        Of each two reviewers who judged candidates in common.
    """

    merge: Merge
    n_open: int
    path: Path
    disagreements: Mapping[str, Mapping[str, str]]
    overruled: Mapping[str, Mapping[str, str]]
    agreements: Sequence[Agreement]


def import_verdicts(
    params: Params, files: Sequence[Path], *, blanks: dict[str, str]
) -> Imported:
    """Merge the verdicts of reviewed files into ``labels.verdicts``.

    A candidate on which reviewers of these files disagree is left out: somebody has to decide.
    Those who disagree with a verdict of before are named, and the later verdict counts.

    Parameters
    ----------
    params : Params
        Of it, `labels` and `world` are read.
    files : sequence of Path
        See `minecover.labels.read_reviewed`; one or several, of one reviewer or of several.
    blanks : dict of str to str
        Values for an empty `who`, `when` and `why`.

    Returns
    -------
    Imported

    Raises
    ------
    LabelError
        If a row of a file is not valid, or the verdicts are about other ground than this build.
    """
    date_format = params.value("labels.date_format")
    reviews = [read_reviewed(one, blanks=blanks, date_format=date_format) for one in files]
    path, world = Path(str(params.value("labels.verdicts"))), world_name(params)
    known = read_verdicts(path, date_format)
    for file, (new, _) in zip(files, reviews, strict=True):
        _check_world(world, path, known, file, new)
        _check_ground(file, new)
    comparison = compare_reviews([new for new, _ in reviews])
    before = compare_reviews([known, *(new for new, _ in reviews)])
    merge = merge_verdicts(known, comparison.agreed)
    if world != REAL:
        write_json(world_path(path), {"world": world})
    write_verdicts(path, merge.verdicts)
    n_open = sum(n for _, n in reviews)
    overruled = {
        name: verdicts
        for name, verdicts in before.disagreements.items()
        if name not in comparison.disagreements
    }
    agreements = [one for one in before.agreements if one.n]
    return Imported(merge, n_open, path, comparison.disagreements, overruled, agreements)


def _check_world(
    world: str, path: Path, known: gpd.GeoDataFrame, file: Path, new: gpd.GeoDataFrame
) -> None:
    """Refuse verdicts from another simulated world, and to mix those of two worlds."""
    own, beside = _world_in(file), file.parent / WORLD
    theirs = own or read_world(beside)
    if theirs not in (None, world):
        raise LabelError(
            f"the {len(new)} verdicts of {file} are about the {theirs} "
            f"({'it' if own else beside} says so), and this is the {world}: none was imported. "
            "Compose the configuration that they were exported with (`minecover params --write "
            "...`), or export again."
        )
    stored = read_world(world_path(path))
    if len(known) and stored not in (None, world):
        raise LabelError(
            f"{path} holds {len(known)} verdicts about the {stored}, and this is the {world}: "
            f"none of {file} was imported. Set labels.verdicts to another file, or delete "
            f"{path} and {world_path(path)}."
        )


def _world_in(file: Path) -> str | None:
    """Return the world that a file names itself, as the review page writes it."""
    if file.suffix.lower() not in (".geojson", ".json"):
        return None
    try:
        content = json.loads(file.read_text(encoding="utf-8-sig"))
    except ValueError:
        return None  # e.g. a feature a line, which GDAL reads as well
    world = content.get("world") if isinstance(content, dict) else None
    return None if world is None else str(world)


def _check_ground(file: Path, new: gpd.GeoDataFrame) -> None:
    """Refuse verdicts on candidates of another build, whose ground lies on no site here."""
    if not paths.SITES.is_file():
        log.warning("review: nothing is built here, so the verdicts were not compared with it")
        return
    squares = [square(site.grid) for site in read_sites(paths.SITES)]
    candidates = paths.CANDIDATES / "candidates.parquet"
    ids = read_candidates(candidates)["candidate_id"] if candidates.is_file() else []
    name = new["candidate_id"]
    belongs = name.isin(ids) | name.str.lower().str.startswith(MAP_PREFIX)
    belongs |= intersecting(new, gpd.GeoDataFrame(geometry=squares, crs=new.crs))
    foreign = name[~belongs].tolist()
    if foreign:
        raise LabelError(
            f"{len(foreign)} of the {len(new)} verdicts of {file} are on candidates of another "
            f"build, and on none of its sites ({first_names(foreign)}): none was "
            "imported. Import them where they were exported, delete those rows, place sites "
            f"there (sites.layouts), or begin the ids of outlines drawn on a map with "
            f"{MAP_PREFIX}."
        )
