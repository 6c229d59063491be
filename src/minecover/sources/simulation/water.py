"""Rivers and roads: winding lines, distances from them, and shares of pixels covered."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from minecover.sources.simulation.streams import F64

#: Half-widths of the main river [pixels] and their probabilities.
HALF_WIDTHS_PX, WIDTH_ODDS = (0.6, 1.2, 2.0, 3.5), (0.4, 0.3, 0.2, 0.1)
#: How far lines on maps extend beyond the ground [pixels].
BEYOND_PX = 60


@dataclass(frozen=True, slots=True)
class Line:
    """A winding line across a ground: a straight line plus three sines.

    Parameters
    ----------
    points : (n, 2) float64
        x and y from the upper left corner of the ground [pixels].
    side_px : (row, col) float64
        Distance of each pixel centre from the line, negative on one of its sides [pixels].
    """

    points: F64
    side_px: F64

    @property
    def distance_px(self) -> F64:
        """Distance of each pixel centre from the line, (row, col) float64 [pixels]."""
        return np.abs(self.side_px)


@dataclass(frozen=True, slots=True)
class Network:
    """Rivers and road of a ground; all lengths are in pixels of 30 m.

    Parameters
    ----------
    lines : (Line, Line)
        The river and its tributary.
    road_line : Line
        The road.
    half_px : (float, float)
        Half the width of the river and of its tributary [pixels].
    road_fraction : float
        Share of a pixel of 30 m that is covered by the road that crosses it.
    river, tributary, road : (row, col) float64
        Share of each pixel that is covered.
    shore_px, river_shore_px : (row, col) float64
        Distance from the nearest bank, and from that of the river; 0 in the water [pixels].
    river_is_turbid, tributary_is_turbid : bool
        Whether the water is turbid.
    """

    lines: tuple[Line, Line]
    road_line: Line
    half_px: tuple[float, float]
    road_fraction: float
    river: F64
    tributary: F64
    road: F64
    shore_px: F64
    river_shore_px: F64
    river_is_turbid: bool
    tributary_is_turbid: bool


def draw_network(
    rng: np.random.Generator, shape: tuple[int, int], road_fraction: float
) -> Network:
    """Return random rivers and a random road of a ground."""
    main, side, road = (_draw_line(rng, shape) for _ in range(3))
    half_px = float(rng.choice(HALF_WIDTHS_PX, p=WIDTH_ODDS))
    side_half_px = float(rng.uniform(0.1, 0.25))
    is_turbid = bool(rng.random() < 0.5), bool(rng.random() < 0.2)
    return lay_network((main, side), road, (half_px, side_half_px), road_fraction, is_turbid)


def lay_network(
    lines: tuple[Line, Line],
    road_line: Line,
    half_px: tuple[float, float],
    road_fraction: float,
    is_turbid: tuple[bool, bool],
    *,
    side_px: float = 1.0,
) -> Network:
    """Return what rivers and road cover of pixels.

    Parameters
    ----------
    lines, road_line, half_px, road_fraction
        See `Network`; the distances are of the centres of the pixels.
    is_turbid : (bool, bool)
        Whether the water of the river and of its tributary is turbid.
    side_px : float
        Side of the pixels [pixels of 30 m].
    """
    river, tributary = (
        np.clip((half + 0.5 * side_px - line.distance_px) / side_px, 0.0, most)
        for line, half in zip(lines, half_px, strict=True)
        for most in (min(1.0, 2 * half / side_px),)
    )
    shores = [
        np.maximum(line.distance_px - half, 0.0)
        for line, half in zip(lines, half_px, strict=True)
    ]
    is_crossed = road_line.distance_px < 0.5 * side_px
    return Network(
        lines=lines,
        road_line=road_line,
        half_px=half_px,
        road_fraction=road_fraction,
        river=river,
        tributary=tributary,
        road=np.where(is_crossed, min(road_fraction / side_px, 1.0), 0.0),
        shore_px=np.minimum(*shores),
        river_shore_px=shores[0],
        river_is_turbid=is_turbid[0],
        tributary_is_turbid=is_turbid[1],
    )


def _draw_line(rng: np.random.Generator, shape: tuple[int, int]) -> Line:
    """Return a random line from one side of the ground to the opposite one."""
    runs_along_rows = bool(rng.random() < 0.5)
    length, width = shape if runs_along_rows else shape[::-1]
    start, end = rng.uniform(0.0, width, 2)
    swing = rng.uniform(0.01, 0.05, 3) * width
    wave = 2 * np.pi / (rng.uniform(0.25, 1.0, 3) * length)
    phase = rng.uniform(0.0, 2 * np.pi, 3)
    slope = (end - start) / length

    def course(along: F64) -> F64:
        sines = swing * np.sin(wave * along[:, None] + phase)
        return np.asarray(start + slope * along + sines.sum(axis=1), np.float64)

    along = np.arange(length, dtype=np.float64) + 0.5
    steep = slope + (swing * wave * np.cos(wave * along[:, None] + phase)).sum(axis=1)
    across = np.arange(width) + 0.5
    # Exact for a straight line, and accurate as bends are much wider than a pixel.
    away = (across - course(along)[:, None]) / np.hypot(1.0, steep)[:, None]
    knots = np.arange(-BEYOND_PX, length + BEYOND_PX + 1, 2.0)
    # Rounded to millimetres, since the last bit of a sine depends on the processor.
    points = np.column_stack([knots, course(knots)]).round(4)
    if runs_along_rows:
        return Line(points[:, ::-1], away)
    return Line(points, away.T)
