"""Stage `report`: candidates, pictures and one page to read."""

import json
import logging
from typing import NamedTuple

import geopandas as gpd
import pandas as pd
import shapely

from minecover.core import paths
from minecover.core.config import Params
from minecover.core.files import replacing, write_text
from minecover.core.raster import burn
from minecover.core.sites import square
from minecover.evaluation import Report, number
from minecover.labels import MINES
from minecover.reporting import figures
from minecover.reporting.candidates import (
    SiteMap,
    Surroundings,
    described,
    find,
    meets,
    precision_at,
    shown_dates,
    write,
    write_geopackage,
    write_kml,
)
from minecover.reporting.figures import Figure, SiteView
from minecover.reporting.model_page import model_page
from minecover.reporting.page import N_SHOWN, Content, Look, Place, Strip, page, strip
from minecover.reporting.scored_sites import ScoredSites, exemplary

log = logging.getLogger(__name__)


class Drawn(NamedTuple):
    """A figure, the name of its file, and what the page says under it."""

    name: str
    caption: str
    figure: Figure


def run(params: Params) -> None:
    """Find and describe candidates out of fold, draw the pictures, render the page."""
    built = ScoredSites.read(params.build("aggregation"))
    simulated = bool(built.card.value("is_simulated"))
    candidates = candidates_of(built, min_px=int(params.value("metrics.objects.min_px")))
    precision = precision_of(candidates, built, params)
    place = Place(gpd.read_parquet(paths.SITES), candidates, _layers())
    write_files(candidates, precision, simulated=simulated)
    metrics = json.loads(paths.METRICS.read_text(encoding="utf-8"))
    pictures = {
        drawn.caption: _kept(drawn)
        for drawn in (*_curves(metrics, simulated), *_panels(built, simulated))
    }
    overview = figures.overview(place.sites, candidates, place.layers, simulated=simulated)
    _kept(Drawn("overview", "", overview))
    leakage = json.loads(paths.LEAKAGE.read_text(encoding="utf-8"))
    content = Content(
        model=built.card.content,
        metrics=metrics,
        leakage=leakage,
        precision=precision,
        checks_a_week=int(params.value("report.checks_a_week")),
        place=place,
        strips=strips_of(candidates.head(N_SHOWN), built),
        pictures=pictures,
    )
    write_text(paths.REPORT, page(content))
    write_text(paths.MODEL_PAGE, model_page(built.card.content, metrics, leakage))
    known = int(candidates["known"].sum())
    log.info("report: %d candidates, %d of them known mines", len(candidates), known)


def candidates_of(built: ScoredSites, *, min_px: int) -> gpd.GeoDataFrame:
    """Find the candidates on out-of-fold scores, and describe them."""
    maps = [SiteMap(name, built.sites[name].grid, p) for name, p in built.location.items()]
    threshold = built.card.value("threshold")
    found = find(maps, built.labels, threshold=threshold, min_px=min_px)
    mines = built.of_kind(*MINES).geometry
    return described(found, lambda name: built.surroundings(built.view(name)), mines)


def precision_of(
    candidates: gpd.GeoDataFrame, built: ScoredSites, params: Params
) -> pd.DataFrame:
    """Count the mines among the first candidates, by the labels and, where known, in truth."""
    against = {"a labelled mine": candidates["known"].to_numpy()}
    truth = built.of_kind("truth")
    if len(truth):
        against["a mine in truth"] = meets(candidates, truth)
    tops = [*params.value("report.tops"), params.value("report.checks_a_week"), len(candidates)]
    tables = {
        name: precision_at(
            is_mine,
            candidates["site_id"].tolist(),
            sites=list(built.scores),
            tops=tops,
            bootstrap=params.build("metrics.bootstrap"),
        )
        for name, is_mine in against.items()
    }
    return pd.concat(tables, names=["against"]).reset_index("against").reset_index(drop=True)


def write_files(
    candidates: gpd.GeoDataFrame, precision: pd.DataFrame, *, simulated: bool
) -> None:
    """Write the candidates in every format, and the precision of the first."""
    write(paths.CANDIDATES, candidates)
    with replacing(paths.CANDIDATES / "precision.csv") as temporary:
        precision.to_csv(temporary, index=False, lineterminator="\n")
    beside = paths.CANDIDATES.parent
    write_geopackage(beside / "candidates.gpkg", candidates)
    write_kml(beside / "candidates.kml", candidates, simulated=simulated)


def strips_of(candidates: gpd.GeoDataFrame, built: ScoredSites) -> list[Strip]:
    """Cut the strips of candidates, by rank; every site is drawn once."""
    strips: dict[int, Strip] = {}
    for site_id, some in candidates.groupby("site_id"):
        view = built.view(str(site_id))
        look, around = look_of(view, built), built.surroundings(view)
        for candidate in some.itertuples():
            said = said_of(candidate.geometry, around)
            strips[int(candidate.rank)] = strip(look, candidate.geometry, said)
    return [strips[rank] for rank in sorted(strips)]


def said_of(shape: shapely.Geometry, around: Surroundings) -> dict[str, str]:
    """Say of every date whether a candidate was seen on it."""
    local = gpd.GeoSeries([shape], crs="EPSG:4326").to_crs(around.grid.crs)
    seen = dict(shown_dates(around, burn(local, around.grid, all_touched=False)))
    words = {True: "seen", False: "not seen"}
    return {
        f"{day:%d %b %Y}": words[seen[day]] if day in seen else "hidden" for day in around.dates
    }


def look_of(view: SiteView, built: ScoredSites) -> Look:
    """Draw what all strips of a site are cut from."""
    grid = built.sites[view.site_id].grid
    wide = grid.grown(figures.WINDOW_PX // 2)
    near = built.near(view.site_id, wide)
    captions, pictures = figures.strip_pictures(view, [built.view(name) for name in near])
    here = built.labels.iloc[built.labels.sindex.query(square(wide), sort=True)]
    return Look(
        grid=grid,
        captions=tuple(captions),
        pictures=pictures,
        drawn={
            name: here[here["kind"].isin(kinds)].geometry
            for name, kinds in (("label", MINES), ("truth", ("truth",)))
        },
    )


def _curves(metrics: Report, simulated: bool) -> list[Drawn]:
    """Draw the curves behind the scores."""
    names = {"location": "all dates together", "observation": "single dates"}
    curves = {
        name: pd.read_csv(paths.PLOTS / f"pr_{level}.csv") for level, name in names.items()
    }
    points = {
        name: (
            number(metrics, f"common_support.{level}.precision"),
            number(metrics, f"common_support.{level}.recall"),
        )
        for level, name in names.items()
    }
    prevalence = number(metrics, "prevalence.location")
    return [
        Drawn(
            "precision_recall",
            "Precision against recall on common support, out of fold.",
            figures.precision_recall(
                curves, points, prevalence=prevalence, simulated=simulated
            ),
        ),
        Drawn(
            "reliability",
            "Are eight of ten pixels called 80 % really mine?",
            figures.reliability(
                pd.read_csv(paths.PLOTS / "reliability.csv"), simulated=simulated
            ),
        ),
        Drawn(
            "transfer",
            "The same model where mines are rarer than on the sites.",
            figures.transfer(
                pd.read_csv(paths.PLOTS / "transfer.csv"),
                prevalence=prevalence,
                simulated=simulated,
            ),
        ),
    ]


def _kept(drawn: Drawn) -> bytes:
    """Write a figure; give its bytes for the page."""
    png = figures.png(drawn.figure)
    with replacing(paths.FIGURES / f"{drawn.name}.png") as temporary:
        temporary.write_bytes(png)
    return png


def _layers() -> dict[str, gpd.GeoDataFrame]:
    """Read the layers that the context stage kept for maps."""
    return {path.stem: gpd.read_file(path) for path in sorted(paths.CONTEXT.glob("*.geojson"))}


def _panels(built: ScoredSites, simulated: bool) -> list[Drawn]:
    """Draw the best, the median and the worst site that holds a mine."""
    chosen = exemplary(pd.read_csv(paths.PLOTS / "sites.csv"))
    panels = []
    for name, (site_id, f1) in chosen.items():
        caption = f"The {name} site: {site_id}, F1 {f1:.2f}, out of fold."
        panel = figures.site_panel(built.view(site_id), simulated=simulated)
        panels.append(Drawn(f"site_{name}", caption, panel))
    return panels
