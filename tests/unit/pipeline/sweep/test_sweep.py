"""What a sweep is made of: its jobs, their identity, and what is refused."""

import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from joblib import cpu_count

from minecover.core.config import Params
from minecover.core.errors import SweepError
from minecover.pipeline.sweep.build_state import BuildState, refuse_stale
from minecover.pipeline.sweep.controller import threads
from minecover.pipeline.sweep.jobs import combinations
from minecover.pipeline.sweep.sharing import shared_lock
from minecover.pipeline.sweep.sweep_run import SCORE, as_text, failure, shares
from minecover.tracking import Dataset
from minecover.tracking.runs import RunSummary

BUILT = BuildState(
    upstream={"imagery": {"source": {"world": {"n_sites": 12, "seed": 7}}}, "sites": {}},
    audited={"folds": {"n": 5}},
    read=("folds", "model"),
    data="d" * 64,
    audit="e" * 64,
    code="c" * 64,
    datasets=(Dataset("data/features", "data/features", "f" * 36),),
)


def params(*, n_sites: int = 12, leaves: int = 31, folds: int = 5) -> Params:
    return Params(
        {
            "source": {"world": {"n_sites": n_sites, "seed": 7}},
            "folds": {"n": folds},
            "model": {"num_leaves": leaves},
            "tracking": {"folder": "mlruns"},
        }
    )


def test_every_combination_is_a_job_the_last_key_changing_fastest() -> None:
    words = ["model=forest,linear", "folds.n=3", "model.C=1,2"]

    jobs = combinations(OverridesParser.create().parse_overrides(words))

    assert jobs == [
        ("model=forest", "folds.n=3", "model.C=1"),
        ("model=forest", "folds.n=3", "model.C=2"),
        ("model=linear", "folds.n=3", "model.C=1"),
        ("model=linear", "folds.n=3", "model.C=2"),
    ]


def test_bounds_are_for_a_search() -> None:
    overrides = OverridesParser.create().parse_overrides(["model.C=interval(1,2)"])

    with pytest.raises(SweepError, match="minecover search"):
        combinations(overrides)


@pytest.mark.parametrize(
    ("other", "is_same"),
    [
        pytest.param(params(), True, id="nothing changed"),
        pytest.param(params(leaves=15), False, id="another model"),
        pytest.param(params(n_sites=24), True, id="a key that no job reads"),
    ],
)
def test_a_job_is_what_it_reads(other: Params, is_same: bool) -> None:
    assert (BUILT.identity(other) == BUILT.identity(params())) is is_same


def test_a_sweep_over_the_world_is_told_to_queue_builds() -> None:
    asked: dict[tuple[str, ...], Params] = {
        (f"world.n_sites={n}",): params(n_sites=n) for n in (24, 48)
    }

    with pytest.raises(
        SweepError,
        match=r"n_sites is read by imagery, which ran with 12, not 24.*"
        r"dvc exp run --queue -S 'world.n_sites=24,48'",
    ):
        refuse_stale(BUILT, asked)


def test_other_tables_for_all_jobs_are_to_be_built_first() -> None:
    asked: dict[tuple[str, ...], Params] = {
        ("world.n_sites=24", f"model.num_leaves={n}"): params(n_sites=24, leaves=n)
        for n in (7, 15)
    }

    with pytest.raises(
        SweepError, match=r"params --write 'world.n_sites=24' && dvc repro folds"
    ):
        refuse_stale(BUILT, asked)


@pytest.mark.parametrize(
    "word",
    [
        pytest.param("labels.input='my mines, 2019.gpkg'", id="blanks and a comma"),
        pytest.param("labels.input='a $HOME b.gpkg'", id="a dollar"),
        pytest.param("features=[bands,'a b']", id="a quote inside a list"),
        pytest.param("~model.C", id="a deleted key"),
    ],
)
def test_a_suggested_line_gives_the_shell_what_was_typed(word: str) -> None:
    asked: dict[tuple[str, ...], Params] = {(word, "world.n_sites=24"): params(n_sites=24)}

    with pytest.raises(SweepError) as caught:
        refuse_stale(BUILT, asked)

    line = str(caught.value).partition("Type: ")[2]
    assert shlex.split(line)[:5] == ["minecover", "params", "--write", word, "world.n_sites=24"]


def test_a_queue_of_builds_keeps_quoted_values() -> None:
    asked: dict[tuple[str, ...], Params] = {
        (f"labels.input='{name} 1.gpkg'", f"world.n_sites={n}"): params(n_sites=n)
        for name, n in (("a", 24), ("b", 48))
    }

    with pytest.raises(SweepError) as caught:
        refuse_stale(BUILT, asked)

    assert "labels.input='a 1.gpkg','b 1.gpkg'" in shlex.split(str(caught.value))


def test_a_deleted_key_stays_deleted_in_every_job() -> None:
    words = ["~model.C", "folds.n=3,5"]

    jobs = combinations(OverridesParser.create().parse_overrides(words))

    assert jobs == [("~model.C", "folds.n=3"), ("~model.C", "folds.n=5")]


def test_a_failure_is_one_line() -> None:
    tags = {"error": "ModelError: first line\nsecond line " + "x" * 500}
    ended = RunSummary("0123456789abcdef", "job", "FAILED", tags, {}, {})

    line = failure(ended)

    assert line.startswith("FAILED (run 01234567): ModelError: first line second line xxx")
    assert "\n" not in line
    assert len(line) < 220
    assert as_text(pd.DataFrame(), {"depth=0": line}) == f"depth=0  {line}\n"


def test_what_only_jobs_read_is_not_refused() -> None:
    refuse_stale(BUILT, {("model.num_leaves=7",): params(leaves=7)})


@pytest.mark.parametrize(("n", "same"), [(5, True), (3, False)])
def test_the_built_audit_is_about_the_built_folds(n: int, same: bool) -> None:
    assert BUILT.is_audited(params(folds=n)) is same


@pytest.mark.parametrize(
    ("launcher", "expected"),
    [
        pytest.param({"_target_": "basic"}, cpu_count(), id="alone: all cores"),
        pytest.param({"n_jobs": cpu_count()}, 1, id="a worker a core"),
        pytest.param({"n_jobs": -1}, 1, id="as many as there are"),
        pytest.param({"n_jobs": 100}, 1, id="more than there are"),
        pytest.param({"cpus_per_task": 4}, 4, id="SLURM says"),
    ],
)
def test_workers_share_the_cores(launcher: dict[str, object], expected: int) -> None:
    assert threads(launcher) == expected


def test_a_lock_is_held_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    with shared_lock("job") as first, shared_lock("job", wait=False) as second:
        assert (first, second) == (True, False)
    with shared_lock("job", wait=False) as again:
        assert again


def test_the_choice_that_decides_has_all_of_the_spread() -> None:
    table = pd.DataFrame(
        {"leaves": ["7", "7", "31", "31"], "rate": ["1", "2"] * 2, SCORE: [0.1, 0.1, 0.5, 0.5]}
    )

    found = shares(table, ["leaves", "rate"])

    assert found["leaves"] == pytest.approx(1)
    assert np.isclose(found["rate"], 0)
