"""The fetch store: sites are requested once, stored completely, and failures are retried."""

import hashlib
import json
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from servers.scripted import ScriptedSource, noise

from minecover.core.errors import AccessError
from minecover.core.grid import Grid
from minecover.core.ledger import Ledger
from minecover.core.raster import read_cube, write_cube
from minecover.core.sites import Site
from minecover.sources.fetch import COLUMNS, Fetcher, Outcome, read_stored, request_digest

GRID = Grid.from_corner("EPSG:32635", 600015.0, 15.0, 4, 5)
SITE = Site("here", "here", GRID, 1)
STORE = Path("store")
SCENES = {"first_day": "2016-10-15", "client": {"project": "mine"}}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a temporary folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def scripted(*words: str) -> ScriptedSource:
    """Return a source with one response of the script after the other for the site `here`."""
    return ScriptedSource({"here": words}, notes="notes", pause_s=0.0)


def fetch(source: ScriptedSource, store: Path | None = STORE) -> Outcome:
    """Fetch the site once, as a new run of the stage does."""
    ledger = Ledger(Path("ledger.csv"), COLUMNS)
    earlier = Counter(line["digest"] for line in ledger.read())
    fetcher = Fetcher(source, SCENES, store, Path("scenes"), ledger, earlier)
    return fetcher(SITE)


def stored(name: str) -> Path:
    """Return the path of a file of the site in the store."""
    return STORE / request_digest(SCENES, SITE) / name


def read_log() -> pd.DataFrame:
    return pd.read_csv("ledger.csv", keep_default_na=False)


def test_a_fetched_site_is_not_requested_again() -> None:
    source = scripted("ok")

    first, second = fetch(source), fetch(source)

    assert source.request_count("here") == 1
    assert first == second
    assert first.status == "ok"
    assert first.dates == "2017-01-14 2017-01-30"


def test_the_outcome_describes_the_file() -> None:
    outcome = fetch(scripted("ok"))

    patch = Path("scenes/here.tif").read_bytes()
    assert outcome.bytes == len(patch)
    assert outcome.sha256 == hashlib.sha256(patch).hexdigest()
    assert read_cube(Path("scenes/here.tif")).grid == SITE.read_grid


def test_without_a_store_every_run_requests_the_site() -> None:
    source = scripted("ok")

    stored_outcome, direct = fetch(source), fetch(source, None)

    assert stored_outcome == direct
    assert source.request_count("here") == 2
    assert sorted(os.listdir("scenes")) == ["here.tif"]


@pytest.mark.parametrize("word", ["empty", "cloudy"])
def test_a_response_without_scenes_is_stored(word: str) -> None:
    source = scripted(word, "ok")

    first, second = fetch(source), fetch(source)

    assert first == second
    assert (first.status, first.sha256, first.message) == (
        word,
        "",
        f"here is {word} as scripted.",
    )
    assert not Path("scenes").exists()


def test_a_failed_request_is_repeated() -> None:
    source = scripted("failed", "failed", "ok")

    statuses = [fetch(source).status for _ in range(4)]

    assert statuses == ["failed", "failed", "ok", "ok"]
    assert source.request_count("here") == 3


def test_every_request_is_a_line_of_the_log() -> None:
    source = scripted("failed", "failed", "ok")

    statuses = [fetch(source).status for _ in range(4)]

    assert len(statuses) == 4
    assert read_log()["status"].tolist() == ["failed", "failed", "ok"]
    assert read_log()["tries"].tolist() == [1, 2, 3]
    assert read_log()["message"].tolist() == ["here is failed as scripted."] * 2 + [""]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("here.tif", b"II*\0", id="truncated file"),
        pytest.param("here.tif", None, id="missing file"),
        pytest.param("here.json", None, id="file without a record: the run ended in between"),
        pytest.param("here.json", b'{"site_id": "he', id="truncated record"),
        pytest.param("here.json", b"", id="record empty"),
        pytest.param("here.json", b"[1, 2]", id="record of something else"),
        pytest.param("here.json", b'{"status": "ok"}', id="record of another version"),
    ],
)
def test_damaged_files_are_fetched_again(name: str, content: bytes | None) -> None:
    source = scripted("ok")
    first = fetch(source)
    stored(name).unlink()
    Path("nothing" if content is None else stored(name)).write_bytes(content or b"")

    second = fetch(source)

    assert source.request_count("here") == 2
    assert first == second == read_stored(stored("here.tif"))


def test_temporary_files_of_a_killed_run_are_deleted() -> None:
    stored("here.tif").parent.mkdir(parents=True)
    stored(".xyz123.tif").write_bytes(b"half a patch")

    fetch(scripted("ok"))

    assert sorted(os.listdir(stored("").resolve())) == ["here.json", "here.tif"]


def test_editing_a_scene_does_not_reach_the_store() -> None:
    source = scripted("ok")
    first = fetch(source)
    with Path("scenes/here.tif").open("r+b") as patch:
        patch.write(b"edited")

    assert read_stored(stored("here.tif")) == first


@pytest.mark.parametrize(
    ("word", "error"),
    [
        pytest.param("denied", AccessError, id="a service that refuses all requests"),
        pytest.param("broken", ZeroDivisionError, id="an error of the program"),
    ],
)
@pytest.mark.parametrize("store", [STORE, None], ids=["stored", "direct"])
def test_other_errors_are_raised(word: str, error: type[Exception], store: Path | None) -> None:
    with pytest.raises(error):
        fetch(scripted(word), store)

    assert read_stored(stored("here.tif")) is None
    assert read_log().empty
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
def test_a_request_for_other_scenes_has_another_digest(
    scenes: Mapping[str, object], site: Site
) -> None:
    assert request_digest(scenes, site) != request_digest(SCENES, SITE)


@pytest.mark.parametrize(
    ("scenes", "site"),
    [
        pytest.param({**SCENES, "client": {"project": "yours"}}, SITE, id="account"),
        pytest.param(dict(reversed(SCENES.items())), SITE, id="order of the keys"),
        pytest.param(SCENES, replace(SITE, group="others"), id="group"),
    ],
)
def test_a_request_for_the_same_scenes_has_the_same_digest(
    scenes: Mapping[str, object], site: Site
) -> None:
    assert request_digest(scenes, site) == request_digest(SCENES, SITE)


def test_a_record_has_the_fields_of_the_outcome() -> None:
    fetch(scripted("ok"))
    path = Path("other.tif")
    write_cube(path, noise(SITE))

    record = json.loads(stored("here.json").read_text())

    assert record["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert list(record) == ["site_id", "status", "dates", "bytes", "sha256", "message"]
