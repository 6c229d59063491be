"""Stage `report`: candidates, figures, the report page and the model card."""

import logging
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

import geopandas as gpd
import pandas as pd

from minecover.core import paths
from minecover.core.config import Params
from minecover.core.damaged import read_json, reading_parquet
from minecover.core.files import replacing, write_text
from minecover.core.language import IN_ENGLISH
from minecover.core.sites import near as near_labels
from minecover.core.sites import projected
from minecover.evaluation import NO_SKILL, ObjectRule, Report, find_no_skill, get_score
from minecover.labels import MINES
from minecover.labels.review import candidate_questions
from minecover.reporting import figures
from minecover.reporting.candidates import (
    SiteMap,
    describe,
    find_candidates,
    precision_at,
    touches,
    write_candidates,
    write_geopackage,
    write_kml,
)
from minecover.reporting.figures import Figure
from minecover.reporting.model_page import model_page
from minecover.reporting.page import (
    PageContent,
    ScoreContent,
    draw_candidate,
    render_page,
    render_scores,
    window_around,
    with_href,
)
from minecover.reporting.scored_sites import ScoredSites, choose_examples

log = logging.getLogger(__name__)

#: Number of candidates with pictures; the list and the files hold all.
N_SHOWN = 100
#: Number of sites whose scenes are held at once.
N_GROUNDS = 8


class NamedFigure(NamedTuple):
    """A figure with the name of its file and its caption on the page."""

    name: str
    caption: str
    figure: Figure


def run(params: Params) -> None:
    """Write the candidates, the figures, the report page and the model card of a build."""
    scored = ScoredSites.read(params.build("aggregation"))
    simulated = bool(scored.card.value("is_simulated"))
    rule: ObjectRule = params.build("metrics.objects")
    candidates = build_candidates(scored, min_px=rule.min_px)
    precision = compute_precision(candidates, scored, params)
    with reading_parquet(paths.SITES):
        sites = gpd.read_parquet(paths.SITES)
    layers = _read_layers()
    write_files(candidates, precision, simulated=simulated)
    metrics = read_json(paths.METRICS)
    pictures = {
        picture.caption: _write_figure(picture)
        for picture in (*_draw_curves(metrics, simulated), *_draw_examples(scored, simulated))
    }
    overview = figures.overview(sites, candidates, layers, simulated=simulated)
    _write_figure(NamedFigure("overview", "", overview))
    leakage = read_json(paths.LEAKAGE)
    scores = ScoreContent(
        model=scored.card.content,
        metrics=metrics,
        leakage=leakage,
        mask_costs=read_json(paths.MASK_COSTS),
        precision=precision,
        checks_a_week=int(params.value("report.checks_a_week")),
        pictures=pictures,
    )
    content = PageContent(
        title=page_title(metrics, simulated=simulated),
        language=IN_ENGLISH,
        candidates=_with_outlines(candidates),
        pictures=draw_candidates(candidates.head(N_SHOWN), scored),
        threshold=float(scored.card.value("threshold")),
        pixel_m=scored.card.lattice.pixel_m,
        # The sites say which ground it is: an import compares them with those of its build.
        world="",
        lines={**layers, "sites": sites},
        warnings=page_warnings(scored.card.content, metrics),
        summary=[
            f"{len(candidates)} candidates, out of fold; pictures of the first {N_SHOWN}."
        ],
        files={
            "candidates/candidates.csv": "a table for a spreadsheet",
            "candidates/candidates.geojson": "candidates for other programs",
            "candidates.gpkg": "candidates for QGIS, with their style",
            "candidates.kml": "candidates for Google Earth",
        },
        scores=render_scores(scores),
    )
    write_text(paths.REPORT, render_page(content))
    write_text(paths.MODEL_PAGE, model_page(scored.card.content, metrics, leakage))
    known = int(candidates["known"].sum())
    log.info("report: %d candidates, %d of them known mines", len(candidates), known)


def build_candidates(scored: ScoredSites, *, min_px: int) -> gpd.GeoDataFrame:
    """Find candidates on out-of-fold probabilities, and describe them."""
    maps = [
        SiteMap(name, scored.sites[name].grid, probability)
        for name, probability in scored.location_probability.items()
    ]
    threshold = scored.card.value("threshold")
    found = find_candidates(maps, scored.labels, threshold=threshold, min_px=min_px)
    mines = scored.labels_of(*MINES).geometry
    return describe(found, lambda name: scored.surroundings(scored.view(name)), mines)


def compute_precision(
    candidates: gpd.GeoDataFrame, scored: ScoredSites, params: Params
) -> pd.DataFrame:
    """Compute the precision among the first candidates, by the labels and by the truth."""
    against = {"a labelled mine": candidates["known"].to_numpy()}
    truth = scored.labels_of("truth")
    if len(truth):
        against["a mine in truth"] = touches(candidates, truth)
    tops = [*params.value("report.tops"), params.value("report.checks_a_week"), len(candidates)]
    tables = {
        name: precision_at(
            is_mine,
            candidates["site_id"].tolist(),
            sites=list(scored.out_of_fold),
            tops=tops,
            bootstrap=params.build("metrics.bootstrap"),
        )
        for name, is_mine in against.items()
    }
    return pd.concat(tables, names=["against"]).reset_index("against").reset_index(drop=True)


def write_files(
    candidates: gpd.GeoDataFrame, precision: pd.DataFrame, *, simulated: bool
) -> None:
    """Write the candidates in every format, and the precision among the first ones."""
    write_candidates(paths.CANDIDATES, candidates)
    with replacing(paths.CANDIDATES / "precision.csv") as temporary:
        precision.to_csv(temporary, index=False, lineterminator="\n")
    folder = paths.CANDIDATES.parent
    write_geopackage(folder / "candidates.gpkg", candidates)
    write_kml(folder / "candidates.kml", candidates, simulated=simulated)


def page_title(metrics: Report, *, simulated: bool) -> str:
    """Return the title of the report, which says what its data and its model are worth."""
    title = "Candidate mines" + (" on simulated data" if simulated else "")
    return f"{title}: {NO_SKILL}" if find_no_skill(metrics) else title


def page_warnings(card: Mapping[str, object], metrics: Report) -> list[str]:
    """Return what one must know before looking at the candidates of a build."""
    warnings = []
    if no_skill := find_no_skill(metrics):
        warnings.append(
            f"The model is {no_skill}. Its candidates are no reason to look at a place."
        )
    if card["is_simulated"]:
        warnings.append(
            "These data are simulated. The simulator is calibrated to the scores published in "
            "2017, so agreement with them is by construction and no evidence of skill on real "
            "ground."
        )
    if remark := card.get("remark"):
        warnings.append(f"What these labels are worth: {remark}")
    return warnings


def draw_candidates(
    candidates: gpd.GeoDataFrame, scored: ScoredSites
) -> dict[str, dict[str, object]]:
    """Return the pictures of candidates by their id, as parts of the page."""
    ground_of = lru_cache(maxsize=N_GROUNDS)(scored.ground)
    pictures = {}
    for site_id, group in candidates.groupby("site_id"):
        grid = scored.sites[str(site_id)].grid
        for row in group.itertuples():
            local = projected(row.geometry, grid.crs)
            window = window_around(local, grid)
            beside = [ground_of(name) for name in scored.neighbours(str(site_id), window)]
            ground = ground_of(str(site_id)).on(window, beside)
            near = scored.labels.iloc[near_labels(scored.labels, window)]
            others = {
                name: near[near["kind"].isin(kinds)].geometry
                for name, kinds in (("label", MINES), ("truth", ("truth",)))
            }
            drawn = draw_candidate(ground, row.geometry, others)
            pictures[str(row.candidate_id)] = with_href(drawn)
    return pictures


def _with_outlines(candidates: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return candidates by rank, with the outlines that their verdicts are saved with."""
    by_rank = candidates.sort_values("rank", ignore_index=True)
    return by_rank.set_geometry(candidate_questions(by_rank).geometry)


def _draw_curves(metrics: Report, simulated: bool) -> list[NamedFigure]:
    """Draw the precision-recall, reliability and transfer curves."""
    names = {"location": "all dates together", "observation": "single dates"}
    curves = {
        name: pd.read_csv(paths.PLOTS / f"pr_{level}.csv") for level, name in names.items()
    }
    points = {
        name: (
            get_score(metrics, f"common_support.{level}.precision"),
            get_score(metrics, f"common_support.{level}.recall"),
        )
        for level, name in names.items()
    }
    prevalence = get_score(metrics, "prevalence.location")
    return [
        NamedFigure(
            "precision_recall",
            "Precision against recall on common support, out of fold.",
            figures.precision_recall(
                curves, points, prevalence=prevalence, simulated=simulated
            ),
        ),
        NamedFigure(
            "reliability",
            "Reliability: of the pixels with a probability of 0.8, are eight in ten mine?",
            figures.reliability(
                pd.read_csv(paths.PLOTS / "reliability.csv"), simulated=simulated
            ),
        ),
        NamedFigure(
            "transfer",
            "The same model where mines are rarer than on the sites.",
            figures.transfer(
                pd.read_csv(paths.PLOTS / "transfer.csv"),
                prevalence=prevalence,
                simulated=simulated,
            ),
        ),
    ]


def _write_figure(picture: NamedFigure) -> bytes:
    """Write a figure, and return its PNG for the page."""
    png = figures.png(picture.figure)
    with replacing(paths.FIGURES / f"{picture.name}.png") as temporary:
        temporary.write_bytes(png)
    return png


def _read_layers() -> dict[str, gpd.GeoDataFrame]:
    """Read the map layers that the context stage wrote."""
    return {path.stem: gpd.read_file(path) for path in sorted(paths.CONTEXT.glob("*.geojson"))}


def _draw_examples(scored: ScoredSites, simulated: bool) -> list[NamedFigure]:
    """Draw the best, the median and the worst site that holds a mine."""
    examples = choose_examples(pd.read_csv(paths.PLOTS / "sites.csv"))
    panels = []
    for name, (site_id, f1) in examples.items():
        caption = f"The {name} site: {site_id}, F1 {f1:.2f}, out of fold."
        panel = figures.site_panel(scored.view(site_id), simulated=simulated)
        panels.append(NamedFigure(f"site_{name}", caption, panel))
    return panels
