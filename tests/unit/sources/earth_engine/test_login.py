"""Without credentials nothing is asked, and one sentence says within seconds what to do."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import ee
import pytest
from servers.ee_drawing import NETWORK, SITE, Desk
from servers.ee_faults import ALGORITHMS, DISCOVERY

from minecover.core.errors import AccessError


@pytest.fixture
def nobody(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A user who never logged in anywhere."""
    ee.Reset()
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    return desk


@pytest.fixture
def black_hole() -> Iterator[int]:
    """A port that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=8) as hole:
        yield hole.getsockname()[1]


@pytest.mark.parametrize("credentials", ["persistent", "application_default", "~/key.json"])
def test_without_credentials_one_sentence_says_what_to_do(
    nobody: Desk, credentials: str
) -> None:
    begin = time.monotonic()
    client = replace(nobody.client, credentials=credentials)

    with pytest.raises(AccessError) as caught:
        replace(nobody.source(), client=client).scenes(SITE)

    assert f"source.client.credentials={credentials}" in str(caught.value)
    assert "Type `earthengine authenticate`" in str(caught.value)
    assert "path of a service account's key file" in str(caught.value)
    assert time.monotonic() - begin < 5
    assert not nobody.server.answers


ASK = """
import time
from minecover.sources.earth_engine.login import Account
from minecover.core.errors import AccessError
begin = time.monotonic()
try:
    Account(None, "application_default", None).log_in(None)
except AccessError:
    print(time.monotonic() - begin)
"""


def test_a_network_that_swallows_packets_costs_a_second(
    black_hole: int, tmp_path: Path
) -> None:
    # google-auth asks an address of the local network for the machine's own account.
    lost = {"GCE_METADATA_IP": f"127.0.0.1:{black_hole}", "HOME": str(tmp_path)}
    env = {**os.environ, **lost, "CLOUDSDK_CONFIG": str(tmp_path)}
    env.pop("GOOGLE_APPLICATION_CREDENTIALS", None)

    done = subprocess.run(
        [sys.executable, "-c", ASK], env=env, capture_output=True, text=True, check=True
    )

    assert float(done.stdout) < 4


def test_a_file_that_is_no_key_is_refused(nobody: Desk, tmp_path: Path) -> None:
    (tmp_path / "key.json").write_text("{}")
    client = replace(nobody.client, credentials=str(tmp_path / "key.json"))

    with pytest.raises(AccessError, match=r"found none with .*key\.json"):
        replace(nobody.source(), client=client).scenes(SITE)


def test_stored_credentials_without_a_project_ask_for_one(nobody: Desk, tmp_path: Path) -> None:
    stored = tmp_path / ".config" / "earthengine" / "credentials"
    stored.parent.mkdir(parents=True)
    stored.write_text(json.dumps({"refresh_token": "1//stale"}))
    client = replace(nobody.client, credentials="persistent", project=None)

    with pytest.raises(AccessError, match=r"Cloud project.*Set source\.client\.project"):
        replace(nobody.source(), client=client).scenes(SITE)


def test_a_service_account_brings_its_own_project(desk: Desk) -> None:
    ee.Reset()
    client = replace(desk.client, project=None)

    cube = replace(desk.source(), client=client).scenes(SITE)
    ee.Reset()

    assert len(cube.dates) == 1


def test_a_service_that_is_down_stops_the_run_for_all_who_wait(desk: Desk) -> None:
    ee.Reset()
    desk.server.faults.plan(DISCOVERY, *["503"] * 5)
    source = desk.source(network=replace(NETWORK, first_wait_s=0.1, longest_wait_s=0.1))

    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(source.scenes, SITE) for _ in range(4)]
        failures = [one.exception() for one in asked]

    assert {type(failure) for failure in failures} == {AccessError}
    assert "cannot log in to Earth Engine: asked 5 times" in str(failures[0])
    assert desk.server.count(DISCOVERY) == 5


def test_a_project_without_earth_engine_stops_the_run(desk: Desk) -> None:
    ee.Reset()
    desk.server.faults.plan(ALGORITHMS, "disabled")

    with pytest.raises(AccessError, match="has not been used in project 123"):
        desk.source().scenes(SITE)
