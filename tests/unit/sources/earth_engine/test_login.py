"""Login: without credentials nothing is sent, and an error says what to do."""

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
from servers.ee_drawing import NETWORK, SITE, LocalService
from servers.ee_faults import ALGORITHMS, DISCOVERY

from minecover.core.errors import AccessError


@pytest.fixture
def nobody(
    service: LocalService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> LocalService:
    """Return the service, for a user without any credentials."""
    ee.Reset()
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    return service


@pytest.fixture
def black_hole() -> Iterator[int]:
    """Yield a port that accepts connections and never responds."""
    with socket.create_server(("127.0.0.1", 0), backlog=8) as hole:
        yield hole.getsockname()[1]


@pytest.mark.parametrize("credentials", ["persistent", "application_default", "~/key.json"])
def test_without_credentials_the_error_says_what_to_do(
    nobody: LocalService, credentials: str
) -> None:
    begin = time.monotonic()
    client = replace(nobody.client, credentials=credentials)

    with pytest.raises(AccessError) as caught:
        replace(nobody.source(), client=client).scenes(SITE)

    assert f"source.client.credentials={credentials}" in str(caught.value)
    assert "Type `earthengine authenticate`" in str(caught.value)
    assert "path of a service account's key file" in str(caught.value)
    assert time.monotonic() - begin < 5
    assert not nobody.server.responses


LOG_IN = """
import time
from minecover.sources.earth_engine.login import Account
from minecover.core.errors import AccessError
begin = time.monotonic()
try:
    Account(None, "application_default", None).log_in(None)
except AccessError:
    print(time.monotonic() - begin)
"""


def test_a_network_that_drops_packets_delays_by_seconds_only(
    black_hole: int, tmp_path: Path
) -> None:
    # google-auth requests the account of the machine from an address of the local network.
    lost = {"GCE_METADATA_IP": f"127.0.0.1:{black_hole}", "HOME": str(tmp_path)}
    env = {**os.environ, **lost, "CLOUDSDK_CONFIG": str(tmp_path)}
    env.pop("GOOGLE_APPLICATION_CREDENTIALS", None)

    done = subprocess.run(
        [sys.executable, "-c", LOG_IN], env=env, capture_output=True, text=True, check=True
    )

    assert float(done.stdout) < 4


def test_an_invalid_key_file_is_refused(nobody: LocalService, tmp_path: Path) -> None:
    (tmp_path / "key.json").write_text("{}")
    client = replace(nobody.client, credentials=str(tmp_path / "key.json"))

    with pytest.raises(AccessError, match=r"found none with .*key\.json"):
        replace(nobody.source(), client=client).scenes(SITE)


def test_stored_credentials_without_a_project_are_an_error(
    nobody: LocalService, tmp_path: Path
) -> None:
    stored = tmp_path / ".config" / "earthengine" / "credentials"
    stored.parent.mkdir(parents=True)
    stored.write_text(json.dumps({"refresh_token": "1//stale"}))
    client = replace(nobody.client, credentials="persistent", project=None)

    with pytest.raises(AccessError, match=r"Cloud project.*Set source\.client\.project"):
        replace(nobody.source(), client=client).scenes(SITE)


def test_a_service_account_has_its_own_project(service: LocalService) -> None:
    ee.Reset()
    client = replace(service.client, project=None)

    cube = replace(service.source(), client=client).scenes(SITE)
    ee.Reset()

    assert len(cube.dates) == 1


def test_a_service_that_is_down_is_an_error_for_all_threads(service: LocalService) -> None:
    ee.Reset()
    service.server.faults.plan(DISCOVERY, *["503"] * 5)
    source = service.source(network=replace(NETWORK, first_wait_s=0.1, longest_wait_s=0.1))

    with ThreadPoolExecutor(4) as pool:
        sent = [pool.submit(source.scenes, SITE) for _ in range(4)]
        failures = [one.exception() for one in sent]

    assert {type(failure) for failure in failures} == {AccessError}
    assert "cannot log in to Earth Engine: a request failed 5 times" in str(failures[0])
    assert service.server.count(DISCOVERY) == 5


def test_a_project_without_earth_engine_stops_the_run(service: LocalService) -> None:
    ee.Reset()
    service.server.faults.plan(ALGORITHMS, "disabled")

    with pytest.raises(AccessError, match="has not been used in project 123"):
        service.source().scenes(SITE)
