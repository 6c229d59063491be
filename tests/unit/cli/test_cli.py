"""The command line: one sentence for a mistake, exit codes as documented."""

from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner, Result

from minecover import __version__
from minecover.cli import main

ROOT = Path(__file__).parents[3]
NAMES = main.list_commands(click.Context(main))


def minecover(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments), prog_name="minecover")


def test_help_fits_one_screen() -> None:
    done = minecover("--help")

    assert done.exit_code == 0
    assert len(done.output.splitlines()) <= 24


def leaves(command: click.Command, *path: str) -> Iterator[tuple[str, ...]]:
    """Walk all commands, those of groups too."""
    context = click.Context(command)
    names = command.list_commands(context) if isinstance(command, click.Group) else []
    for name in names:
        yield (*path, name)
        found = command.get_command(context, name) if isinstance(command, click.Group) else None
        yield from leaves(found, *path, name) if found else ()


@pytest.mark.parametrize("path", list(leaves(main)), ids=" ".join)
def test_every_command_has_an_example(path: tuple[str, ...]) -> None:
    assert f"minecover {' '.join(path)}" in minecover(*path, "--help").output


def test_the_version_is_the_package_s() -> None:
    assert minecover("--version").output == f"minecover, version {__version__}\n"


def test_every_command_is_listed_in_a_line_of_its_own() -> None:
    lines = minecover("--help").output.splitlines()

    for_each = {name: [line for line in lines if f" {name} " in line] for name in NAMES}

    assert {name: len(found) for name, found in for_each.items()} == dict.fromkeys(NAMES, 1)


def test_wrong_usage_is_exit_code_2() -> None:
    assert minecover("nonsense").exit_code == 2


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_completes_what_this_prints(shell: str) -> None:
    done = minecover("completion", shell)

    assert done.exit_code == 0
    assert f"_MINECOVER_COMPLETE={shell}_complete" in done.output


def test_the_tab_key_offers_the_commands() -> None:
    offered = ShellComplete(main, {}, "minecover", "_MINECOVER_COMPLETE").get_completions(
        ["review"], "ex"
    )

    assert [one.value for one in offered] == ["export"]


def test_there_is_no_summary_before_the_first_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    done = minecover("summary", "--json")

    assert done.exit_code == 1
    assert "Run `dvc repro`" in done.output


def test_params_has_to_be_told_what_to_do() -> None:
    assert minecover("params").exit_code == 2


def test_the_committed_params_pass_the_check() -> None:
    assert minecover("params", "--check").exit_code == 0


def test_an_unknown_experiment_is_one_sentence_that_names_the_others() -> None:
    done = minecover("params", "--write", "--experiment", "nonsense")

    assert done.exit_code == 1
    assert "Available options in 'experiment': acceptance brumadinho" in done.output
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
