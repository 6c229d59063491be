"""What changed between the maps of several periods: read, smooth, follow, write."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from minecover.core.errors import RegionError, SceneError
from minecover.core.grid import Grid
from minecover.core.language import IN_ENGLISH, Language
from minecover.core.raster import read_band, read_grid
from minecover.evaluation.change import ChangeRule, areas, follow, smoothed
from minecover.pipeline.change_page import Followed, write_change_page
from minecover.pipeline.period_list import PERIODS, PeriodMaps
from minecover.prediction.detector import MINE
from minecover.prediction.region.mosaic import LAYERS, tile_path
from minecover.prediction.region.tile_ledger import LEDGER, OK, TileLedger
from minecover.reporting.candidates.place_names import lattice_name, lattice_of
from minecover.reporting.changes import (
    FollowedPixels,
    alerts,
    by_period,
    change_table,
    write_alerts,
    write_changes,
)

log = logging.getLogger(__name__)

F32 = NDArray[np.float32]
I64 = NDArray[np.int64]
Bools = NDArray[np.bool_]
#: What restores a file of a map.
AGAIN = "Run the command that made the maps again, which makes what is missing"


@dataclass(frozen=True, slots=True, eq=False)
class _Pixels:
    """Pixels that some period calls mined, counted from the corner of their lattice."""

    row: I64
    col: I64
    mined: Bools
    on_map: Bools
    observed: Bools
    applicable: Bools
    certainty: F32


def write_change(
    folder: Path,
    rule: ChangeRule,
    *,
    since: date | None,
    out: Path | None = None,
    language: Language = IN_ENGLISH,
) -> list[Path]:
    """Compare the maps of a folder, and write what changed.

    Parameters
    ----------
    folder : Path
        Folder of `minecover.pipeline.period_maps.map_periods`.
    rule : ChangeRule
        How maps are compared, and how large an alert is.
    since : date or None
        Alerts are counted from this day on; None is the first day of the last period.
    out : Path or None
        Folder to write to; None is that of the maps.
    language : Language
        Language of the page.

    Returns
    -------
    list of Path
        The files of `write_changes` and `write_alerts`, and the page.

    Raises
    ------
    RegionError
        If fewer than two periods were mapped.
    """
    maps = PeriodMaps.read(folder)
    if sum(maps.mapped) < 2:
        raise RegionError(
            f"{folder} has maps of {sum(maps.mapped)} periods, and change needs two. Map more "
            "with `minecover map --period`, or lower change.min_dates."
        )
    out = folder if out is None else out
    zones = followed_zones(maps, rule)
    table = change_table(zones, maps.periods, level=rule.level, mapped=maps.mapped)
    in_time = by_period(zones, table, maps.periods)
    last = [p for p, is_mapped in zip(maps.periods, maps.mapped, strict=True) if is_mapped][-1]
    since = since or last.first_day
    found = alerts(table, maps.periods, since=since, least_ha=rule.alert_ha)
    written = write_changes(out, table, in_time, simulated=maps.is_simulated)
    counts = table["state"].value_counts().sort_index()
    log.info(
        "change: %d mines in %d periods: %s; %d alerts",
        len(table),
        len(maps.periods),
        ", ".join(f"{number} {state}" for state, number in counts.items()) or "none",
        len(found),
    )
    written += write_alerts(out, found)
    followed = Followed(table, in_time, found, since)
    return [*written, write_change_page(out, maps, rule, followed, language)]


def followed_zones(maps: PeriodMaps, rule: ChangeRule) -> list[FollowedPixels]:
    """Return the mines of each UTM zone, followed over all periods.

    Memory is bounded by one tile of all periods, and the pixels that any map calls mined.
    """
    zones: dict[str, tuple[Grid, list[_Pixels]]] = {}
    for tile_id in _tile_ids(maps):
        grid, probability = _read(maps, "probability", tile_id)
        name = lattice_name(grid, tile_id)
        zones.setdefault(name, (lattice_of(grid), []))
        if (probability >= maps.threshold).any():
            lattice, parts = zones[name]
            classes = _read(maps, "class", tile_id)[1]
            corner = lattice.rowcol(*grid.xy(0, 0))
            parts.append(_pixels(maps, rule, probability, classes, corner))
    return [
        _followed(lattice, parts, maps, rule) for _, (lattice, parts) in sorted(zones.items())
    ]


def _tile_ids(maps: PeriodMaps) -> list[str]:
    """Return the tiles that any period observed, in order; refuse maps that lack a file."""
    found: set[str] = set()
    for folder in _folders(maps):
        ledger = folder / LEDGER
        # Whoever reads a ledger that is missing would begin one.
        if not ledger.is_file():
            raise RegionError(
                f"{maps.folder / PERIODS} lists a map of {folder.name}, and {ledger} is not "
                f"there. {AGAIN}, or take that period out of {PERIODS}."
            )
        outcomes = TileLedger(ledger).outcomes()
        observed = {name for name, one in outcomes.items() if one.state == OK}
        for path in (
            folder / tile_path(layer, n) for n in sorted(observed) for layer in LAYERS
        ):
            # What is lost is not what clouds hid.
            if not path.is_file():
                raise RegionError(f"{path} is not there, which its ledger lists. {AGAIN}.")
        found |= observed
    if not found:
        raise RegionError(
            f"no tile of any period in {maps.folder} was observed, so there is nothing to "
            "compare. Map other periods with `minecover map --period`."
        )
    return sorted(found)


def _folders(maps: PeriodMaps) -> Iterator[Path]:
    for period, is_mapped in zip(maps.periods, maps.mapped, strict=True):
        if is_mapped:
            yield maps.folder / period.name


def _read(maps: PeriodMaps, layer: str, tile_id: str) -> tuple[Grid, F32]:
    """Return the grid of a tile, and a layer of it in each period; NaN without a map."""
    folders = [maps.folder / period.name for period in maps.periods]
    paths = {at: folder / tile_path(layer, tile_id) for at, folder in enumerate(folders)}
    there = [at for at, path in paths.items() if path.is_file()]
    grid, _ = _read_plane(paths[there[0]])
    stack = np.full((len(folders), *grid.shape), np.nan, np.float32)
    for at in there:
        found, plane = _read_plane(paths[at])
        if found != grid:
            names = " and ".join(folders[one].name for one in (there[0], at))
            raise RegionError(
                f"the maps of {names} in {maps.folder} are of another area or another --tile: "
                f"tile {tile_id} is not the same ground. Map all periods again with one area "
                "and one --tile, into another folder (--out)."
            )
        stack[at] = plane
    return grid, stack


def _read_plane(path: Path) -> tuple[Grid, F32]:
    """Return the grid and the values of a tile of one period."""
    try:
        grid = read_grid(path)
        plane = read_band(path, grid, resampling="nearest", fill=np.nan)
    except (SceneError, OSError) as error:
        raise RegionError(f"{path} cannot be read ({error}). Delete it. {AGAIN}.") from error
    return grid, plane.astype(np.float32, copy=False)


def _pixels(
    maps: PeriodMaps,
    rule: ChangeRule,
    probability: F32,
    classes: F32,
    corner: tuple[int, int],
) -> _Pixels:
    """Return the pixels of a tile that some map calls mined; of others smoothing makes none."""
    row, col = np.nonzero((probability >= maps.threshold).any(axis=0))
    some = probability[:, row, col]
    state = smoothed(some, threshold=maps.threshold, rule=rule)
    sure = np.where(np.isnan(state), np.nan, np.maximum(state, 1 - state))
    return _Pixels(
        row + corner[0],
        col + corner[1],
        state >= 0.5,
        np.where(np.isnan(some), state >= 0.5, some >= maps.threshold),
        ~np.isnan(some),
        classes[:, row, col] == MINE,
        np.nanmean(sure, axis=0).astype(np.float32),
    )


def _followed(
    lattice: Grid, parts: list[_Pixels], maps: PeriodMaps, rule: ChangeRule
) -> FollowedPixels:
    """Return the mines of one lattice."""
    n = len(maps.periods)
    nowhere, never = np.empty(0, np.int64), np.empty((n, 0), np.bool_)
    none = _Pixels(nowhere, nowhere, never, never, never, never, np.empty(0, np.float32))
    row, col, certainty = (
        np.concatenate([getattr(one, name) for one in (none, *parts)])
        for name in ("row", "col", "certainty")
    )
    mined, on_map, observed, applicable = (
        np.concatenate([getattr(one, name) for one in (none, *parts)], axis=1)
        for name in ("mined", "on_map", "observed", "applicable")
    )
    order = np.lexsort((col, row))
    row, col = row[order], col[order]
    width_m, height_m = lattice.pixel_m
    tracks = follow(
        row,
        col,
        mined[:, order],
        observed[:, order],
        min_px=maps.min_px,
        separate_px=rule.separate_ha * 10_000 / (width_m * height_m),
    )
    area_px = areas(
        row, col, tracks.number, mined[:, order], len(tracks), edge_share=rule.edge_share
    )
    called = on_map & observed
    return FollowedPixels(
        lattice,
        row,
        col,
        mined[:, order],
        on_map[:, order],
        certainty[order],
        (called & applicable).sum(axis=0)[order] / np.maximum(called.sum(axis=0)[order], 1),
        replace(tracks, area_px=area_px),
        rule.edge_share,
    )
