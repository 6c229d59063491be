"""Stage `report`: candidates, pictures and one page to read."""

import json
import logging
from collections.abc import Iterable

import geopandas as gpd
import numpy as np
import pandas as pd

from minecover import figures
from minecover.aggregation import Aggregation
from minecover.atomic import replacing, write_text
from minecover.candidates import SiteMap, find, write, write_geopackage
from minecover.config import Params
from minecover.cube import F32
from minecover.figures import Figure, SiteView
from minecover.labels import read_labels
from minecover.masks import Profile, valid
from minecover.metrics import Report, number, site_scores
from minecover.model_card import model_card
from minecover.out_of_fold import OutOfFold, read_out_of_fold
from minecover.raster import read_cube, read_planes
from minecover.report import Content, page
from minecover.sites import read_sites
from minecover.stages import paths

log = logging.getLogger(__name__)


def run(params: Params) -> None:
    """Find candidates out of fold, draw the pictures, render the page."""
    card = json.loads(paths.MODEL_CARD.read_text(encoding="utf-8"))
    metrics = json.loads(paths.METRICS.read_text(encoding="utf-8"))
    aggregation: Aggregation = params.build("aggregation")
    maps = list(_maps(read_out_of_fold(paths.OUT_OF_FOLD), aggregation))
    candidates = find(
        maps,
        read_labels(paths.LABELS),
        threshold=card["threshold"],
        min_px=int(params.value("metrics.candidate_min_px")),
    )
    write(paths.CANDIDATES, candidates)
    write_geopackage(paths.CANDIDATES.parent / "candidates.gpkg", candidates)
    simulated = bool(card["is_simulated"])
    drawn = {
        **_curves(metrics, simulated),
        "Where the sites and the candidates are.": figures.overview(
            gpd.read_parquet(paths.SITES), candidates, _layers(), simulated=simulated
        ),
        **_panels(maps, Params(card).build("mask"), simulated),
    }
    pictures = {caption: figures.png(figure) for caption, figure in drawn.items()}
    for place, png in enumerate(pictures.values()):
        with replacing(paths.FIGURES / f"{place:02d}.png") as temporary:
            temporary.write_bytes(png)
    leakage = json.loads(paths.LEAKAGE.read_text(encoding="utf-8"))
    transfer = pd.read_csv(paths.PLOTS / "transfer.csv")
    content = Content(card, metrics, leakage, transfer, candidates, pictures)
    write_text(paths.REPORT, page(content))
    write_text(paths.MODEL_PAGE, model_card(card, metrics, leakage))
    known = int(candidates["known"].sum())
    log.info("report: %d candidates, %d of them known mines", len(candidates), known)


def _maps(sites: Iterable[OutOfFold], aggregation: Aggregation) -> Iterable[SiteMap]:
    """Lay out-of-fold scores out as maps."""
    grids = {site.site_id: site.grid for site in read_sites(paths.SITES)}
    for site in sites:
        score = site_scores(site, aggregation).location_score
        grid = grids[site.site_id]
        # A location that was scored once has one date in the table, and many behind it.
        seen = read_planes(paths.PREDICTIONS / f"{site.site_id}.tif")["valid_dates"]
        yield SiteMap(site.site_id, grid, score.reshape(grid.shape), seen.astype(np.int64))


def _curves(metrics: Report, simulated: bool) -> dict[str, Figure]:
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
    return {
        "Precision against recall on common support, out of fold.": figures.precision_recall(
            curves, points, prevalence=prevalence, simulated=simulated
        ),
        "Are eight of ten pixels called 80 % really mine?": figures.reliability(
            pd.read_csv(paths.PLOTS / "reliability.csv"), simulated=simulated
        ),
        "The same model where mines are rarer than on the sites.": figures.transfer(
            pd.read_csv(paths.PLOTS / "transfer.csv"),
            prevalence=prevalence,
            simulated=simulated,
        ),
    }


def _layers() -> dict[str, gpd.GeoDataFrame]:
    """Read the layers that the context stage kept for maps."""
    return {path.stem: gpd.read_file(path) for path in sorted(paths.CONTEXT.glob("*.geojson"))}


def _panels(maps: list[SiteMap], profile: Profile, simulated: bool) -> dict[str, Figure]:
    """Draw the best, the median and the worst site that holds a mine."""
    chosen = exemplary(pd.read_csv(paths.PLOTS / "sites.csv"))
    wanted = {site_id for site_id, _ in chosen.values()}
    scores = {s.site_id: s for s in read_out_of_fold(paths.OUT_OF_FOLD) if s.site_id in wanted}
    location = {one.site_id: one.probability for one in maps if one.site_id in wanted}
    panels = {}
    for name, (site_id, f1) in chosen.items():
        view = site_view(scores[site_id], location[site_id], profile)
        caption = f"The {name} site: {site_id}, F1 {f1:.2f}, out of fold."
        panels[caption] = figures.site_panel(view, simulated=simulated)
    return panels


def exemplary(table: pd.DataFrame) -> dict[str, tuple[str, float]]:
    """Choose the best, the median and the worst site that holds a mine.

    Parameters
    ----------
    table : DataFrame
        See `minecover.metrics.site_table`.

    Returns
    -------
    dict of (site_id, F1 of its locations)
    """
    table = table[table["mine"] > 0]
    errors = table["missed"] + table["false_alarms"]
    table = table.assign(f1=2 * table["found"] / (2 * table["found"] + errors))
    ranked = table.sort_values(["f1", "mine", "site_id"], ascending=[False, False, True])
    places = {"best": 0, "median": len(ranked) // 2, "worst": -1}
    rows = {name: ranked.iloc[place] for name, place in places.items()}
    return {name: (str(row["site_id"]), float(row["f1"])) for name, row in rows.items()}


def site_view(site: OutOfFold, location: F32, profile: Profile) -> SiteView:
    """Gather what the picture of a site shows.

    Parameters
    ----------
    site : OutOfFold
    location : (row, col) float32
        The same scores aggregated over dates.
    profile : Profile
    """
    cube = read_cube(paths.SCENES / f"{site.site_id}.tif")
    return SiteView(
        site_id=site.site_id,
        cube=cube,
        valid=cube.core(valid(cube, profile)),
        probability=site.probability if len(site.dates) == len(cube.dates) else None,
        location=location,
        label=site.label[-1],
        truth=site.truth[-1],
    )
