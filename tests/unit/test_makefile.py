"""`make` finds its interpreter, says what is missing, and does things in order."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAKE = shutil.which("make") or ""
#: What the recipes need beside Python.
TOOLS = ("cat", "sed", "sh", "touch", "uname")
LOCKED = ".venv/.locked"

pytestmark = pytest.mark.skipif(not MAKE, reason="make is not installed")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A folder as after `git clone`, and a folder for programs that holds no Python yet."""
    for name in ("Makefile", ".python-version"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "requirements.lock").write_text("setuptools==1 \\\n    --hash=a\nsix==1\n")
    (tmp_path / "requirements-dev.lock").write_text("pytest==1\n")
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "bin").mkdir()
    for tool in TOOLS:
        (tmp_path / "bin" / tool).symlink_to(shutil.which(tool) or tool)
    return tmp_path


def make(clone: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run make where only the clone's programs can be found."""
    environment = {"PATH": str(clone / "bin"), "HOME": str(clone)}
    command = [MAKE, *arguments]
    return subprocess.run(
        command, cwd=clone, env=environment, capture_output=True, text=True, check=False
    )


def program(clone: Path, name: str, script: str) -> None:
    """Put a program on the clone's PATH."""
    path = clone / "bin" / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def python(clone: Path, name: str, version: str, *, has_libgomp: bool = True) -> None:
    """Put an interpreter on the PATH that makes empty environments and notes its orders."""
    here = clone / "asked"
    gomp = "exit 0" if has_libgomp else "exit 1"
    script = f"""case "$2" in
*version_info*) echo {version};;
*CDLL*) {gomp};;
venv) /bin/mkdir -p .venv/bin; echo "{name}" >> {here}; /bin/cp "$0" .venv/bin/python;;
*) echo "$@" >> {here};;
esac"""
    program(clone, name, script)


def pythons(clone: Path, installed: dict[str, str]) -> None:
    """Put several interpreters on the PATH: versions by name."""
    for name, version in installed.items():
        python(clone, name, version)


def asked(clone: Path) -> list[str]:
    return (clone / "asked").read_text().splitlines()


@pytest.mark.parametrize(
    ("installed", "chosen"),
    [
        pytest.param(
            {"python3": "3.12", "python3.11": "3.11"}, "python3.11", id="the exact one"
        ),
        pytest.param({"python3": "3.12"}, "python3", id="a newer one"),
        pytest.param({"python3": "3.9", "python3.13": "3.13"}, "python3.13", id="not the old"),
        pytest.param({"python3": "3.14", "python3.12": "3.12"}, "python3.12", id="not untried"),
        pytest.param({"python": "3.11"}, "python", id="whatever its name"),
    ],
)
def test_the_interpreter_that_is_taken(
    clone: Path, installed: dict[str, str], chosen: str
) -> None:
    pythons(clone, installed)

    made = make(clone, LOCKED)

    assert made.returncode == 0, made.stderr
    assert asked(clone)[0] == chosen


def test_another_minor_version_is_pointed_out(clone: Path) -> None:
    python(clone, "python3", "3.12")

    made = make(clone, LOCKED)

    assert "dvc.lock is exact for 3.11 only" in made.stderr


def test_a_shim_that_starts_nothing_is_passed_over(clone: Path) -> None:
    program(clone, "python3.11", "echo 'pyenv: python3.11: command not found' >&2; exit 127")
    python(clone, "python3", "3.11")

    made = make(clone, LOCKED)

    assert made.returncode == 0
    assert made.stderr == ""


def test_an_old_python_is_named_with_what_is_needed(clone: Path) -> None:
    python(clone, "python3", "3.9")

    made = make(clone, LOCKED)

    assert made.returncode != 0
    assert "needs Python 3.11, 3.12 or 3.13" in made.stderr
    assert "python3 is 3.9" in made.stderr
    assert not (clone / ".venv").exists()


def test_the_interpreter_asked_for_is_not_replaced_by_another(clone: Path) -> None:
    python(clone, "python3.11", "3.11")
    python(clone, "mine", "3.10")

    made = make(clone, LOCKED, "PYTHON=mine")

    assert made.returncode != 0
    assert "mine is 3.10" in made.stderr


def test_a_missing_libgomp_is_said_before_anything_is_installed(clone: Path) -> None:
    python(clone, "python3.11", "3.11", has_libgomp=False)

    made = make(clone, LOCKED)

    # What LightGBM brings on other systems is not asked for.
    assert (made.returncode != 0) == (os.uname().sysname == "Linux")
    assert ("apt-get install libgomp1" in made.stderr) == (os.uname().sysname == "Linux")


def test_everything_is_installed_by_hash_and_the_build_backend_first(clone: Path) -> None:
    python(clone, "python3.11", "3.11")

    make(clone, LOCKED)

    _, first, second, third = asked(clone)
    assert (clone / ".venv" / "backend.txt").read_text() == "setuptools==1 \\\n    --hash=a\n"
    assert first.endswith("-r .venv/backend.txt")
    assert second.endswith("-r requirements.lock")
    assert third.endswith("-r requirements-dev.lock")
    assert "--require-hashes" in first
    assert "--require-hashes --no-build-isolation" in second
    assert "--require-hashes --no-build-isolation" in third


def test_a_changed_lock_makes_the_environment_anew_and_nothing_else_does(clone: Path) -> None:
    python(clone, "python3.11", "3.11")
    make(clone, LOCKED)
    os.utime(clone / "requirements.lock", (0, 0))
    os.utime(clone / "requirements-dev.lock", (0, 0))
    os.utime(clone / ".python-version", (0, 0))

    unchanged = make(clone, "--question", LOCKED)
    os.utime(clone / "requirements.lock")
    os.utime(clone / LOCKED, (1, 1))
    changed = make(clone, "--question", LOCKED)

    assert unchanged.returncode == 0
    assert changed.returncode == 1


def test_run_checks_the_configuration_before_it_builds(clone: Path) -> None:
    planned = make(clone, "--dry-run", "run").stdout

    steps = ["params --check", "dvc repro", "register --if-missing", "minecover summary"]
    places = [planned.index(step) for step in steps]
    assert places == sorted(places)


def test_a_zip_download_is_told_to_clone_before_anything_is_installed(clone: Path) -> None:
    python(clone, "python3.11", "3.11")
    program(clone, "git", "exit 0")

    made = make(clone, "-j4", "run")

    assert made.returncode != 0
    assert "needs a git clone" in made.stderr
    assert not (clone / ".venv").exists()


@pytest.mark.parametrize(
    ("script", "said"),
    [
        pytest.param(None, "needs git, which is not installed", id="no git"),
        pytest.param(
            "echo 'fatal: detected dubious ownership' >&2; exit 128",
            "dubious ownership",
            id="another user's clone",
        ),
    ],
)
def test_a_clone_that_git_cannot_read_is_told_before_anything_is_installed(
    clone: Path, script: str | None, said: str
) -> None:
    python(clone, "python3.11", "3.11")
    (clone / ".git").mkdir()
    for each in [script] if script else []:
        program(clone, "git", each)

    made = make(clone, "run")

    assert made.returncode != 0
    assert said in made.stderr
    assert not (clone / ".venv").exists()


def test_an_experiment_is_composed_before_it_is_built(clone: Path) -> None:
    planned = make(clone, "--dry-run", "run", "EXPERIMENT=brumadinho").stdout

    assert 'minecover params --write --experiment "brumadinho"' in planned


def test_test_ends_with_pytest(clone: Path) -> None:
    planned = make(clone, "--dry-run", "test").stdout.splitlines()

    assert "pytest" in planned[-1]
    assert any("lint-imports" in line for line in planned)


def test_help_lists_the_two_commands(clone: Path) -> None:
    said = make(clone).stdout

    assert "make run " in said
    assert "make test " in said
