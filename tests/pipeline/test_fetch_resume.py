"""A fetch that is killed goes on where it was: nothing lost, nothing asked for twice."""

import os
import shutil
import signal
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from conftest import ROOT, Checkout, make_checkout

from minecover.core.config import composed, write_params
from minecover.core.grid import Grid
from minecover.core.sites import Site, write_sites
from minecover.sources.fetch import read_stored

N_SITES = 24
#: The imagery alone: sites are put there.
FETCH = ("dvc", "repro", "-s", "imagery")
OPTION = """
name: scripted
is_simulated: false
is_remote: true
input: conf/source/scripted.yaml
level: 1
platforms: [landsat-8]
bands: [blue, green, red, nir08, swir16, swir22]
max_failed_fraction: 0.0
scenes:
  _target_: minecover.sources.scripted.ScriptedSource
  # Two sites fail when they are asked for the first time, and twice all three askers wait: long
  # enough to be ended there on any machine.
  script:
    {site02: [failed, ok], site05: [failed, ok], site15: [slow, ok], site16: [slow, ok],
     site17: [slow, ok], site21: [slow, ok], site22: [slow, ok], site23: [slow, ok]}
  notes: notes
  pause_s: 0.05
"""
CHOICES = (
    "source=scripted",
    "network.at_once=3",
    "labels=files",
    "labels.input=none",
    "context=none",
    "features=[spectral,temporal,neighbourhood]",
)


@pytest.fixture
def flaky(tmp_path: Path) -> Checkout:
    """Place 24 small sites, and choose a slow source that fails now and then."""
    built = replace(make_checkout(tmp_path), is_changed=True)
    shutil.copy(ROOT / "tests/servers/scripted.py", tmp_path / "src/minecover/sources")
    (tmp_path / "conf/source/scripted.yaml").write_text(OPTION)
    write_params(composed(CHOICES, conf=tmp_path / "conf"), tmp_path / "params.yaml")
    grid = Grid.from_corner("EPSG:32635", 600015.0, 15.0, 20, 20)
    sites = [Site(f"site{number:02d}", "", grid, 2) for number in range(N_SITES)]
    write_sites(tmp_path / "data/sites.parquet", sites)
    return built


def interrupted(checkout: Checkout, sign: signal.Signals, *, after: int) -> dict[str, int]:
    """Fetch, end it all when so many sites are finished; count their requests."""
    process = subprocess.Popen(
        FETCH,
        cwd=checkout.root,
        env=checkout.environment,
        start_new_session=True,
        # What a shell puts into the background is deaf to SIGINT, and so are its children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    end = time.monotonic() + 300
    while len(finished(checkout)) < after and time.monotonic() < end:
        assert process.poll() is None, "the fetch ended by itself"
        time.sleep(0.02)
    os.killpg(process.pid, sign)
    process.wait(60)
    return request_count(checkout, finished(checkout))


def finished(checkout: Checkout) -> list[str]:
    """Name the sites that the store holds whole."""
    patches = (checkout.root / ".cache/scenes").glob("*/*.tif")
    return sorted(path.stem for path in patches if read_stored(path))


def request_count(checkout: Checkout, site_ids: list[str]) -> dict[str, int]:
    """Count how often the source was asked for each site."""
    return {name: len((checkout.root / "notes" / name).read_text()) for name in site_ids}


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_an_interrupted_fetch_goes_on(flaky: Checkout) -> None:
    first = interrupted(flaky, signal.SIGINT, after=5)
    second = interrupted(flaky, signal.SIGKILL, after=len(first) + 5)
    flaky.must(*FETCH)
    scenes = flaky.root / "data/scenes"
    resumed = contents(scenes)
    again = request_count(flaky, list(first)), request_count(flaky, list(second))
    shutil.rmtree(flaky.root / ".cache")
    shutil.rmtree(flaky.root / ".dvc/cache")
    flaky.must(*FETCH, "-f")

    # What was finished when a run ended was never asked for again.
    assert 5 <= len(first) < len(second) < N_SITES
    assert again == (first, second)
    # All is there, each byte as in a run that nothing happened to.
    assert pd.read_csv(scenes / "index.csv")["status"].tolist() == ["ok"] * N_SITES
    assert len(resumed) == N_SITES + 1
    assert resumed == contents(scenes)
