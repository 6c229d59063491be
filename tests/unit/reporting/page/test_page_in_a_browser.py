"""The page in a real browser without a network: map, list, dates, verdicts, dossier."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest
from drawn_pages import Window, drawn_page, serious_violations
from playwright.sync_api import Browser

from minecover.labels import read_reviewed
from minecover.reporting.page import render_page

WIDTHS = [pytest.param(1280, id="desktop"), pytest.param(400, id="phone")]
BLANKS = {"who": "", "when": "", "why": ""}


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("page") / "index.html"
    file.write_text(render_page(drawn_page(5, n_pictures=4)))
    return file


@pytest.fixture
def window(browser: Browser, path: Path) -> Iterator[Window]:
    opened = Window(browser, path)
    yield opened
    assert opened.messages == []


@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_requests_nothing_and_fits_the_window(
    browser: Browser, path: Path, width: int
) -> None:
    opened = Window(browser, path, width)
    widths = "[document.documentElement.scrollWidth, window.innerWidth]"

    list_width, window_width = opened.page.evaluate(widths)
    opened.look_at(0)
    place_width, _ = opened.page.evaluate(widths)

    others = [url for url in opened.requests if not url.startswith(("data:", "blob:"))]
    assert others == [path.as_uri()]
    assert opened.messages == []
    assert max(list_width, place_width) <= window_width


def test_the_legend_has_the_lines_of_the_map_and_the_ground_fills_the_width(
    browser: Browser, tmp_path: Path
) -> None:
    page = drawn_page(5, n_pictures=1)
    mines = {"known mines": page.candidates[["geometry"]]}
    (tmp_path / "index.html").write_text(render_page(replace(page, lines=mines)))

    opened = Window(browser, tmp_path / "index.html").page

    line = opened.locator("#legend .key", has_text="known mines").locator(".line")
    colour = line.evaluate("(one) => getComputedStyle(one).borderTopColor")
    ground = opened.evaluate("document.querySelector('#map img').getBoundingClientRect().width")
    assert colour == "rgb(230, 159, 0)"
    assert ground > 0.7 * opened.evaluate("document.querySelector('#map').clientWidth")


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_core_finds_no_serious_violation(
    browser: Browser, path: Path, axe: str, width: int, scheme: Literal["light", "dark"]
) -> None:
    opened = Window(browser, path, width)
    opened.page.emulate_media(color_scheme=scheme)

    of_list = serious_violations(opened.page, axe)
    opened.look_at(0)
    of_place = serious_violations(opened.page, axe)
    opened.page.evaluate("document.querySelector('#place-view button').ariaHidden = true")
    of_a_hidden_button = serious_violations(opened.page, axe)

    assert of_list == of_place == []
    assert len(of_a_hidden_button) == 1


@pytest.mark.parametrize("width", WIDTHS)
def test_a_candidate_and_the_list_are_in_view_when_they_are_opened(
    browser: Browser, tmp_path: Path, width: int
) -> None:
    file = tmp_path / "page.html"
    file.write_text(render_page(drawn_page(60, n_pictures=1)))
    opened = Window(browser, file, width)
    in_view = "(one) => [one.getBoundingClientRect().top, innerHeight]"

    opened.look_at(55)
    title, height = opened.page.locator("#place-title").evaluate(in_view)
    opened.page.keyboard.press("ArrowLeft")
    opened.page.keyboard.press("Escape")
    opened.page.wait_for_function("document.activeElement.closest('tr') !== null")
    row, _ = opened.page.locator("tr[data-index='54'] button:focus").evaluate(in_view)

    assert 0 <= title < height / 3
    assert 0 <= row < height


@pytest.mark.parametrize("lang", ["en", "fr", "pt", "es"])
def test_no_word_of_the_list_is_broken_on_a_phone(
    browser: Browser, tmp_path: Path, lang: str
) -> None:
    file = tmp_path / "page.html"
    file.write_text(render_page(drawn_page(5, lang=lang, n_pictures=1)))
    opened = Window(browser, file, 400)

    heads = opened.page.locator("#list-head th:visible button")
    lines = heads.evaluate_all(
        """(all) => all.map((one) => {
            const range = document.createRange();
            range.selectNodeContents(one);
            const tops = [...range.getClientRects()].map((box) => Math.round(box.top));
            return [one.textContent, new Set(tops).size];
        })"""
    )

    assert len(lines) == 5
    assert [text for text, n in lines if n > len(text.split())] == []


def test_texts_and_numbers_of_a_page_in_french_are_french(
    browser: Browser, tmp_path: Path
) -> None:
    file = tmp_path / "page.html"
    file.write_text(render_page(drawn_page(2, lang="fr")))

    opened = Window(browser, file)
    opened.look_at(1)

    text = opened.page.inner_text("#place-view")
    assert "3,23\u00a0ha" in text or "3,23 ha" in text
    assert "16 févr. 2017" in text
    assert "pas une mine" in text


def test_the_list_sorts_and_filters(window: Window) -> None:
    assert window.ranks() == ["1", "2", "3", "4", "5"]

    window.page.click("#list-head >> text=Area")
    by_area = window.ranks()
    window.page.select_option("#filters select >> nth=0", "new")
    new = window.ranks()
    window.page.fill("#filters input[type=search]", "nowhere")

    assert by_area == ["5", "4", "3", "2", "1"]
    assert new == ["4", "2"]
    assert window.ranks() == []
    assert window.page.inner_text("#list-count") == "Candidates: 0 of 5"


def test_a_candidate_shows_every_date_and_two_of_them_compared(window: Window) -> None:
    window.look_at(0)

    captions = window.page.locator(".dates figcaption b").all_inner_texts()
    before = window.page.get_attribute("#before-part rect", "width")
    window.page.fill(".compare input[type=range]", "0.25")
    after = window.page.get_attribute("#before-part rect", "width")

    window.page.focus(".compare input[type=range]")
    window.page.keyboard.press("ArrowRight")
    shown = window.page.evaluate("document.body.dataset.shown")
    window.page.keyboard.press("m")

    assert (shown, window.page.inner_text("#count")) == ("0", "1 of 5 answered")
    assert captions == ["15 Jan 2017", "31 Jan 2017", "16 Feb 2017"]
    assert float(after or 0) == pytest.approx(float(before or 0) / 2)
    assert "hidden" in window.page.inner_text(".dates >> nth=0")


def test_a_candidate_without_pictures_can_be_judged(window: Window) -> None:
    window.look_at(4)

    window.page.keyboard.press("u")

    assert "no pictures" in window.page.inner_text("#place-view")
    assert window.page.inner_text("#count") == "1 of 5 answered"


def test_verdicts_by_keys_are_kept_and_the_saved_file_can_be_imported(
    window: Window, tmp_path: Path
) -> None:
    window.page.fill("#who", "Ada")
    window.look_at(0)
    window.page.keyboard.press("m")
    window.page.keyboard.press("w")
    window.page.keyboard.type("ponds")
    window.page.keyboard.press("Escape")
    window.page.select_option("#seen_from", "2017-01-31")
    window.page.locator("h2").first.click()
    window.page.keyboard.press("ArrowRight")
    window.page.keyboard.press("2")
    window.page.keyboard.press("n")
    window.page.keyboard.press("2")
    window.page.reload()
    window.page.wait_for_function("document.body.dataset.ready === 'yes'")
    saved = window.save(tmp_path / "reviewed.geojson")

    found, n_open = read_reviewed(saved, blanks=BLANKS)
    rows = found.set_index("candidate_id")
    assert json.loads(saved.read_text())["world"] == "a drawn world"
    assert rows["verdict"].to_dict() == {"N35-E0-S1": "mine", "N35-E1-S1": "not mine"}
    assert rows["what"].tolist() == ["", "slide"]
    assert rows["why"].tolist() == ["ponds", ""]
    assert rows["seen_from"].tolist() == ["2017-01-31", ""]
    assert set(rows["who"]) == {"Ada"}
    assert n_open == 0


def test_a_verdict_can_be_undone_and_taken_back(window: Window) -> None:
    counts = []
    window.look_at(0)
    for key in "mz", "mx":
        for one in key:
            window.page.keyboard.press(one)
            counts.append(window.page.inner_text("#count")[0])

    assert counts == ["1", "0", "1", "0"]


def test_a_redrawn_outline_is_saved(window: Window, tmp_path: Path) -> None:
    window.page.fill("#who", "Ada")
    window.look_at(1)
    window.page.keyboard.press("d")
    box = window.page.locator(".dates svg[role=img]").first.bounding_box()
    assert box is not None
    for x, y in ((0.4, 0.4), (0.6, 0.4), (0.6, 0.6), (0.4, 0.6)):
        window.page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])
    window.page.keyboard.press("Enter")
    window.page.keyboard.press("m")

    found, _ = read_reviewed(window.save(tmp_path / "saved.geojson"), blanks=BLANKS)

    # A fifth of a picture of 80 pixels, 480 m, around the same place.
    drawn = found.to_crs("EPSG:32635").geometry.iloc[0]
    assert drawn.area == pytest.approx(480**2, rel=0.03)
    place = drawn_page(2).candidates.to_crs("EPSG:32635").geometry.iloc[1]
    assert drawn.centroid.distance(place.centroid) < 100


def test_an_outline_is_redrawn_by_keys_alone(window: Window, tmp_path: Path) -> None:
    window.page.fill("#who", "Ada")
    window.look_at(1)
    window.page.focus("#place-title")
    steps = ["ArrowUp"] * 4 + [" "] + ["Shift+ArrowLeft", " "] + ["ArrowDown"] * 8 + [" "]
    for key in ["d", *steps, "Shift+ArrowRight", " ", "Enter", "m"]:
        window.page.keyboard.press(key)

    found, _ = read_reviewed(window.save(tmp_path / "saved.geojson"), blanks=BLANKS)

    # 5 by 8 pixels of 30 m, to the left of the middle.
    drawn = found.to_crs("EPSG:32635").geometry.iloc[0]
    assert drawn.area == pytest.approx(5 * 8 * 900, rel=0.01)
    assert window.page.evaluate("document.body.dataset.shown") == "1"


def test_names_of_controls_are_in_the_language_of_the_page(
    browser: Browser, tmp_path: Path
) -> None:
    file = tmp_path / "page.html"
    file.write_text(render_page(drawn_page(2, lang="fr")))

    opened = Window(browser, file)
    named = opened.page.locator("[aria-label]")
    labels = named.evaluate_all("(all) => all.map((one) => one.getAttribute('aria-label'))")

    assert "Agrandir" in labels
    assert not [one for one in labels if one.startswith(("Zoom", "Map", "Look"))]


def test_the_file_of_another_reviewer_is_compared(window: Window, tmp_path: Path) -> None:
    window.page.fill("#who", "Ada")
    window.look_at(0)
    for key in "m", "ArrowRight", "n", "ArrowRight", "m":
        window.page.keyboard.press(key)
    file = json.loads(window.save(tmp_path / "ada.geojson").read_text())
    for feature, verdict in zip(file["features"], ("mine", "mine", "mine"), strict=True):
        feature["properties"] |= {"who": "Ben", "verdict": verdict}
    (tmp_path / "ben.geojson").write_text(json.dumps(file))

    window.page.set_input_files("#load", tmp_path / "ben.geojson")
    window.page.wait_for_selector("#compared p")

    text = window.page.inner_text("#compared")
    window.page.keyboard.press("ArrowLeft")
    assert "With Ben: candidates that both judged: 3; verdicts alike: 67 %" in text
    assert "Cohen's kappa: 0.00" in text
    assert "Reviewers disagree. Ada: not mine, Ben: mine" in window.page.inner_text(
        "#place-view"
    )


def test_the_dossier_is_one_page_for_each_candidate(window: Window) -> None:
    window.page.evaluate("window.print = () => null")
    window.page.evaluate("printSheets([0, 1, 4])")
    window.page.wait_for_selector(".with-dossier")

    pdf = window.page.pdf(format="A4", prefer_css_page_size=True)
    window.page.emulate_media(media="print")
    too_high = window.page.locator(".sheet").evaluate_all(
        "(sheets) => sheets.filter((one) => one.scrollHeight > one.clientHeight).length"
    )

    assert too_high == 0
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 3


@pytest.mark.parametrize(
    ("index", "pages"), [pytest.param("null", 5, id="list"), pytest.param("1", 1, id="place")]
)
def test_the_command_of_the_browser_prints_the_dossier(
    window: Window, index: str, pages: int
) -> None:
    window.page.evaluate(f"choose({index})")

    pdf = window.page.pdf(format="A4", prefer_css_page_size=True)

    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == pages
    assert rb"/Subtype /Image" in pdf or rb"/Subtype/Image" in pdf
    assert "with-dossier" not in (window.page.get_attribute("body", "class") or "")


def test_the_online_basemap_is_off_until_it_is_switched_on(
    browser: Browser, path: Path
) -> None:
    opened = Window(browser, path)
    opened.look_at(0)
    before = [url for url in opened.requests if url.startswith("http")]
    links = opened.page.locator("#place-view a[target=_blank]").count()

    opened.page.locator("#layers summary").click()
    opened.page.check("#online")
    opened.page.wait_for_timeout(300)

    assert before == []
    assert links == 0
    assert any("openstreetmap.org" in url for url in opened.requests)
    assert opened.page.locator("#place-view a[target=_blank]").count() == 3
