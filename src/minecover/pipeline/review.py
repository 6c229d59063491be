"""Review: export questions about the build to reviewers."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

from minecover.core import paths
from minecover.core.config import Params
from minecover.core.damaged import reading_parquet
from minecover.core.errors import LabelError
from minecover.core.grid import LON_LAT
from minecover.core.language import IN_ENGLISH, Language
from minecover.core.raster import read_cube
from minecover.core.sites import read_sites
from minecover.evaluation import ObjectRule, site_predictions
from minecover.evaluation.aggregation import Aggregation
from minecover.evaluation.out_of_fold import read_out_of_fold
from minecover.features.bare_ground import BANDS, bare_ground
from minecover.features.validity import Profile, valid
from minecover.labels import (
    MINES,
    read_labels,
)
from minecover.labels.ground_names import world_name
from minecover.labels.review import (
    ReviewSite,
    candidate_questions,
    suspicious_questions,
    uncertain_questions,
)
from minecover.learning.model_card import ModelCard
from minecover.pipeline.candidate_files import read_candidates
from minecover.pipeline.review_files import review_title, write_export
from minecover.pipeline.stages.labels import verdicts_of_world
from minecover.reporting.figures import Ground
from minecover.reporting.page import PageContent, draw_candidate, window_around, with_href

log = logging.getLogger(__name__)

#: The kinds of questions.
QUESTION_KINDS = ("candidates", "uncertain", "suspicious")


def export_questions(
    params: Params, kind: str, *, top: int, out: Path, language: Language = IN_ENGLISH
) -> tuple[int, list[Path]]:
    """Write the first questions of a kind as a GeoPackage with its style, and as a page.

    Parameters
    ----------
    params : Params
        The parameters of the build.
    kind : str
        One of `QUESTION_KINDS`.
    top : int
        Largest number of questions.
    out : Path
        Folder for the files.
    language : Language
        Language of the page.

    Returns
    -------
    n_questions : int
        Number of questions written.
    files : list of Path
        The files written.

    Raises
    ------
    LabelError
        If nothing was built, or no question of this kind is open.
    """
    if not paths.OUT_OF_FOLD.is_file():
        raise LabelError(f"no {paths.OUT_OF_FOLD}, so nothing to review. Run `dvc repro`.")
    sites = {site.site_id: site for site in _review_sites(params.build("aggregation"))}
    verdicts = verdicts_of_world(params)
    found = _find_questions(params, kind, list(sites.values()))
    questions = without_verdict(found, verdicts).head(top)
    if questions.empty:
        raise LabelError(
            f"nothing is left to review in {kind}: all of them have a label or a verdict. "
            "Choose another kind (--uncertain, --suspicious), or add ground (sites.layouts)."
        )
    card, simulated = (
        ModelCard.read(paths.MODEL_CARD),
        bool(params.value("source.is_simulated")),
    )
    content = PageContent(
        title=review_title(language, simulated=simulated),
        language=language,
        candidates=questions,
        pictures=_draw_pictures(sites, card, questions),
        threshold=float(card.value("threshold")),
        pixel_m=card.lattice.pixel_m,
        world=world_name(params),
        lines={"sites": _site_squares(questions)},
    )
    return len(questions), write_export(out, questions, content)


def _review_sites(aggregation: Aggregation) -> Iterator[ReviewSite]:
    """Yield every site with its out-of-fold probabilities over all dates, and its labels."""
    grids = {site.site_id: site.grid for site in read_sites(paths.SITES)}
    for site in read_out_of_fold(paths.OUT_OF_FOLD):
        grid = grids[site.site_id]
        p = site_predictions(site, aggregation).location_probability.reshape(grid.shape)
        yield ReviewSite(site.site_id, grid, p.astype(np.float32), site.label[-1])


def _site_squares(questions: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the squares of the sites that questions lie on."""
    with reading_parquet(paths.SITES):
        sites = gpd.read_parquet(paths.SITES)
    return sites[sites["site_id"].isin(questions["site_id"])]


def _find_questions(params: Params, kind: str, sites: list[ReviewSite]) -> gpd.GeoDataFrame:
    """Return all questions of a kind, the most useful first."""
    rule: ObjectRule = params.build("metrics.objects")
    min_px = rule.min_px
    if kind == "uncertain":
        threshold = float(ModelCard.read(paths.MODEL_CARD).value("threshold"))
        return uncertain_questions(sites, threshold=threshold, min_px=min_px)
    if kind == "suspicious":
        return suspicious_questions(sites, min_px=min_px)
    path = paths.CANDIDATES / "candidates.parquet"
    if not path.is_file():
        raise LabelError(f"no {path}, so no candidate to review. Run `dvc repro report`.")
    candidates, labels = read_candidates(path), read_labels(paths.LABELS)
    mines = labels[labels["kind"].isin(MINES)]
    return candidate_questions(candidates[~intersecting(candidates, mines)])


def without_verdict(
    questions: gpd.GeoDataFrame, verdicts: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """Drop questions that have a verdict, by their candidate or by their ground.

    Parameters
    ----------
    questions : GeoDataFrame
        With `candidate_id`, in WGS 84.
    verdicts : GeoDataFrame
        See `minecover.labels.read_verdicts`.
    """
    by_name = questions["candidate_id"].isin(verdicts["candidate_id"]).to_numpy()
    by_ground = intersecting(questions, verdicts)
    return questions[~(by_name | by_ground)].reset_index(drop=True)


def intersecting(shapes: gpd.GeoDataFrame, others: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    """Return which shapes intersect any of the others.

    Parameters
    ----------
    shapes, others : GeoDataFrame
        In one CRS.
    """
    found = np.zeros(len(shapes), np.bool_)
    found[shapes.sindex.query(others.geometry, predicate="intersects")[1]] = True
    return found


def _draw_pictures(
    sites: Mapping[str, ReviewSite], card: ModelCard, questions: gpd.GeoDataFrame
) -> dict[str, dict[str, object]]:
    """Draw every date of each question, from its site and those beside it."""

    @cache
    def ground_of(site_id: str) -> Ground:
        cube = read_cube(paths.SCENES / f"{site_id}.tif")
        profile: Profile = card.build("mask")
        can_tell = card.value("design") == "location" and set(BANDS) <= set(cube.bands)
        looks_mined = bare_ground(cube) if can_tell else None
        usable = cube.core(valid(cube, profile))
        return Ground.of_cube(cube, usable, looks_mined, sites[site_id].probability)

    pictures = {}
    for row in questions.itertuples():
        grid = sites[str(row.site_id)].grid
        local = gpd.GeoSeries([row.geometry], crs=questions.crs).to_crs(grid.crs).iloc[0]
        window = window_around(local, grid)
        beside = [
            name
            for name, other in sites.items()
            if name != row.site_id and other.grid.crs == grid.crs != LON_LAT
            and window.overlaps(other.grid)
        ]  # fmt: skip
        ground = ground_of(str(row.site_id)).on(window, [ground_of(name) for name in beside])
        drawn = draw_candidate(ground, row.geometry, {})
        pictures[str(row.candidate_id)] = with_href(drawn)
    return pictures
