"""Verdicts in a real browser: kept, undone, saved, and read back from files people edited."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import shapely
from drawn_pages import drawn_page
from playwright.sync_api import Browser, BrowserContext, Page

from minecover.reporting.page import render_page

NO_STORAGE = (
    "Object.defineProperty(window, 'localStorage', {get() { throw new Error('blocked') }})"
)
FIRST, SECOND = "N35-E0-S1", "N35-E1-S1"
SQUARE = shapely.geometry.mapping(shapely.box(28.98, -2.45, 28.99, -2.44))


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("verdicts") / "index.html"
    file.write_text(render_page(drawn_page(5, n_pictures=2)))
    return file


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """Yield a browser with a storage of its own."""
    opened = browser.new_context(offline=True)
    yield opened
    opened.close()


def open_page(context: BrowserContext, path: Path) -> Page:
    """Open the page in a tab; an error of its scripts fails the test."""
    page = context.new_page()
    page.on("pageerror", lambda error: pytest.fail(str(error)))
    page.goto(path.as_uri())
    page.wait_for_function("document.body.dataset.ready === 'yes'")
    return page


def judge(page: Page, index: int, key: str) -> None:
    """Give a verdict by its key."""
    page.evaluate(f"choose({index})")
    page.keyboard.press(key)


def verdicts_of(page: Page) -> dict[str, str]:
    """Return the own verdicts by candidate."""
    found: dict[str, str] = page.evaluate(
        "Object.fromEntries(Object.entries(answers.own).map(([id, own]) => [id, own.verdict]))"
    )
    return found


def read_back(page: Page, file: Path, features: list[dict[str, object]] | str) -> str:
    """Write a file of verdicts, open it in the page, and return what the page says of it."""
    content = json.dumps({"type": "FeatureCollection", "features": features})
    file.write_text(features if isinstance(features, str) else content, encoding="utf-8")
    page.evaluate("said('')")
    page.set_input_files("#load", file)
    page.wait_for_function("document.getElementById('said').textContent !== ''")
    return page.inner_text("#said")


def feature(
    name: str = FIRST, *, geometry: object = SQUARE, **given: object
) -> dict[str, object]:
    row = {"candidate_id": name, "verdict": "mine", "who": "Ada", "when": "2020-01-01", **given}
    return {"type": "Feature", "geometry": geometry, "properties": row}


def test_two_tabs_of_a_page_keep_the_verdicts_of_both(
    context: BrowserContext, path: Path
) -> None:
    first, second = (open_page(context, path) for _ in range(2))

    first.fill("#who", "Ada")
    judge(first, 0, "m")
    judge(second, 1, "n")

    third = open_page(context, path)
    assert verdicts_of(third) == {FIRST: "mine", SECOND: "not mine"}
    assert third.input_value("#who") == "Ada"


def test_a_map_written_again_finds_the_verdicts_on_candidates_that_are_the_same(
    context: BrowserContext, tmp_path: Path
) -> None:
    content = drawn_page(3)
    moved = content.candidates.geometry.copy()
    moved.iloc[1] = shapely.affinity.translate(moved.iloc[1], 0.001)
    again = replace(content, candidates=content.candidates.set_geometry(moved))
    before, after = tmp_path / "index.html", tmp_path / "again.html"
    before.write_text(render_page(content))
    after.write_text(render_page(again))

    page = open_page(context, before)
    judge(page, 0, "m")
    judge(page, 1, "n")
    page = open_page(context, after)
    judge(page, 2, "u")

    assert verdicts_of(page) == {FIRST: "mine", "N35-E2-S1": "unsure"}
    assert verdicts_of(open_page(context, before)) == {
        FIRST: "mine",
        SECOND: "not mine",
        "N35-E2-S1": "unsure",
    }


def test_a_browser_that_keeps_nothing_says_so(context: BrowserContext, path: Path) -> None:
    page = open_page(context, path)
    is_silent = page.locator("text=keeps nothing").is_hidden()
    context.add_init_script(NO_STORAGE)
    page = open_page(context, path)

    judge(page, 0, "m")

    assert is_silent
    assert page.locator("text=keeps nothing").is_visible()
    assert verdicts_of(page) == {FIRST: "mine"}


def test_an_own_file_does_not_replace_later_verdicts_and_can_be_undone(
    context: BrowserContext, path: Path, tmp_path: Path
) -> None:
    page = open_page(context, path)
    page.fill("#who", "Ada")
    judge(page, 0, "n")

    said = read_back(page, tmp_path / "ada.geojson", [feature(), feature(SECOND)])
    together = verdicts_of(page)
    page.locator("body").press("z")

    assert "Later verdicts of yours that were kept: 1" in said
    assert together == {FIRST: "not mine", SECOND: "mine"}
    assert verdicts_of(page) == {FIRST: "not mine"}


def test_a_file_of_several_reviewers_is_compared_with_each(
    context: BrowserContext, path: Path, tmp_path: Path
) -> None:
    page = open_page(context, path)
    judge(page, 0, "n")

    rows = [feature(who="Ada; Ben"), feature(SECOND, who="__proto__")]
    read_back(page, tmp_path / "merged.geojson", rows)

    assert verdicts_of(page) == {FIRST: "not mine"}
    assert page.input_value("#who") == ""
    names = page.evaluate("Object.keys(answers.others)")
    assert sorted(names) == ["Ada", "Ben", "__proto__"]
    assert "Ada: mine, Ben: mine" in page.inner_text("#place-view")


@pytest.mark.parametrize(
    ("features", "message"),
    [
        pytest.param("a;b\n1;2", "is no file of verdicts", id="a spreadsheet"),
        pytest.param([None], "is no file of verdicts", id="an empty feature"),
        pytest.param(
            [feature(verdict="oui")], f"the verdict on {FIRST} is oui", id="another word"
        ),
        pytest.param([feature(verdict=5)], f"the verdict on {FIRST} is 5", id="a number"),
        pytest.param([feature("map-N1-E1-S1")], "holds no verdict on a", id="another map"),
        pytest.param([feature(verdict="")], "holds no verdict on a", id="nothing judged"),
    ],
)
def test_files_of_something_else_change_nothing(
    context: BrowserContext, path: Path, tmp_path: Path, features: str, message: str
) -> None:
    page = open_page(context, path)

    said = read_back(page, tmp_path / "file.geojson", features)

    assert message in said
    assert verdicts_of(page) == {}
    assert page.inner_text("#compared") == ""


@pytest.mark.parametrize(
    "geometry",
    [
        pytest.param(None, id="none"),
        pytest.param({"type": "Point", "coordinates": [28.98, -2.44]}, id="a point"),
        pytest.param({"type": "Polygon", "coordinates": [[]]}, id="an empty ring"),
        pytest.param({"type": "MultiPolygon", "coordinates": [None]}, id="damaged"),
    ],
)
def test_a_verdict_without_an_outline_has_that_of_its_candidate(
    context: BrowserContext, path: Path, tmp_path: Path, geometry: object
) -> None:
    page = open_page(context, path)
    rows = [feature(verdict=" Not  mine ", candidate_id=FIRST.lower(), geometry=geometry)]

    read_back(page, tmp_path / "ada.geojson", rows)
    page.evaluate("choose(0)")

    file = page.evaluate("savedFile()")
    place = page.evaluate("places[0].geometry")
    assert verdicts_of(page) == {FIRST: "not mine"}
    assert file["features"][0]["geometry"] == place


def test_what_is_said_of_several_files_is_said_together(
    context: BrowserContext, path: Path, tmp_path: Path
) -> None:
    page = open_page(context, path)
    page.fill("#who", "Ada")
    files = [tmp_path / name for name in ("ben.geojson", "notes.txt")]
    read_back(page, files[0], [feature(who="Ben")])
    files[1].write_text("later")

    page.evaluate("said('')")
    page.set_input_files("#load", files)
    page.wait_for_function("document.getElementById('said').textContent !== ''")

    said = page.inner_text("#said")
    assert "Verdicts read: 1, of Ben" in said
    assert "notes.txt is no file of verdicts" in said


def test_letters_can_be_switched_off(context: BrowserContext, path: Path) -> None:
    page = open_page(context, path)
    page.uncheck("#letters")

    judge(page, 0, "m")
    by_letter = verdicts_of(page)
    page.click("#verdict-m")
    page.keyboard.press("ArrowRight")

    assert by_letter == {}
    assert verdicts_of(page) == {FIRST: "mine"}
    assert page.evaluate("document.body.dataset.shown") == "1"


@pytest.mark.parametrize(
    ("who", "name"),
    [
        pytest.param("Ada L.", "reviewed-ada-l.geojson", id="a name"),
        pytest.param("Zoé Ñandú", "reviewed-zoé-ñandú.geojson", id="accents"),
        pytest.param("../<b>'x'", "reviewed-b-x.geojson", id="signs"),
        pytest.param("😀", "reviewed.geojson", id="no letter"),
        pytest.param("é" * 300, f"reviewed-{'é' * 40}.geojson", id="longer than a file's name"),
    ],
)
def test_any_name_of_a_reviewer_names_a_file(
    context: BrowserContext, path: Path, tmp_path: Path, who: str, name: str
) -> None:
    page = open_page(context, path)
    page.fill("#who", who)
    judge(page, 0, "m")

    with page.expect_download() as download:
        page.click("#save")
    download.value.save_as(tmp_path / name)

    saved = json.loads((tmp_path / name).read_text(encoding="utf-8"))
    assert download.value.suggested_filename == name
    assert saved["features"][0]["properties"]["who"] == who
