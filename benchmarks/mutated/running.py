"""Run a trial in a process of its own, and say what is wrong with what came of it."""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml

from mutated.trial import REFUSED, SAME, Trial

#: Where a trial's process leaves what it printed, and what the trial was.
STDOUT, STDERR, TRIAL = ".stdout", ".stderr", ".trial"
#: The documented exit codes.
CODES = (0, 1, 2)
#: Names of errors that tell a user nothing: the place where they can happen should say more.
UNEXPLAINED = re.compile(
    r"failed \((?:\w+\.)*(KeyError|AttributeError|TypeError|IndexError|ValueError|"
    r"AssertionError|ZeroDivisionError|UnicodeDecodeError|RecursionError|OverflowError|\w*Arrow\w+|\w+Exception|"
    r"RasterioIOError|CPLE_\w+|FloatingPointError|UnpicklingError|LightGBMError|NameError)"
)
#: Results that record what others were made from: names and digests of the inputs.
RECORDS = ("candidates.json",)
Files = dict[str, tuple[int, int]]


@dataclass(frozen=True)
class Outcome:
    """What came of a trial."""

    code: int
    stdout: str
    stderr: str
    results: dict[str, str]  # digests of the files written, by path
    faults: list[str]


def run_here(trial: Trial) -> None:
    """Run a command in this process, which ends with its exit code."""
    out, err = (
        os.open(trial.folder / name, os.O_CREAT | os.O_WRONLY) for name in (STDOUT, STDERR)
    )
    os.dup2(out, 1)
    os.dup2(err, 2)
    sys.stdout, sys.stderr = open(1, "w", closefd=False), open(2, "w", closefd=False)  # noqa: SIM115
    os.chdir(trial.folder / "store" if (trial.folder / "store").is_dir() else trial.folder)
    code = _code(trial.words)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _code(words: list[str]) -> int:
    if words[0] == "stage":
        from minecover.pipeline.__main__ import main as stages

        return stages(words[1:])
    if words[0] == "http":
        return _respond(words[1])
    from minecover.cli import main

    try:
        main(words, prog_name="minecover")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


def _respond(content_type: str) -> int:
    """Score the request body as the server does; a response with an error is exit code 1."""
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import Pipeline

    from minecover.prediction.bundle import ModelBundle
    from minecover.prediction.http import Scorer

    bundle = ModelBundle.find("one_band/level1.pkl")
    [body] = list(Path("in").iterdir())
    card = bundle.card
    # A family that takes no NaN is trained behind an imputer; the drawn model has none.
    imputer = SimpleImputer(strategy="constant", fill_value=0.0).fit([[0.0]])
    model = Pipeline([("imputer", imputer), *bundle.pipeline().steps])
    scorer = Scorer(model, card.features, card.value("threshold"), card.dates)
    status, response = scorer.respond(body.read_bytes(), content_type)
    content = json.loads(response)
    if status == 200:
        print(content["predictions"])
        return 0
    print(content["message"], file=sys.stderr)
    return 1 if 400 <= status < 500 else 3


def snapshot(folder: Path) -> Files:
    """Return all files of a folder, with what changes when they are written."""
    found = {}
    for path in folder.rglob("*"):
        if path.is_file() or path.is_symlink():
            state = path.lstat()
            found[path.relative_to(folder).as_posix()] = (state.st_ino, state.st_mtime_ns)
    return found


def outcome(trial: Trial, status: int, before: Files, *, expected: str) -> Outcome:
    """Read what a trial left, and list its faults.

    Parameters
    ----------
    trial : Trial
        The trial.
    status : int
        As `os.waitpid` gives it.
    before : dict
        From `snapshot`, before the command ran.
    expected : str
        What may come of it; whether the result is the same is checked elsewhere.
    """
    code = os.waitstatus_to_exitcode(status)
    stdout, stderr = (
        (trial.folder / name).read_text(encoding="utf-8", errors="replace")
        if (trial.folder / name).is_file()
        else ""
        for name in (STDOUT, STDERR)
    )
    # A fork that ends at once leaves joblib's semaphores to their tracker, which says so.
    stderr = re.sub(r"(?m)^.*resource_tracker.*\n.*\n", "", stderr)
    after = snapshot(trial.folder)
    own = (STDOUT, STDERR, TRIAL)
    new = sorted(n for n, state in after.items() if n not in own and before.get(n) != state)
    faults = [*_printed(code, stdout, stderr), *_left(trial.folder, new)]
    if code not in CODES:
        faults.append(f"exit code {code}")
    missing = [one for one in trial.results if not any(Path(n).match(one) for n in after)]
    if code == 0 and missing:
        faults.append(f"success without {', '.join(missing)}")
    written = [n for n in new if any(Path(n).match(pattern) for pattern in trial.results)]
    if code != 0 and written and not _is_part(trial, written, stderr):
        faults.append(f"refused, but wrote {', '.join(written)}")
    if expected == REFUSED and code == 0:
        faults.append("should be refused")
    if expected == SAME and code != 0:
        faults.append("should succeed")
    compared = [n for n in written if Path(n).name not in RECORDS]
    digests = {n: digest(trial.folder / n) for n in compared}
    return Outcome(code, stdout, stderr, digests, faults)


def _is_part(trial: Trial, written: list[str], stderr: str) -> bool:
    """Whether a part of a map is whole, as documented: its tiles, or one of its UTM zones."""
    are_zones = all("-EPSG" in name for name in written)
    is_map = trial.words[0] == "map" and "tiles failed" in stderr
    return is_map or (trial.words[0] == "predict" and are_zones)


def _printed(code: int, stdout: str, stderr: str) -> Iterator[str]:
    if "Traceback (most recent call last)" in stdout + stderr:
        yield "traceback"
    if code in (1, 2) and len(re.findall(r"\w+", stderr.strip().rpartition("\n")[2])) < 3:
        yield "no sentence at the end of stderr"
    if found := UNEXPLAINED.search(stderr):
        yield f"unexplained {found[1]}"
    if found := re.search(r"^\S+:\d+: (\w*Warning): ", stderr, re.M):
        yield f"a library's {found[1]} on stderr"


def _left(folder: Path, names: list[str]) -> Iterator[str]:
    """Say which new files are no whole results."""
    for name in names:
        path = folder / name
        if path.name.startswith((".", "tmp")) and not name.startswith((".cache/", "store/")):
            if not path.name.startswith(".lock"):
                yield f"left {name}"
            continue
        try:
            digest(path)
        except Exception as error:
            yield f"{name} cannot be read: {type(error).__name__}: {error}"


def digest(path: Path) -> str:
    """Return a digest of a result, after its whole content was read by its own reader."""
    end = path.suffix.lower()
    if end in (".tif", ".vrt"):
        import rasterio

        with rasterio.open(path) as dataset:
            pixels = dataset.read()
        return hashlib.sha256(np.nan_to_num(pixels, nan=-1).tobytes()).hexdigest()
    if end in (".json", ".geojson"):
        json.loads(path.read_text(encoding="utf-8"))
    elif end == ".parquet":
        import pyarrow.parquet

        pyarrow.parquet.read_table(path)
    elif end in (".gpkg", ".kml"):
        import pyogrio

        for layer, _ in pyogrio.list_layers(path):
            pyogrio.read_dataframe(path, layer=layer)
        return end
    elif end == ".yaml":
        yaml.safe_load(path.read_text(encoding="utf-8"))
    elif end == ".html" and "</html>" not in path.read_text(encoding="utf-8"):
        raise ValueError("no end")
    return hashlib.sha256(path.read_bytes()).hexdigest()


def same(one: Outcome, other: Outcome) -> bool:
    """Return whether two trials wrote or printed the same, names of files apart."""
    if one.results or other.results:
        return sorted(one.results.values()) == sorted(other.results.values())
    return _numbers(one.stdout) == _numbers(other.stdout)


def _numbers(text: str) -> str:
    """Return printed JSON without what changes from run to run."""
    try:
        content = json.loads(text)
    except ValueError:
        return text
    if isinstance(content, dict):
        for name in ("seconds", "file", "files", "megabytes", "types"):
            content.pop(name, None)
    return json.dumps(content, sort_keys=True)
