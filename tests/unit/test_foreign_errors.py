"""Errors of any library become one line and exit code 1, in commands, stages and sweeps."""

import errno
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import optuna
import pyproj
import pytest
from click.testing import CliRunner, Result
from hydra.errors import HydraException
from mlflow.exceptions import MlflowException
from omegaconf.errors import ConfigKeyError
from pyogrio.errors import DataSourceError
from rasterio.errors import RasterioIOError
from sklearn.exceptions import NotFittedError

from minecover.cli import main
from minecover.core.errors import DEBUG, LabelError, error_line
from minecover.pipeline import __main__ as stages
from minecover.pipeline.sweep import controller

ERRORS = [
    RasterioIOError("'a.tif' not recognized as being in a supported file format."),
    DataSourceError("a.gpkg: No such file or directory"),
    pyproj.exceptions.CRSError("Invalid projection: EPSG:0"),
    MlflowException("API request failed"),
    optuna.exceptions.TrialPruned("pruned"),
    HydraException("Error in override"),
    ConfigKeyError("Missing key"),
    NotFittedError("This Pipeline instance is not fitted yet."),
    UnicodeDecodeError("utf-8", b"\xe9", 0, 1, "unexpected end of data"),
    ValueError("two\nlines"),
    AssertionError(),
    RecursionError("maximum recursion depth exceeded"),
]
#: Errors with an answer of their own, and a word of it.
ANSWERED = [
    (OSError(errno.ENOSPC, "No space left on device"), "free some space"),
    (OSError(errno.EFBIG, "File too large"), "raise the limit"),
    (PermissionError(errno.EACCES, "Permission denied", "reports"), "Allow this user"),
    (OSError(errno.EROFS, "Read-only file system", "data"), "name another place"),
    (MemoryError(), "memory is used up"),
]


def raising(error: BaseException) -> Callable[..., None]:
    """Return a function that raises an error, whatever it is called with."""

    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


@pytest.fixture(autouse=True)
def _no_debug(monkeypatch: pytest.MonkeyPatch) -> None:
    """Print no tracebacks, whatever the caller's environment says."""
    monkeypatch.setenv(DEBUG, "")


def check(error: BaseException, monkeypatch: pytest.MonkeyPatch, *words: str) -> Result:
    """Run a command inside which an error is raised."""
    monkeypatch.setattr("minecover.core.config.check_params", raising(error))
    return CliRunner().invoke(main, [*words, "params", "--check"])


def name_of(error: object) -> str:
    return type(error).__name__


@pytest.mark.parametrize("error", ERRORS, ids=name_of)
def test_a_command_ends_with_one_line(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = check(error, monkeypatch)

    assert done.exit_code == 1
    assert done.stderr.startswith(f"Error: minecover params failed ({type(error).__name__}")
    assert done.stderr.count("\n") == 1
    assert "--debug (or MINECOVER_DEBUG=1)" in done.stderr


@pytest.mark.parametrize(("error", "answer"), ANSWERED, ids=name_of)
def test_what_the_system_refuses_has_an_answer(
    error: Exception, answer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = check(error, monkeypatch)

    assert done.exit_code == 1
    assert answer in done.stderr


def test_an_error_behind_an_error_is_answered() -> None:
    outer = RasterioIOError("write failed")
    outer.__cause__ = OSError(errno.ENOSPC, "No space left on device")

    assert "free some space" in error_line(outer, "the stage masks")


def test_the_error_that_rasterio_points_to_is_shown() -> None:
    outer = RasterioIOError("Write failed. See previous exception for details.")
    outer.__cause__ = RuntimeError("TIFFAppendToStrip:Write error at scanline 0")

    said = error_line(outer, "the stage imagery")

    assert "(RuntimeError: TIFFAppendToStrip:Write error at scanline 0)" in said
    assert "the disk has space" in said


def test_an_error_in_a_worker_process_has_no_traceback() -> None:
    remote = (
        "Traceback (most recent call last):\n  File a.py\n"
        "rasterio._err.CPLE_AppDefinedError: Write error at scanline 0\n\nThe above ...\n"
        "Traceback (most recent call last):\n  File b.py\nRasterioIOError: Write failed."
    )
    outer = RasterioIOError("Write failed. See previous exception for details.")
    outer.__cause__ = type("_RemoteTraceback", (Exception,), {})(remote)

    said = error_line(outer, "the stage imagery")

    assert "failed (rasterio._err.CPLE_AppDefinedError: Write error at scanline 0)." in said
    assert "Traceback" not in said


def test_a_long_message_is_cut() -> None:
    assert len(error_line(ValueError("x" * 10_000), "minecover map")) < 700


def test_an_error_of_our_own_is_its_own_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    done = check(LabelError("row 3 has no date. Fix it."), monkeypatch)

    assert done.stderr == "Error: row 3 has no date. Fix it.\n"


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["--debug", "params", "--check"], id="before the command"),
        pytest.param(["params", "--check", "--debug"], id="at the end"),
    ],
)
def test_debug_shows_the_traceback(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("minecover.core.config.check_params", raising(ValueError("odd")))

    done = CliRunner().invoke(main, words)

    assert done.exit_code == 1
    assert "Traceback" in done.stderr
    assert "ValueError: odd" in done.stderr


def test_ctrl_c_is_one_line_and_exit_code_1(monkeypatch: pytest.MonkeyPatch) -> None:
    done = check(KeyboardInterrupt(), monkeypatch)

    assert done.exit_code == 1
    assert done.stderr.startswith("Error: minecover params was interrupted")
    assert done.stderr.count("\n") == 1


def test_a_reader_that_closes_the_pipe_is_no_error() -> None:
    code = "import sys; from minecover.cli import main; main(['--help'])"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()

        assert b"Traceback" not in process.stderr.read()


@pytest.mark.parametrize("error", [*ERRORS, KeyboardInterrupt()], ids=name_of)
def test_a_stage_ends_with_one_line(
    error: BaseException, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("minecover.pipeline.stages.labels.run", raising(error))

    code = stages.main(["labels"])

    said = capsys.readouterr().err
    assert code == 1
    assert said.startswith("labels: the stage labels ")
    assert said.count("\n") == 1


@pytest.mark.parametrize("error", [*ERRORS, KeyboardInterrupt()], ids=name_of)
def test_a_sweep_ends_with_one_line(
    error: BaseException, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(controller, "_run", raising(error))

    with pytest.raises(SystemExit) as ended:
        controller.run(None, [])  # type: ignore[arg-type]  # never reached

    said = capsys.readouterr().err
    assert ended.value.code == 1
    assert said.startswith("sweep: the sweep ")
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param(["model.num_leavs=7"], "conf/ has no key 'model.num_leavs'", id="key"),
        pytest.param(["model=oracle,forest"], "dvc.lock|model/oracle", id="option"),
        pytest.param(["folds.n=(3"], "cannot be read.*quoted", id="grammar"),
    ],
)
def test_a_sweep_that_hydra_refuses_is_a_sentence(
    words: list[str], said: str, tmp_path: Path
) -> None:
    (tmp_path / "conf").symlink_to(Path("conf").resolve())
    code = f"from minecover.cli import main; main(['sweep', *{words}])"

    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert re.search(said, done.stderr)
    assert "HYDRA_FULL_ERROR" not in done.stderr


@pytest.mark.parametrize("name", ["GDAL_DATA", "PROJ_DATA", "PROJ_LIB"])
def test_data_of_another_gdal_or_proj_is_ignored(name: str, tmp_path: Path) -> None:
    (tmp_path / "proj.db").write_bytes(b"of another version")
    code = (
        "from minecover.core.grid import utm_crs, project; import minecover.core.raster\n"
        "from rasterio.crs import CRS; import geopandas\n"
        "CRS.from_epsg(32635).to_wkt(); project(28.0, -2.0, utm_crs(28.0, -2.0))"
    )

    done = subprocess.run(
        [sys.executable, "-c", code],
        env={name: str(tmp_path), "PYTHONPATH": "src"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")


def test_loops_are_compiled_where_nothing_can_be_kept(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    import numba

    from minecover.core import kernels

    def refusing(*, cache: bool, **_: object) -> Callable[[object], object]:
        def decorator(function: object) -> object:
            if cache:
                raise RuntimeError("cannot cache function 'f': no locator available for file x")
            return function

        return decorator

    monkeypatch.setattr(numba, "njit", refusing)
    kernels._say_once.cache_clear()

    compiled = [kernels.compiled_loop(abs), kernels.compiled_loop(len)]

    assert compiled == [abs, len]
    assert [record.getMessage().count("NUMBA_CACHE_DIR") for record in caplog.records] == [1]
