"""The command line: one sentence for a mistake, exit codes as documented."""

from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from minecover.cli import main

ROOT = Path(__file__).parents[2]


def minecover(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def test_help_fits_one_screen() -> None:
    done = minecover("--help")

    assert done.exit_code == 0
    assert len(done.output.splitlines()) <= 24


@pytest.mark.parametrize("command", sorted(main.list_commands(click.Context(main))))
def test_every_command_has_an_example(command: str) -> None:
    assert f"minecover {command}" in minecover(command, "--help").output


def test_params_has_to_be_told_what_to_do() -> None:
    assert minecover("params").exit_code == 2


def test_the_committed_params_pass_the_check() -> None:
    assert minecover("params", "--check").exit_code == 0


def test_an_unknown_experiment_is_one_sentence_that_names_the_others() -> None:
    done = minecover("params", "--write", "--experiment", "nonsense")

    assert done.exit_code == 1
    assert "Available options in 'experiment': acceptance brumadinho poc_2017" in done.output
    assert "Traceback" not in done.output


def test_there_is_nothing_to_show_before_the_first_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "params.yaml").write_bytes((ROOT / "params.yaml").read_bytes())
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)

    done = minecover("ui")

    assert done.exit_code == 1
    assert "Type `make run`" in done.output
