"""The page of candidates: its data, its texts, and that it needs nothing else."""

import re
from dataclasses import replace
from typing import cast

import geopandas as gpd
import numpy as np
import pytest
import shapely
from drawn_pages import GRID, candidates_of, drawn_ground, drawn_page, page_json

from minecover.reporting.figures.date_pictures import read_webp
from minecover.reporting.page import PageContent, draw_candidate, render_page, window_around
from minecover.reporting.page.candidate_pictures import balloon_of, dates_shown


@pytest.fixture(scope="module")
def content() -> PageContent:
    return drawn_page(5)


def outline_of(row: int) -> shapely.Geometry:
    """Return the outline of a drawn candidate in the CRS of its ground."""
    return candidates_of(5).to_crs(GRID.crs).geometry.iloc[row]


def places_of(data: dict[str, object]) -> list[dict[str, object]]:
    """Return the candidates of a page's data."""
    return cast("list[dict[str, object]]", data["candidates"])


def test_the_page_refers_to_no_other_file(content: PageContent) -> None:
    html = render_page(content)

    markup = re.sub("<script.*?</script>", "", html, flags=re.DOTALL)
    assert re.findall(r"(?:src|href)=\"(?!data:|#)", markup) == []
    assert re.findall("<script[^>]*src=", html) == []
    assert "sourceMappingURL" not in html


def test_every_candidate_is_in_the_data_with_what_is_known_of_it(content: PageContent) -> None:
    data = page_json(render_page(content))

    places = places_of(data)
    first = {name: places[0][name] for name in ("rank", "area_ha", "to_road_m", "known")}
    assert [place["rank"] for place in places] == [1, 2, 3, 4, 5]
    assert first == {"rank": 1, "area_ha": 3.24, "to_road_m": None, "known": True}
    assert shapely.geometry.shape(places[0]["geometry"]).is_valid


def test_names_are_escaped(content: PageContent) -> None:
    html = render_page(content)

    assert "<b>s001</b>" not in html
    assert "<b>drawn</b>" not in html


def test_the_same_content_gives_the_same_page(content: PageContent) -> None:
    assert render_page(content) == render_page(content)


def test_verdicts_are_kept_by_the_ground_and_the_outline_of_a_candidate(
    content: PageContent,
) -> None:
    fewer = replace(content, candidates=content.candidates.tail(4))
    elsewhere = replace(content, world="another world")

    data, less, other = (page_json(render_page(one)) for one in (content, fewer, elsewhere))
    digests = [[place["digest"] for place in places_of(one)] for one in (data, less)]

    assert data["key"] == less["key"] != other["key"]
    assert len(set(digests[0])) == 5
    assert digests[1] == digests[0][1:]


def test_a_page_without_candidates_is_rendered() -> None:
    data = page_json(render_page(drawn_page(0)))

    assert data["candidates"] == []


def test_a_page_in_french_holds_its_catalogue(content: PageContent) -> None:
    html = render_page(drawn_page(1, lang="fr"))

    assert '<html lang="fr">' in html
    assert "Comment lire cette carte" in html
    assert cast("dict[str, str]", page_json(html)["texts"])["unsure"] == "incertain"
    assert page_json(render_page(content))["texts"] == {}


def test_warnings_stand_before_the_map(content: PageContent) -> None:
    html = render_page(content)

    assert html.index("These data are drawn.") < html.index('<div id="map">')


def test_pictures_of_all_dates_are_one_image_with_the_candidate_in_the_middle() -> None:
    outline = candidates_of(1).geometry.iloc[0]
    ground = drawn_ground().on(window_around(outline_of(0), GRID))

    drawn = draw_candidate(ground, outline, {})

    planes = cast("list[list[str]]", drawn.facts["planes"])
    width, height = cast("list[int]", drawn.facts["size"])
    colours = read_webp(drawn.image)
    rings = cast("dict[str, list[list[list[float]]]]", drawn.facts["outlines"])["candidate"]
    assert [plane[0] for plane in planes] == ["true colour"] * 3 + ["infrared"] * 3 + [
        "probability"
    ]
    assert colours.shape == (height * len(planes), width, 3)
    assert width == height == 80
    assert np.mean(rings[0], axis=0) == pytest.approx([40, 40], abs=3)


def test_a_bright_mine_is_as_bright_on_every_date_of_one_stretch() -> None:
    outline = candidates_of(1).geometry.iloc[0]
    ground = drawn_ground().on(window_around(outline_of(0), GRID))
    red = ground.values["red"].copy()
    red[0] *= 0.5
    darker = replace(ground, values={**ground.values, "red": red})

    size = 80
    first, second = (
        read_webp(draw_candidate(one, outline, {}).image)[: 3 * size].reshape(3, size, size, 3)
        for one in (ground, darker)
    )

    middle = (slice(None), 40, 40, 0)
    assert np.ptp(first[middle].astype(int)) < 12
    assert int(second[2, 40, 40, 0]) - int(second[0, 40, 40, 0]) > 60


def test_a_window_crosses_the_edge_of_a_site_into_the_next_one() -> None:
    ground = drawn_ground()
    east = replace(ground, grid=GRID.cut(0, 100, 100, 200))
    window = window_around(shapely.box(*GRID.cut(40, 96, 48, 104).bounds), GRID)

    both, alone = ground.on(window, [east]), ground.on(window)

    assert np.isfinite(both.probability).all()
    assert np.isnan(alone.probability).mean() == pytest.approx(0.5, abs=0.02)


def test_large_candidates_are_shown_by_every_other_pixel() -> None:
    wide = shapely.box(*GRID.cut(-150, -150, 250, 250).bounds)
    window = window_around(wide, GRID)

    drawn = draw_candidate(
        drawn_ground().on(window), gpd.GeoSeries([wide], crs=GRID.crs).to_crs(4326).iloc[0], {}
    )

    assert window.shape == (440, 440)
    assert drawn.facts["size"] == [220, 220]
    assert drawn.facts["pixel_m"] == 60.0


def test_a_date_is_seen_or_not_or_hidden() -> None:
    ground = drawn_ground()

    states = dates_shown(ground, outline_of(0))

    assert states == {"2017-01-15": "not seen", "2017-01-31": "hidden", "2017-02-16": "seen"}
    cannot_tell = dates_shown(replace(ground, looks_mined=None), outline_of(0))
    assert cannot_tell["2017-02-16"] == "observed"


def test_a_balloon_shows_the_first_and_the_last_clear_date_and_the_probability() -> None:
    outline = candidates_of(1).geometry.iloc[0]
    drawn = draw_candidate(drawn_ground().on(window_around(outline_of(0), GRID)), outline, {})

    balloon = balloon_of(drawn.image, drawn.facts)

    width = int.from_bytes(balloon.png[16:20])
    assert balloon.png[1:4] == b"PNG"
    assert [day.isoformat() for day in balloon.dates] == ["2017-01-15", "2017-02-16"]
    assert width == 3 * 80
