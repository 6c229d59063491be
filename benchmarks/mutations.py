"""Mutate good inputs in many ways, and pass each through the command that reads it.

    python benchmarks/mutations.py --seed 7 --n 200
    python benchmarks/mutations.py --seed 7 --only 41

Draws a small build, products, vector files and models into a temporary folder; then runs one
command for each mutation, and checks that its exit code is a documented one and agrees with
what it wrote, that a refusal is a sentence, and that nothing half-written is left. Mutations
that change nothing that matters (a byte order mark, a blank in a path) have to give the result
of the good inputs; some others have to be refused. Prints counts by kind, and each fault with
the options that make it again. Exit code 1 if there is any.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np

PROJECT = Path(__file__).parents[1]
# The writers of products and models that tests draw.
sys.path.insert(0, str(PROJECT / "tests"))

from mutated import (  # noqa: E402
    file_kinds,
    product_kinds,
    table_kinds,
    vector_kinds,
    vector_value_kinds,
    word_kinds,
)
from mutated.running import TRIAL, Outcome, outcome, run_here, same, snapshot  # noqa: E402
from mutated.subjects import SUBJECTS  # noqa: E402
from mutated.trial import KINDS, SAME, NotApplicableError, Trial  # noqa: E402

MODULES = (file_kinds, product_kinds, table_kinds, vector_kinds, vector_value_kinds, word_kinds)
#: A command that takes longer hangs [s].
TIMEOUT_S = 300
#: Share of the commands that are started as a program, and not in a fork of this process.
PROGRAMS = 0.04
#: Exit code of a fork that ends with an error.
UNCAUGHT = 99


@dataclass(frozen=True)
class Case:
    """One drawn mutation of a command; the good inputs have a negative number."""

    number: int
    subject: str
    seed: int


@dataclass
class Result:
    """What a case did and what came of it."""

    case: Case
    kind: str
    did: str
    expected: str
    outcome: Outcome

    @property
    def title(self) -> str:
        """The options that make it again, and what was done to what."""
        case = self.case
        again = f"--seed {case.seed} --only {case.number} " if case.number >= 0 else ""
        return f"{again}{case.subject}; {self.kind}: {self.did!r}"


def main() -> int:
    """Draw, run, check, print."""
    options = _options()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        begin = time.perf_counter()
        world = (options.world or Path(scratch) / "world").resolve()
        if not world.exists():
            _build(world)
        built = time.perf_counter() - begin
        runs = (options.keep or Path(scratch) / "runs").resolve()
        cases = _drawn(options.seed, options.n, options.only)
        subjects = sorted({case.subject for case in cases})
        good = [Case(-1 - n, name, 0) for n, name in enumerate(subjects)]
        _import_all()
        results = _run_all([*good, *cases], world, runs, options)
        print(f"{built:.0f} s for the good inputs, {time.perf_counter() - begin:.0f} s in all")
    return _report(results, options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--n", type=int, default=200, help="number of mutations")
    parser.add_argument("--only", type=int, help="run one mutation of the seed, and print all")
    parser.add_argument("--jobs", type=int, default=2, help="processes at a time")
    parser.add_argument("--world", type=Path, help="folder of the good inputs, to use again")
    parser.add_argument("--keep", type=Path, help="folder to keep what the commands wrote")
    parser.add_argument("--log", type=Path, help="file for one line of JSON a mutation")
    return parser.parse_args()


def _build(world: Path) -> None:
    """Build the good inputs in a process of its own, so that this one starts no threads."""
    world.mkdir(parents=True)
    # As this process finds them, the tests' writers too.
    found = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-m", "mutated.world", str(world), str(PROJECT)]
    if subprocess.run(command, env=found, check=False).returncode:
        shutil.rmtree(world)
        raise SystemExit("the good inputs could not be built.")


def _import_all() -> None:
    """Import what commands import, so that each fork finds it."""
    import importlib

    from minecover.cli import MODULES as commands
    from minecover.pipeline import STAGES

    for name in set(commands.values()):
        importlib.import_module(f"minecover.cli.{name}")
    for name in STAGES:
        importlib.import_module(f"minecover.pipeline.stages.{name}")
    for name in ("pipeline.review", "prediction.http", "prediction.maps"):
        importlib.import_module(f"minecover.{name}")


def _drawn(seed: int, n: int, only: int | None) -> list[Case]:
    """Draw commands by their weight."""
    rng = np.random.default_rng(seed)
    names = list(SUBJECTS)
    weights = np.array([SUBJECTS[name][1] for name in names])
    count = n if only is None else only + 1
    drawn = rng.choice(len(names), count, p=weights / weights.sum())
    cases = [Case(number, names[int(at)], seed) for number, at in enumerate(drawn)]
    return cases if only is None else cases[-1:]


def _run_all(
    cases: list[Case], world: Path, runs: Path, options: argparse.Namespace
) -> list[Result]:
    """Run cases, some at a time."""
    waiting, running, results = list(reversed(cases)), dict[int, tuple[Case, float]](), []
    while waiting or running:
        while waiting and len(running) < options.jobs:
            case = waiting.pop()
            if (pid := os.fork()) == 0:
                try:
                    _child(case, world, runs)
                finally:  # an error that no command caught, or one of this script
                    traceback.print_exc()
                    sys.stderr.flush()
                    os._exit(UNCAUGHT)
            running[pid] = case, time.monotonic()
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid in running:
            results.append(_read(running.pop(pid)[0], runs, status))
            if options.keep is None and options.only is None:
                shutil.rmtree(_folder(runs, results[-1].case), ignore_errors=True)
            continue
        for one, (_, begin) in running.items():
            if time.monotonic() - begin > TIMEOUT_S:
                os.kill(one, signal.SIGKILL)
        time.sleep(0.02)
    return results


def _folder(runs: Path, case: Case) -> Path:
    return runs / f"{case.seed}-{case.number}"


def _child(case: Case, world: Path, runs: Path) -> None:
    """Mutate the inputs of a command and run it, in a fork that ends with its exit code."""
    folder = _folder(runs, case)
    shutil.rmtree(folder, ignore_errors=True)
    rng = np.random.default_rng([case.seed, max(case.number, 0)])
    for kind in (
        [None] if case.number < 0 else [KINDS[int(n)] for n in rng.permutation(len(KINDS))]
    ):
        trial = SUBJECTS[case.subject][0](world, folder)
        did = ""
        try:
            if kind is not None:
                role = kind.role(trial, rng)
                did = kind.mutate(trial, role, rng) if role else ""
            if kind is None or role:
                break
        except NotApplicableError:
            pass
        shutil.rmtree(folder)
    about = {
        "kind": kind.name if kind else "good",
        "did": did,
        "expected": kind.expected if kind else SAME,
        "words": trial.words,
        "roles": trial.roles,
        "results": trial.results,
        "before": snapshot(folder),
    }
    (folder / TRIAL).write_text(json.dumps(about))
    run_here(trial)


def _read(case: Case, runs: Path, status: int) -> Result:
    """Read what a process left."""
    folder = _folder(runs, case)
    try:
        about = json.loads((folder / TRIAL).read_text())
    except FileNotFoundError:
        fault = Outcome(UNCAUGHT, "", "", {}, ["this script could not mutate it; see above"])
        return Result(case, "none", "", SAME, fault)
    trial = Trial(folder, about["words"], about["roles"], tuple(about["results"]))
    before = {name: tuple(state) for name, state in about["before"].items()}
    found = outcome(trial, status, before, expected=about["expected"])
    return Result(case, about["kind"], about["did"], about["expected"], found)


def _report(results: list[Result], options: argparse.Namespace) -> int:
    """Print counts by kind, and the faults; return the exit code."""
    _compare(results)
    cases = sorted((r for r in results if r.case.number >= 0), key=lambda r: r.case.number)
    if options.log:
        with options.log.open("a") as log:
            log.writelines(_line(one) + "\n" for one in cases)
    if options.only is not None:
        print(_line(cases[0]), cases[0].outcome.stdout, cases[0].outcome.stderr, sep="\n")
    by_kind = defaultdict[str, list[Result]](list)
    for one in cases:
        by_kind[one.kind].append(one)
    print(f"{'kind':44} runs  done  refused  faults")
    for name, ones in sorted(by_kind.items()):
        done = sum(one.outcome.code == 0 for one in ones)
        faults = sum(bool(one.outcome.faults) for one in ones)
        print(f"{name:44} {len(ones):4}  {done:4}  {len(ones) - done:7}  {faults:6}")
    faulty = [one for one in results if one.outcome.faults]
    for one in faulty:
        print(f"FAULT {one.title}: {'; '.join(one.outcome.faults)}")
        print("    " + one.outcome.stderr.strip()[-400:].replace("\n", "\n    "))
    print(f"{len(cases)} mutations of {len(by_kind)} kinds, {len(faulty)} with faults")
    return int(bool(faulty))


def _compare(results: list[Result]) -> None:
    """Note where a mutation that changes nothing gave another result than the good inputs."""
    good = {one.case.subject: one.outcome for one in results if one.case.number < 0}
    for one in results:
        is_done = one.expected == SAME and one.outcome.code == 0
        if is_done and not same(one.outcome, good[one.case.subject]):
            one.outcome.faults.append("another result than that of the good inputs")


def _line(one: Result) -> str:
    found = one.outcome
    return json.dumps(
        {
            "seed": one.case.seed, "number": one.case.number, "subject": one.case.subject,
            "kind": one.kind, "did": one.did, "expected": one.expected, "code": found.code,
            "faults": found.faults, "stdout": found.stdout[-1500:],
            "stderr": found.stderr[-1500:],
        },
        ensure_ascii=False,
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
