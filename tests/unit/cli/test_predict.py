"""`minecover predict`: what --source may name."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from drawn_models import write_model
from products import DrawnProduct

from minecover.cli import main


@pytest.fixture
def model(tmp_path: Path) -> str:
    write_model(tmp_path / "model.pkl", slope=2.0)
    return str(tmp_path / "model.pkl")


@pytest.mark.parametrize("command", ["predict", "map", "plan"])
def test_a_source_that_does_not_exist_is_named(
    tmp_path: Path, model: str, command: str
) -> None:
    area = [] if command == "predict" else ["28,-2,29,-1"]
    out = [] if command == "plan" else ["--out", str(tmp_path / "maps")]

    done = CliRunner().invoke(
        main, [command, *area, "--model", model, "--source", "LC80", *out]
    )

    assert done.exit_code == 1
    assert "there is no folder LC80, and no option of that name in conf/source" in done.output


def test_the_maps_are_printed(tmp_path: Path, model: str) -> None:
    folder, out = tmp_path / "LC08", tmp_path / "maps"
    DrawnProduct().put(folder, B4=12_000, QA_PIXEL=21824, QA_RADSAT=0)

    done = CliRunner().invoke(
        main, ["predict", "--model", model, "--source", str(folder), "--out", str(out)]
    )

    assert done.exit_code == 0, done.output
    names = [f"candidates.{kind}" for kind in ("gpkg", "geojson", "csv", "kmz", "qgs")]
    files = ("LC08.tif", "index.html", *names)
    assert done.stdout.splitlines() == [str(out / name) for name in files]


def test_a_map_ends_with_a_summary_in_the_language_that_was_asked_for(
    tmp_path: Path, model: str
) -> None:
    folder, out = tmp_path / "LC08", tmp_path / "maps"
    DrawnProduct().put(folder, B4=12_000, QA_PIXEL=21824, QA_RADSAT=0)
    command = ["predict", "--model", model, "--source", str(folder), "--out", str(out)]

    done = CliRunner().invoke(main, [*command, "--lang", "fr"])
    again = CliRunner().invoke(main, ["summary", "--map", str(out), "--lang", "pt"])

    assert "Candidats : 0 ; nouveaux : 0" in done.stderr
    assert f"À regarder dans un navigateur : {out}/index.html" in done.stderr
    assert '<html lang="fr">' in (out / "index.html").read_text()
    assert "Candidatos: 0; novos: 0" in again.stdout
