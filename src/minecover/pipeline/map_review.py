"""Export the candidates of a map as questions to reviewers, with pictures from its scenes."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd

from minecover.core.config import Params
from minecover.core.errors import LabelError, RegionError
from minecover.core.language import IN_ENGLISH, Language
from minecover.labels.review import candidate_questions
from minecover.pipeline.candidate_files import CANDIDATES, read_candidates, read_record
from minecover.pipeline.known_ground import ground_name
from minecover.pipeline.map_page import draw_overlays
from minecover.pipeline.map_pictures import draw_map_candidate
from minecover.pipeline.map_summary import MapSummary
from minecover.pipeline.review import without_verdict
from minecover.pipeline.review_files import review_title, write_export
from minecover.pipeline.stages.labels import verdicts_of_world
from minecover.prediction.region.tile_job import model_of
from minecover.reporting.page import Image, PageContent, data_url, with_href


def export_map_questions(
    params: Params, folder: Path, *, top: int, out: Path, language: Language = IN_ENGLISH
) -> tuple[int, list[Path]]:
    """Write the first candidates of a map that touch no known mine and have no verdict.

    Parameters
    ----------
    params : Params
        The parameters of the build that verdicts are imported into.
    folder : Path
        Folder of the map.
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
        See `minecover.pipeline.review.export_questions`.

    Raises
    ------
    RegionError
        If the folder holds no candidates, or its map was deleted.
    LabelError
        If no candidate is left to review.
    """
    of_map = read_record(folder)
    missing = [one.path for one in of_map.rasters if not one.path.is_file()]
    if missing:
        raise RegionError(
            f"no {missing[0]}, which the map had. Write it again with the command that made "
            "the map."
        )
    candidates = read_candidates(folder / f"{CANDIDATES}.parquet")
    found = candidate_questions(candidates[~candidates["known"]])
    questions = without_verdict(found, verdicts_of_world(params)).head(top)
    if questions.empty:
        raise LabelError(
            f"nothing is left to review in {folder}: every one of its {len(candidates)} "
            "candidates touches a known mine or has a verdict."
        )
    # Each candidate is a site of its own: a tile is far larger than what is labelled.
    questions = questions.assign(site_id=questions["candidate_id"])
    drawn = {
        str(row.candidate_id): draw_map_candidate(of_map, row.geometry, str(row.candidate_id))
        for row in questions.itertuples()
    }
    card = model_of(of_map.settings).card
    asked = candidates[candidates["candidate_id"].isin(questions["candidate_id"])]
    content = PageContent(
        title=review_title(language, simulated=of_map.is_simulated),
        language=language,
        candidates=_described(questions, candidates),
        pictures={name: with_href(one) for name, one in drawn.items() if one},
        threshold=float(card.value("threshold")),
        pixel_m=card.lattice.pixel_m,
        world=ground_name(params, is_simulated=of_map.is_simulated),
        overlays=[
            Image(one.name, data_url(one.image), one.bounds) for one in draw_overlays(of_map)
        ],
        warnings=MapSummary.of(asked, of_map).warnings(language),
        is_map=True,
    )
    files = write_export(out, questions, content)
    return len(questions), files


def _described(questions: gpd.GeoDataFrame, candidates: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return questions with what is known of their candidates."""
    others = [name for name in candidates if name not in questions or name == "candidate_id"]
    return questions.merge(candidates[others], on="candidate_id", how="left")
