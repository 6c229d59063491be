"""The review round: questions drawn from the build, answers merged into the kept verdicts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

from minecover.core import paths
from minecover.core.config import Params
from minecover.core.errors import LabelError
from minecover.core.files import write_text
from minecover.core.raster import burn, read_cube
from minecover.core.sites import read_sites
from minecover.evaluation import site_scores
from minecover.evaluation.aggregation import Aggregation
from minecover.evaluation.out_of_fold import read_out_of_fold
from minecover.features.validity import Profile, valid
from minecover.labels import MINES, Merge, merged, read_labels, read_verdicts, received
from minecover.labels import write_verdicts as keep
from minecover.labels.review import (
    Pictures,
    SiteDoubt,
    from_candidates,
    page,
    suspicious,
    uncertain,
    write_geopackage,
)
from minecover.learning.model_card import ModelCard
from minecover.reporting.figures import chips, clearest

#: What can be asked about.
ASKS = ("candidates", "uncertain", "suspicious")
#: A question's date is chosen by the ground within this distance of its outline [m].
ROUND_M = 120.0
#: Names of the files of an export.
GEOPACKAGE, PAGE = "review.gpkg", "review.html"


def export(params: Params, ask: str, *, top: int, out: Path) -> tuple[int, list[Path]]:
    """Write the first questions of a kind: a GeoPackage with its style, and a page.

    Parameters
    ----------
    params : Params
        Those that were built with.
    ask : str
        One of `ASKS`.
    top : int
        So many questions at most.
    out : Path
        The folder to write into.

    Returns
    -------
    n : int
        How many questions there are.
    written : list of Path

    Raises
    ------
    LabelError
        If nothing was built, or nothing is left to ask.
    """
    if not paths.OUT_OF_FOLD.is_file():
        raise LabelError(f"no {paths.OUT_OF_FOLD}, so nothing to review. Run `dvc repro`.")
    doubts = {one.site_id: one for one in _doubts(params.build("aggregation"))}
    known = read_verdicts(_kept(params))
    questions = _open(_asked(params, ask, list(doubts.values())), known).head(top)
    if questions.empty:
        raise LabelError(
            f"nothing is left to ask of {ask}: all of them are labelled or judged already. Ask "
            "another way (--uncertain, --suspicious), or look at more ground (sites.layouts)."
        )
    written = write_geopackage(out / GEOPACKAGE, questions)
    profile: Profile = ModelCard.read(paths.MODEL_CARD).build("mask")
    shown = {
        str(site_id): _pictures(doubts[str(site_id)], profile, asked)
        for site_id, asked in questions.groupby("site_id")
    }
    simulated = bool(params.value("source.is_simulated"))
    write_text(out / PAGE, page(questions, shown, simulated=simulated))
    return len(questions), [*written, out / PAGE]


def take(params: Params, file: Path, *, blanks: dict[str, str]) -> tuple[Merge, int, Path]:
    """Merge a reviewed file into the kept verdicts.

    Parameters
    ----------
    params : Params
    file : Path
        See `minecover.labels.received`.
    blanks : dict of str to str
        What an empty `who`, `when` and `why` is taken to be.

    Returns
    -------
    merge : Merge
    open : int
        Rows without a verdict.
    kept : Path
        The file that holds all verdicts now.
    """
    new, n_open = received(file, blanks=blanks)
    path = _kept(params)
    merge = merged(read_verdicts(path), new)
    keep(path, merge.verdicts)
    return merge, n_open, path


def _kept(params: Params) -> Path:
    return Path(str(params.value("labels.verdicts")))


def _doubts(aggregation: Aggregation) -> Iterator[SiteDoubt]:
    """Lay out what the out-of-fold models and the labels say of every site."""
    grids = {site.site_id: site.grid for site in read_sites(paths.SITES)}
    for site in read_out_of_fold(paths.OUT_OF_FOLD):
        grid = grids[site.site_id]
        score = site_scores(site, aggregation).location_score.reshape(grid.shape)
        yield SiteDoubt(site.site_id, grid, score.astype(np.float32), site.label[-1])


def _asked(params: Params, ask: str, doubts: list[SiteDoubt]) -> gpd.GeoDataFrame:
    """Find what a kind of question is about, the most worthwhile first."""
    min_px = int(params.value("metrics.objects.min_px"))
    if ask == "uncertain":
        threshold = float(ModelCard.read(paths.MODEL_CARD).value("threshold"))
        return uncertain(doubts, threshold=threshold, min_px=min_px)
    if ask == "suspicious":
        return suspicious(doubts, min_px=min_px)
    path = paths.CANDIDATES / "candidates.parquet"
    if not path.is_file():
        raise LabelError(f"no {path}, so no candidate to review. Run `dvc repro report`.")
    found, labels = gpd.read_parquet(path), read_labels(paths.LABELS)
    mines = labels[labels["kind"].isin(MINES)]
    return from_candidates(found[~_meeting(found, mines)])


def _open(questions: gpd.GeoDataFrame, known: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Leave out what was judged already, by its name or by its ground."""
    by_name = questions["candidate_id"].isin(known["candidate_id"]).to_numpy()
    by_ground = _meeting(questions, known)
    return questions[~(by_name | by_ground)].reset_index(drop=True)


def _meeting(shapes: gpd.GeoDataFrame, others: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    """Tell which shapes meet any of some others."""
    meet = np.zeros(len(shapes), np.bool_)
    meet[shapes.sindex.query(others.geometry, predicate="intersects")[1]] = True
    return meet


def _pictures(site: SiteDoubt, profile: Profile, questions: gpd.GeoDataFrame) -> Pictures:
    """Draw a site for the page: for each question the date on which its ground is clearest."""
    cube = read_cube(paths.SCENES / f"{site.site_id}.tif")
    usable = cube.core(valid(cube, profile))
    png: dict[str, bytes] = {}
    shown = {}
    ground = questions.geometry.to_crs(site.grid.crs).buffer(ROUND_M)
    for name, shape in zip(questions["candidate_id"], ground, strict=True):
        inside = burn([shape], site.grid, all_touched=True)
        time = clearest(usable & inside)
        drawn = chips(cube, time, usable[time], site.probability)
        png |= drawn
        shown[str(name)] = list(drawn)
    return Pictures(site.grid, png, shown)
