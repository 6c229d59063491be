"""The fetch store: asked once, whole or not at all, and no failure is taken for an answer."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from servers.scripted import Scripted, noise

from minecover.core.errors import AccessError
from minecover.core.grid import Grid
from minecover.core.raster import read_cube, write_cube
from minecover.core.sites import Site
from minecover.sources.fetch import Fetcher, Ledger, Outcome, recalled, request_digest

GRID = Grid.from_corner("EPSG:32635", 600015.0, 15.0, 4, 5)
SITE = Site("here", "here", GRID, 1)
STORE = Path("store")
SCENES = {"first_day": "2016-10-15", "client": {"project": "mine"}}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def told(*words: str) -> Scripted:
    """Make a source that says of the site `here` one word after the other."""
    return Scripted({"here": words}, notes="notes", pause_s=0.0)


def fetch(source: Scripted, store: Path | None = STORE) -> Outcome:
    """Run once over the one site, as a stage does after each start."""
    ledger = Ledger(Path("ledger.csv"))
    fetcher = Fetcher(source, SCENES, store, Path("scenes"), ledger, ledger.opened())
    return fetcher(SITE)


def stored(name: str) -> Path:
    """Name a file of the one site in the store."""
    return STORE / request_digest(SCENES, SITE) / name


def ledger() -> pd.DataFrame:
    return pd.read_csv("ledger.csv", keep_default_na=False)


def test_what_was_fetched_is_not_asked_for_again() -> None:
    source = told("ok")

    first, second = fetch(source), fetch(source)

    assert source.askings("here") == 1
    assert first == second
    assert first.status == "ok"
    assert first.dates == "2017-01-14 2017-01-30"


def test_the_outcome_describes_the_patch() -> None:
    outcome = fetch(told("ok"))

    patch = Path("scenes/here.tif").read_bytes()
    assert outcome.bytes == len(patch)
    assert outcome.sha256 == hashlib.sha256(patch).hexdigest()
    assert read_cube(Path("scenes/here.tif")).grid == SITE.read_grid


def test_without_a_store_nothing_is_kept() -> None:
    source = told("ok")

    kept, direct = fetch(source), fetch(source, None)

    assert kept == direct
    assert source.askings("here") == 2
    assert sorted(os.listdir("scenes")) == ["here.tif"]


@pytest.mark.parametrize("word", ["empty", "cloudy"])
def test_an_answer_without_scenes_is_remembered(word: str) -> None:
    source = told(word, "ok")

    first, second = fetch(source), fetch(source)

    assert first == second
    assert (first.status, first.sha256, first.message) == (word, "", f"here is {word} as told.")
    assert not Path("scenes").exists()


def test_a_failure_is_no_answer() -> None:
    source = told("failed", "failed", "ok")

    statuses = [fetch(source).status for _ in range(4)]

    assert statuses == ["failed", "failed", "ok", "ok"]
    assert source.askings("here") == 3


def test_every_asking_is_a_line_of_the_ledger() -> None:
    source = told("failed", "failed", "ok")

    statuses = [fetch(source).status for _ in range(4)]

    assert len(statuses) == 4
    assert ledger()["status"].tolist() == ["failed", "failed", "ok"]
    assert ledger()["tries"].tolist() == [1, 2, 3]
    assert ledger()["message"].tolist() == ["here is failed as told."] * 2 + [""]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("here.tif", b"II*\0", id="patch cut short"),
        pytest.param("here.tif", None, id="patch lost"),
        pytest.param("here.json", None, id="patch without a record: the run ended in between"),
        pytest.param("here.json", b'{"site_id": "he', id="record cut short"),
        pytest.param("here.json", b"", id="record empty"),
        pytest.param("here.json", b"[1, 2]", id="record of something else"),
        pytest.param("here.json", b'{"status": "ok"}', id="record of another version"),
    ],
)
def test_what_is_damaged_is_fetched_again(name: str, content: bytes | None) -> None:
    source = told("ok")
    first = fetch(source)
    stored(name).unlink()
    Path("nothing" if content is None else stored(name)).write_bytes(content or b"")

    second = fetch(source)

    assert source.askings("here") == 2
    assert first == second == recalled(stored("here.tif"))


def test_what_a_killed_run_left_behind_is_swept_away() -> None:
    stored("here.tif").parent.mkdir(parents=True)
    stored(".xyz123.tif").write_bytes(b"half a patch")

    fetch(told("ok"))

    assert sorted(os.listdir(stored("").resolve())) == ["here.json", "here.tif"]


def test_editing_a_scene_does_not_reach_the_store() -> None:
    source = told("ok")
    first = fetch(source)
    with Path("scenes/here.tif").open("r+b") as patch:
        patch.write(b"edited")

    assert recalled(stored("here.tif")) == first


@pytest.mark.parametrize(
    ("word", "error"),
    [
        pytest.param("denied", AccessError, id="a service that refuses all we ask"),
        pytest.param("broken", ZeroDivisionError, id="our own mistake"),
    ],
)
@pytest.mark.parametrize("store", [STORE, None], ids=["kept", "direct"])
def test_what_is_no_outcome_of_a_site_comes_through(
    word: str, error: type[Exception], store: Path | None
) -> None:
    with pytest.raises(error):
        fetch(told(word), store)

    assert recalled(stored("here.tif")) is None
    assert ledger().empty
    assert not Path("scenes").exists()


@pytest.mark.parametrize(
    ("scenes", "site"),
    [
        pytest.param({"first_day": "2016-10-16"}, SITE, id="period"),
        pytest.param(
            SCENES, replace(SITE, grid=GRID.cut(0, 0, 4, 4)), id="shape of the ground"
        ),
        pytest.param(
            SCENES, replace(SITE, grid=GRID.grown(1).cut(0, 0, 4, 5)), id="place of the ground"
        ),
        pytest.param(SCENES, replace(SITE, halo_px=2), id="halo"),
        pytest.param(SCENES, replace(SITE, site_id="there"), id="site"),
    ],
)
def test_whatever_changes_the_patch_changes_its_digest(
    scenes: Mapping[str, object], site: Site
) -> None:
    assert request_digest(scenes, site) != request_digest(SCENES, SITE)


@pytest.mark.parametrize(
    ("scenes", "site"),
    [
        pytest.param({**SCENES, "client": {"project": "yours"}}, SITE, id="who asks"),
        pytest.param(dict(reversed(SCENES.items())), SITE, id="order of the keys"),
        pytest.param(SCENES, replace(SITE, group="others"), id="group"),
    ],
)
def test_what_does_not_change_the_patch_leaves_its_digest(
    scenes: Mapping[str, object], site: Site
) -> None:
    assert request_digest(scenes, site) == request_digest(SCENES, SITE)


def outcome(message: str) -> Outcome:
    return Outcome("here", "failed", "", 0, "", message)


def noted(*messages: str) -> list[str]:
    """Note outcomes, one run each; read all that the ledger says."""
    for message in messages:
        book = Ledger(Path("ledger.csv"))
        book.add("d", outcome(message), book.opened()["d"] + 1, 0.5)
    return Path("ledger.csv").read_text().splitlines()


@pytest.mark.parametrize(
    "message",
    [
        pytest.param('he said "no", twice', id="quotes and commas"),
        pytest.param("one\nbelow\u2028the other", id="several lines"),
    ],
)
def test_a_message_is_one_cell_of_one_line(message: str) -> None:
    lines = noted(message, "second")

    assert len(lines) == 3
    assert ledger()["message"].tolist() == [" ".join(message.split()), "second"]
    assert ledger()["tries"].tolist() == [1, 2]


def test_a_line_that_was_cut_does_not_spoil_the_next() -> None:
    noted("first")
    with Path("ledger.csv").open("a") as book:
        book.write("2017-01-14T08:00:00+00:00,he")

    lines = noted("second")

    assert lines[2] == "2017-01-14T08:00:00+00:00,he"
    assert lines[3].endswith(",here,d,failed,2,0.50,second")


def test_a_ledger_of_other_columns_begins_anew() -> None:
    Path("ledger.csv").write_text("site_id,status,seconds,message\nhere,ok,1.0,\n")

    assert len(noted("first")) == 2


def test_a_record_says_what_the_index_will_say() -> None:
    fetch(told("ok"))
    path = Path("other.tif")
    write_cube(path, noise(SITE))

    record = json.loads(stored("here.json").read_text())

    assert record["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert list(record) == ["site_id", "status", "dates", "bytes", "sha256", "message"]
