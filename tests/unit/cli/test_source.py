"""`minecover source check`: the fetched site, or an error that says what to fix."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from pyproj import Transformer
from safe_products import DrawnSafe

from minecover.cli import main
from minecover.cli import source as command

ROOT = Path(__file__).parents[3]
SCRIPTED = """
name: scripted
is_simulated: false
is_remote: true
input: conf
level: 1
bands: [blue, green, red, nir08, swir16, swir22]
max_failed_fraction: 0.0
scenes:
  _target_: servers.scripted.ScriptedSource
  script: {{here: [{word}]}}
  notes: notes
  pause_s: {pause_s}
"""
HERE = ("--at", "27.6", "-2.4")


def check(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["source", "check", *arguments])


@pytest.fixture
def conf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Change to a folder that holds only the configuration."""
    monkeypatch.chdir(tmp_path)
    return Path(shutil.copytree(ROOT / "conf", tmp_path / "conf"))


def script(conf: Path, *, word: str = "ok", pause_s: float = 0.0) -> None:
    """Add a source that answers the site at --at with the outcome `word`."""
    option = conf / "source" / "scripted.yaml"
    option.write_text(SCRIPTED.format(word=word, pause_s=pause_s))


def test_the_simulated_source_needs_no_account_and_no_build(conf: Path) -> None:
    done = check("world.n_sites=2")

    assert done.exit_code == 0, done.output
    assert done.output.startswith("simulated: site sim0000, longitude 27.")
    assert "dates  7: 2016-" in done.output
    assert "bands  11: coastal blue" in done.output
    assert "148 x 148 pixels of 30" in done.output
    assert "% of 70,000 observations (mask=strict)" in done.output


def test_the_result_can_be_json(conf: Path) -> None:
    done = check("world.n_sites=2", "--json")

    found = json.loads(done.stdout)
    assert (found["source"], found["site_id"], found["shape"]) == (
        "simulated",
        "sim0000",
        [148, 148],
    )
    assert len(found["dates"]) == 7
    assert 0 < found["valid_share"] < 1


def test_a_location_can_be_chosen(conf: Path) -> None:
    script(conf)

    done = check("--source", "scripted", *HERE)

    assert done.exit_code == 0, done.output
    assert "site here, longitude 27.600, latitude -2.400" in done.output
    assert "valid  100.0 % of 20,000 observations" in done.output


def test_products_of_sentinel_2_are_checked_at_their_pixels(conf: Path) -> None:
    product = DrawnSafe()
    product.put(conf.parent / "S2", B04=3000, B12=4000, SCL=4)
    place = Transformer.from_crs("EPSG:32735", "EPSG:4326", always_xy=True)
    lon, lat = place.transform(product.corner[0] + 600, product.corner[1] - 600)

    done = check(
        "--source",
        "sentinel2_folder",
        "--at",
        f"{lon}",
        f"{lat}",
        "source.input=S2",
        "source.bands=[red,swir22]",
    )

    assert done.exit_code == 0, done.output
    assert "quality bits: s2" in done.output
    assert "EPSG:32635, 348 x 348 pixels of 10, corner" in done.output
    assert "16.0 % of 90,000 observations (mask=scl)" in done.output


@pytest.mark.parametrize("word", ["empty", "cloudy", "failed", "denied"])
def test_an_error_of_the_source_is_one_sentence(conf: Path, word: str) -> None:
    script(conf, word=word)

    done = check("--source", "scripted", *HERE)

    assert done.exit_code == 1
    assert done.output == f"Error: here is {word} as scripted.\n"


def test_a_source_without_response_times_out(
    conf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script(conf, pause_s=20.0)
    monkeypatch.setattr(command, "TIMEOUT_S", 0.5)

    done = check("--source", "scripted", *HERE)

    assert done.exit_code == 1
    assert "no scene within 0.5 s" in done.output


def test_without_labels_a_location_is_needed(conf: Path) -> None:
    script(conf)

    done = check("--source", "scripted")

    assert done.exit_code == 1
    assert "Or choose a location: --at LON LAT." in done.output


def test_coordinates_outside_of_the_utm_zones_are_wrong_usage(conf: Path) -> None:
    assert check("--at", "400", "2").exit_code == 2


def test_the_command_has_an_example() -> None:
    assert "minecover source check --source" in check("--help").output
