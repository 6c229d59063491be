"""Stage `report`: candidates, figures, the report page and the model card."""

import logging
from typing import NamedTuple

import geopandas as gpd
import pandas as pd
import shapely

from minecover.core import paths
from minecover.core.config import Params
from minecover.core.damaged import read_json, reading_parquet
from minecover.core.files import replacing, write_text
from minecover.core.raster import burn
from minecover.core.sites import near
from minecover.core.surroundings import Surroundings
from minecover.evaluation import ObjectRule, Report, get_score
from minecover.labels import MINES
from minecover.reporting import figures
from minecover.reporting.candidates import (
    SiteMap,
    dates_seen,
    describe,
    find_candidates,
    precision_at,
    touches,
    write_candidates,
    write_geopackage,
    write_kml,
)
from minecover.reporting.figures import Figure, SiteView
from minecover.reporting.model_page import model_page
from minecover.reporting.page import (
    N_SHOWN,
    MapContent,
    PageContent,
    Strip,
    StripSources,
    cut_strip,
    render_page,
)
from minecover.reporting.scored_sites import ScoredSites, choose_examples

log = logging.getLogger(__name__)


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
    map_content = MapContent(sites, candidates, _read_layers())
    write_files(candidates, precision, simulated=simulated)
    metrics = read_json(paths.METRICS)
    pictures = {
        picture.caption: _write_figure(picture)
        for picture in (*_draw_curves(metrics, simulated), *_draw_examples(scored, simulated))
    }
    overview = figures.overview(
        map_content.sites, candidates, map_content.layers, simulated=simulated
    )
    _write_figure(NamedFigure("overview", "", overview))
    leakage = read_json(paths.LEAKAGE)
    content = PageContent(
        model=scored.card.content,
        metrics=metrics,
        leakage=leakage,
        mask_costs=read_json(paths.MASK_COSTS),
        precision=precision,
        checks_a_week=int(params.value("report.checks_a_week")),
        map_content=map_content,
        strips=cut_strips(candidates.head(N_SHOWN), scored),
        pictures=pictures,
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


def cut_strips(candidates: gpd.GeoDataFrame, scored: ScoredSites) -> list[Strip]:
    """Return the strips of candidates, by rank."""
    strips: dict[int, Strip] = {}
    for site_id, group in candidates.groupby("site_id"):
        view = scored.view(str(site_id))
        sources, surroundings = draw_sources(view, scored), scored.surroundings(view)
        for candidate in group.itertuples():
            remarks = date_remarks(candidate.geometry, surroundings)
            strips[int(candidate.rank)] = cut_strip(sources, candidate.geometry, remarks)
    return [strips[rank] for rank in sorted(strips)]


def date_remarks(shape: shapely.Geometry, surroundings: Surroundings) -> dict[str, str]:
    """Return for each date whether a candidate (WGS 84) was seen, not seen or hidden."""
    local = gpd.GeoSeries([shape], crs="EPSG:4326").to_crs(surroundings.grid.crs)
    seen = dict(dates_seen(surroundings, burn(local, surroundings.grid, all_touched=False)))
    words = {True: "seen", False: "not seen"}
    return {
        f"{day:%d %b %Y}": words[seen[day]] if day in seen else "hidden"
        for day in surroundings.dates
    }


def draw_sources(view: SiteView, scored: ScoredSites) -> StripSources:
    """Draw the pictures that all strips of a site are cut from."""
    grid = scored.sites[view.site_id].grid
    wide = grid.grown(figures.WINDOW_PX // 2)
    neighbours = [scored.view(name) for name in scored.neighbours(view.site_id, wide)]
    captions, pictures = figures.strip_pictures(view, neighbours)
    labels = scored.labels.iloc[near(scored.labels, wide)]
    return StripSources(
        grid=grid,
        captions=tuple(captions),
        pictures=pictures,
        outlines={
            name: labels[labels["kind"].isin(kinds)].geometry
            for name, kinds in (("label", MINES), ("truth", ("truth",)))
        },
    )


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
