"""Figures are tested by their arrays, texts and bytes, not by their pixels."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from matplotlib.text import Text

from minecover.core.cube import Cube
from minecover.core.grid import Grid
from minecover.reporting import figures
from minecover.reporting.figures import Figure, SiteView, clearest_date_index, stretch_bands

BANDS = ("blue", "green", "red", "nir08", "swir16", "swir22")
HALO, SIZE = 1, 4
EVERYWHERE = np.ones((SIZE, SIZE), np.bool_)


def cube_of(n_dates: int = 2, bands: tuple[str, ...] = BANDS) -> Cube:
    """Return a cube with a ramp in every band and date, and one pixel of halo."""
    side = SIZE + 2 * HALO
    shape = (n_dates, len(bands), side, side)
    ramp = np.arange(1, side * side + 1, dtype=np.uint16).reshape(side, side)
    return Cube(
        dn=np.broadcast_to(ramp, shape).copy(),
        scale=np.full(shape[:2], 0.01),
        offset=np.zeros(shape[:2]),
        qa=np.zeros((n_dates, side, side), np.uint16),
        saturated=np.zeros((n_dates, side, side), np.bool_),
        qa_layout="c2",
        dates=tuple(date(2017, 1, 1 + day) for day in range(n_dates)),
        bands=bands,
        grid=Grid.around("EPSG:32635", 700_000, -200_000, size_px=side),
        halo_px=HALO,
    )


@pytest.fixture
def view() -> SiteView:
    cube = cube_of()
    planes = (len(cube.dates), SIZE, SIZE)
    label = np.zeros((SIZE, SIZE), np.int8)
    label[1:3, 1:3] = 1
    return SiteView(
        site_id="s001",
        cube=cube,
        valid=np.ones(planes, np.bool_),
        probability=np.full(planes, 0.5, np.float32),
        location_probability=np.full((SIZE, SIZE), 0.5, np.float32),
        label=label,
        truth=np.roll(label, 1, axis=0),
    )


def text_of(figure: Figure) -> str:
    """Return all text of a figure."""
    figures.png(figure)
    texts = (artist for artist in figure.findobj(Text) if isinstance(artist, Text))
    return " | ".join(text.get_text() for text in texts)


def precision_recall(simulated: bool) -> Figure:
    curve = pd.DataFrame({"recall": [0.1, 0.9], "precision": [0.8, 0.2]})
    return figures.precision_recall(
        {"single dates": curve},
        {"single dates": (0.5, 0.5)},
        prevalence=0.0055,
        simulated=simulated,
    )


def reliability(simulated: bool) -> Figure:
    bins = pd.DataFrame(
        {
            "above": [0.0, 0.05, 0.1],
            "up_to": [0.05, 0.1, 0.15],
            "count": [9000, 0, 30],
            "mean_predicted": [0.01, np.nan, 0.12],
            "observed_share": [0.001, np.nan, 0.2],
        }
    )
    return figures.reliability(bins, simulated=simulated)


def transfer(simulated: bool) -> Figure:
    expected = pd.DataFrame({"prevalence": [1e-5, 1e-3, 1e-1], "precision": [0.0, 0.4, 0.9]})
    return figures.transfer(expected, prevalence=0.0055, simulated=simulated)


def overview(simulated: bool) -> Figure:
    squares = [shapely.box(28 + i, -2, 28.03 + i, -1.97) for i in range(2)]
    sites = gpd.GeoDataFrame({"site_id": ["a", "b"]}, geometry=squares, crs="EPSG:4326")
    candidates = pd.DataFrame(
        {"lon": [28.01, 29.01], "lat": [-1.98] * 2, "known": [True, False]}
    )
    river = gpd.GeoDataFrame(
        geometry=[shapely.LineString([(27, -3), (30, 0)])], crs="EPSG:4326"
    )
    province = gpd.GeoDataFrame(geometry=[shapely.box(27, -3, 30, 0)], crs="EPSG:4326")
    layers = {"river": river, "provinces": province, "nothing": river.iloc[:0]}
    return figures.overview(sites, candidates, layers, simulated=simulated)


CURVES = [
    pytest.param(draw, id=draw.__name__)
    for draw in (precision_recall, reliability, transfer, overview)
]


@pytest.mark.parametrize("draw", CURVES)
@pytest.mark.parametrize("simulated", [True, False])
def test_the_title_says_simulated_where_the_data_are(
    draw: Callable[[bool], Figure], simulated: bool
) -> None:
    figure = draw(simulated)

    assert ("simulated" in figure.get_suptitle()) is simulated


@pytest.mark.parametrize("draw", CURVES)
def test_figures_are_reproducible(draw: Callable[[bool], Figure], tmp_path: Path) -> None:
    path = tmp_path / "picture.png"

    figures.write_png(path, draw(True))

    assert path.read_bytes() == figures.png(draw(True))
    assert b"Software" not in path.read_bytes()


def test_the_precision_of_a_random_classifier_is_shown() -> None:
    assert "random, 0.55%" in text_of(precision_recall(True))


def test_prevalences_are_shown_in_percent() -> None:
    assert "0.1 %" in text_of(transfer(False))


def test_an_empty_bin_is_not_drawn_as_a_point() -> None:
    lines = reliability(False).axes[0].get_lines()

    np.testing.assert_array_equal(lines[1].get_xdata(), [0.01, 0.12])


def test_a_site_is_drawn_with_every_date_and_both_outlines(view: SiteView) -> None:
    text = text_of(figures.site_panel(view, simulated=True))

    assert "Site s001, simulated data" in text
    assert "01 Jan 2017" in text
    assert "02 Jan 2017" in text
    assert "infrared (swir22-nir08-red)" in text
    assert "labelled mine" in text
    assert "mine in truth" in text


def test_unknown_truth_is_not_in_the_legend(view: SiteView) -> None:
    unknown = replace(view, truth=np.full((SIZE, SIZE), -1, np.int8))

    assert "truth" not in text_of(figures.site_panel(unknown, simulated=False))


def test_without_swir22_the_infrared_composite_takes_swir16(view: SiteView) -> None:
    other = replace(view, cube=cube_of(bands=("blue", "green", "red", "nir08", "swir16")))

    assert "infrared (swir16-nir08-red)" in text_of(figures.site_panel(other, simulated=False))


def test_a_site_that_was_never_observed_can_be_drawn(view: SiteView) -> None:
    dark = replace(
        view,
        valid=np.zeros_like(view.valid),
        probability=np.full(view.valid.shape, np.nan, np.float32),
        location_probability=np.full_like(view.location_probability, np.nan),
    )

    assert figures.png(figures.site_panel(dark, simulated=False)).startswith(b"\x89PNG")


def test_dates_without_their_own_probability_show_true_colours(view: SiteView) -> None:
    once = figures.site_panel(replace(view, probability=None), simulated=False)

    shapes = [np.asarray(axes.images[0].get_array()).shape for axes in once.subfigs[1].axes]
    assert shapes == [(SIZE, SIZE, 3)] * len(view.cube.dates)


@pytest.mark.parametrize(
    ("valid_pixels", "chosen"),
    [
        pytest.param([1, 4, 2], 1, id="the clearest"),
        pytest.param([3, 4, 4], 2, id="the last of equals"),
        pytest.param([0, 0, 0], 2, id="any, if all are clouded"),
    ],
)
def test_the_clearest_date_is_chosen(valid_pixels: list[int], chosen: int) -> None:
    valid = (np.arange(4) < np.array(valid_pixels)[:, None]).reshape(3, 2, 2)

    assert clearest_date_index(valid) == chosen


def test_colours_are_stretched_over_the_valid_pixels_without_the_halo() -> None:
    colours = stretch_bands(cube_of(), 0, ("red", "green", "blue"), EVERYWHERE)

    assert colours.shape == (SIZE, SIZE, 3)
    assert colours.min() == 0
    assert colours.max() == 1


def test_a_cloud_does_not_darken_the_ground() -> None:
    cube = cube_of()
    clear = stretch_bands(cube, 0, ("red", "green", "blue"), EVERYWHERE)
    ground = EVERYWHERE.copy()
    ground[0, 3] = False
    cube.dn[:, :, HALO, HALO + 3] = 60_000

    clouded = stretch_bands(cube, 0, ("red", "green", "blue"), ground)

    np.testing.assert_allclose(clouded[ground], clear[ground], atol=0.03)


def test_all_dates_have_one_stretch() -> None:
    cube = cube_of()
    valid = np.stack([EVERYWHERE] * len(cube.dates))
    cube.dn[1] //= 2

    first, second = (
        stretch_bands(cube, time, ("red", "green", "blue"), valid) for time in (0, 1)
    )

    assert np.nanmean(first) > np.nanmean(second) + 0.1


def test_nodata_pixels_have_no_colour() -> None:
    cube = cube_of()
    cube.dn[:, :, HALO, HALO] = 0

    colours = stretch_bands(cube, 0, ("red", "green", "blue"), EVERYWHERE)

    assert np.isnan(colours[0, 0]).all()
    assert np.isfinite(colours[1:]).all()
