"""The command line: help texts, error messages and exit codes."""

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


def command_paths(command: click.Command, *path: str) -> Iterator[tuple[str, ...]]:
    """Yield the names of all commands and subcommands."""
    context = click.Context(command)
    names = command.list_commands(context) if isinstance(command, click.Group) else []
    for name in names:
        yield (*path, name)
        found = command.get_command(context, name) if isinstance(command, click.Group) else None
        yield from command_paths(found, *path, name) if found else ()


@pytest.mark.parametrize("path", list(command_paths(main)), ids=" ".join)
def test_every_command_has_an_example(path: tuple[str, ...]) -> None:
    assert f"minecover {' '.join(path)}" in minecover(*path, "--help").output


@pytest.mark.parametrize("area", ["nan", "inf", "-1", "a"])
def test_an_alert_has_an_area(tmp_path: Path, area: str) -> None:
    result = minecover("change", str(tmp_path), "--alert-ha", area)

    assert result.exit_code == 2
    assert "Invalid value for '--alert-ha'" in result.output


def test_version_is_that_of_the_package() -> None:
    assert minecover("--version").output == f"minecover, version {__version__}\n"


def test_help_lists_every_command_in_one_line() -> None:
    done = minecover("--help")

    first_words = [line.split()[0] for line in done.output.splitlines() if line.strip()]
    assert done.exit_code == 0
    assert {name: first_words.count(name) for name in NAMES} == dict.fromkeys(NAMES, 1)


def test_a_short_help_is_a_whole_sentence() -> None:
    output = minecover("--help").output

    assert "..." not in output.split("Options:")[1]


def test_wrong_usage_is_exit_code_2() -> None:
    assert minecover("nonsense").exit_code == 2


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script_for_the_shell(shell: str) -> None:
    done = minecover("completion", shell)

    assert done.exit_code == 0
    assert f"_MINECOVER_COMPLETE={shell}_complete" in done.output


def test_completion_offers_subcommands() -> None:
    offered = ShellComplete(main, {}, "minecover", "_MINECOVER_COMPLETE").get_completions(
        ["review"], "ex"
    )

    assert [one.value for one in offered] == ["export"]


def test_summary_before_the_first_build_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    done = minecover("summary", "--json")

    assert done.exit_code == 1
    assert "Run `dvc repro`" in done.output


def test_params_without_an_action_is_wrong_usage() -> None:
    assert minecover("params").exit_code == 2


def test_the_committed_params_pass_the_check() -> None:
    assert minecover("params", "--check").exit_code == 0


def test_an_unknown_experiment_is_an_error_that_names_the_options() -> None:
    done = minecover("params", "--write", "--experiment", "nonsense")

    assert done.exit_code == 1
    assert "conf/experiment has no option 'nonsense'. It has acceptance, amazon" in done.output
    assert "Traceback" not in done.output


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["-44.2,-20.2,-44.1,-20.1"], id="west"),
        pytest.param(["-44.2, -20.2, -44.1, -20.1"], id="blanks in quotes"),
        pytest.param(["-44.2,", "-20.2,", "-44.1,", "-20.1"], id="blanks without"),
        pytest.param(["--", "-44.2,-20.2,-44.1,-20.1"], id="behind two hyphens"),
        pytest.param(["-.5,-2,.5,-1"], id="without a zero"),
        pytest.param(["28,-2,29,-1"], id="east"),
    ],
)
@pytest.mark.parametrize("command", ["plan", "map"])
@pytest.mark.parametrize("comes_first", [True, False])
def test_a_box_is_taken_wherever_it_lies(
    command: str, words: list[str], comes_first: bool, tmp_path: Path
) -> None:
    options = ["--source", str(tmp_path), "--model", str(tmp_path / "no.pkl")]
    options += ["--out", str(tmp_path / "map")] if command == "map" else []

    done = minecover(
        command,
        *([*words, *options] if comes_first and words[0] != "--" else [*options, *words]),
    )

    assert done.exit_code == 1, done.output
    assert "no.json" in done.output


@pytest.mark.parametrize("name", ["a/b", "a b", "'2019'x", "2019", "''"])
def test_a_name_that_mlflow_refuses_is_not_written(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "conf").symlink_to(ROOT / "conf")
    monkeypatch.chdir(tmp_path)

    done = minecover("params", "--write", f"tracking.registered_name={name}")

    assert done.exit_code == 1
    assert "tracking.registered_name" in done.output
    assert not (tmp_path / "params.yaml").exists()


def test_ui_before_the_first_run_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "params.yaml").write_bytes((ROOT / "params.yaml").read_bytes())
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)

    done = minecover("ui")

    assert done.exit_code == 1
    assert "Run `make run`" in done.output


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["--out="], id="an option"),
        pytest.param(["--out", ""], id="its value"),
        pytest.param(["--out", "maps", ""], id="a word"),
    ],
)
def test_an_empty_word_is_refused_where_it_would_mean_this_folder(words: list[str]) -> None:
    done = minecover("predict", "--model", "model.pkl", "--source", "l1", *words)

    assert done.exit_code == 2
    assert "a variable of the shell may be unset" in done.stderr
