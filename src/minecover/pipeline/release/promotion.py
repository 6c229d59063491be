"""Check whether a version may become champion, and promote it or record why not."""

from __future__ import annotations

import json
import logging
import math
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from minecover.core import paths
from minecover.core.config import Params, load_params
from minecover.core.errors import (
    ConfigError,
    MinecoverError,
    ModelError,
    RegistryError,
    first_names,
)
from minecover.evaluation import ScoredModel, find_no_skill, paired_differences
from minecover.pipeline.release.commits import committed_value, recorded_in
from minecover.pipeline.release.external import check_external
from minecover.pipeline.release.trace import Origin, origin_of
from minecover.pipeline.run_scores import scored_run
from minecover.pipeline.stages.evaluate import evaluation_settings
from minecover.tracking import decisions
from minecover.tracking.provenance import digest_of, git_state
from minecover.tracking.registry import CHALLENGER, CHAMPION, resolve, version_at
from minecover.tracking.runs import download_artifact
from minecover.tracking.signature_check import signature_problems
from minecover.tracking.types import Tracking, Version

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class NoLoss:
    """The rule for promotion: the version must not score lower than the champion.

    Parameters
    ----------
    score : str
        Dotted name of a score in reports/metrics.json.
    tolerated : float
        The largest tolerated loss, in 0 ... 1: the lower end of the bootstrap interval over
        sites, of the version's score minus the champion's, must not lie below minus this. 0
        tolerates no loss.
    needs_external : bool
        Whether the version must have been tried on ground that it never saw, with more skill
        there than chance; see `minecover evaluate`.

    Raises
    ------
    ConfigError
        If `tolerated` lies elsewhere.
    """

    score: str
    tolerated: float
    needs_external: bool

    def __post_init__(self) -> None:
        """Refuse a negative loss, which would require a gain."""
        if not 0 <= self.tolerated < 1:
            raise ConfigError(
                f"promotion.tolerated must lie in 0 ... 1, found {self.tolerated}. Fix it in "
                "conf/config.yaml."
            )

    def check(self, champion: ScoredModel, version: ScoredModel, params: Params) -> str:
        """Compare a version with the champion on the same sites.

        Parameters
        ----------
        champion, version : ScoredModel
            Both scored out of fold on the same locations.
        params : Params
            Of it, `metrics` holds the bootstrap and the rule for objects.

        Returns
        -------
        str
            Both scores, and their difference with its interval.

        Raises
        ------
        ModelError
            If the loss may be larger than tolerated, if there is no such score, or if the
            two were not scored on the same locations.
        """
        table = paired_differences(champion, version, evaluation_settings(params)).set_index(
            "score"
        )
        if self.score not in table.index:
            raise ModelError(
                f"there is no score {self.score} to compare (there are: "
                f"{', '.join(table.index[:6])}, ...). Fix promotion.score in conf/config.yaml."
            )
        row = table.loc[self.score]
        low, high = float(row["difference_low"]), float(row["difference_high"])
        found = (
            f"{self.score} {row['b']:.4f} against {row['a']:.4f}, difference "
            f"{row['difference']:+.4f} [{low:+.4f}, {high:+.4f}]"
        )
        if math.isnan(low) or low < -self.tolerated:
            raise ModelError(
                f"a loss is possible: {found}. The interval must not begin below "
                f"{-self.tolerated:g} (promotion.tolerated)"
            )
        return found


def promote(version: int | None, against: int | None) -> tuple[Version, str]:
    """Make a version champion if all checks pass, and record the decision on it.

    Parameters
    ----------
    version : int or None
        Number of the version. None takes the challenger.
    against : int or None
        Number of the version to compare with. None takes the champion.

    Returns
    -------
    version : Version
        The version after the decision.
    reasons : str
        What the checks found.

    Raises
    ------
    RegistryError
        If a check failed: the message lists all that did, and no alias has moved.
    """
    params = load_params()
    tracking: Tracking = params.build("tracking")
    name = tracking.registered_name
    candidate = version_at(
        tracking, f"models:/{name}" + (f"/{version}" if version else f"@{CHALLENGER}")
    )
    if candidate.alias == CHAMPION:
        return candidate, "it is champion already"
    rival = version_at(
        tracking, f"models:/{name}" + (f"/{against}" if against else f"@{CHAMPION}")
    )
    source = origin_of(tracking, candidate)
    found, failed = _run_checks(
        {
            "bytes and signature": lambda: _check_signature(tracking, candidate),
            "checkout": lambda: _check_commit(tracking, candidate, source),
            "audit": lambda: _check_audit(tracking, candidate),
            "skill": lambda: _check_skill(tracking, candidate),
            "other ground": lambda: check_external(candidate, params),
            f"comparison with version {rival.version}": lambda: _compare(
                tracking, params, rival, candidate
            ),
        }
    )
    note = _name_other_rule(params, source)
    if failed:
        reasons = "; ".join([*failed, *note])
        decisions.refuse(tracking, candidate.version, reasons)
        raise RegistryError(
            f"version {candidate.version} of {name} does not become champion. {reasons}. "
            "The champion stays, and the version has this decision as a tag."
        )
    reasons = "; ".join([*found, *note])
    return decisions.promote(tracking, candidate.version, reasons), reasons


def roll_back(reason: str) -> Version:
    """Make the champion's predecessor champion again, if its bytes are the registered ones.

    Parameters
    ----------
    reason : str
        Recorded with the decision on both versions.

    Returns
    -------
    Version
        The champion.

    Raises
    ------
    RegistryError
        If there is no champion, or it replaced no other.
    ModelError
        If a byte of the predecessor is not the registered one.
    """
    tracking: Tracking = load_params().build("tracking")
    former = decisions.predecessor(tracking)
    resolve(tracking, f"models:/{tracking.registered_name}/{former}")
    return decisions.roll_back(tracking, reason)


def _run_checks(checks: dict[str, Callable[[], str]]) -> tuple[list[str], list[str]]:
    """Run all checks; return what the passed ones found, and the errors of the others."""
    found, failed = [], []
    for name, check in checks.items():
        try:
            found.append(f"{name}: {check()}")
        except MinecoverError as error:
            failed.append(f"{name}: {str(error).rstrip('.')}")
    return found, failed


def _check_signature(tracking: Tracking, version: Version) -> str:
    """Check the bytes of the model, then its predictions for every form of input."""
    model = resolve(tracking, f"models:/{version.name}/{version.version}")
    if problems := signature_problems(model):
        raise ModelError(f"the signature does not hold: {', '.join(problems)}")
    return "as registered, and the same predictions for every form of input"


def _check_commit(tracking: Tracking, version: Version, source: Origin) -> str:
    """Check that a commit builds the version, and that these checks come from one as well.

    A version that was registered before its commit is recorded with it.
    """
    here = git_state(Path())
    if here.is_dirty:
        raise ModelError(
            f"this checkout has uncommitted changes ({first_names(here.changed)}; on "
            f"{here.commit[:10]}), so these checks could not be repeated. Commit them, or "
            "`git stash` them"
        )
    if source.commit is None:
        raise ModelError(
            "no commit records this build. Commit its dvc.lock and params.yaml with the code "
            "and conf/ that it was built from"
        )
    commit = source.commit.commit
    if source.commit.differing:
        raise ModelError(
            f"commit {commit[:10]} records this build and does not build it: it was built from "
            f"other {first_names(source.commit.differing)}. Commit what it was built from, or "
            "type `make run` to build what is committed"
        )
    named = recorded_in(version.tags["git_commit"], source.lock)
    if version.tags.get("git_dirty") != "false" or named is None or named.differing:
        decisions.record_commit(tracking, version.version, commit)
    return f"built by commit {commit[:10]}"


def _name_other_rule(params: Params, source: Origin) -> list[str]:
    """Name a rule that is not the one committed with the version."""
    commit = source.commit.commit if source.commit else git_state(Path()).commit
    rules = {key: rule for key, rule in params.value("promotion").items() if key != "_target_"}
    committed = {key: committed_value(commit, f"promotion.{key}") for key in rules}
    return [
        f"judged by promotion.{key}={rules[key]}, which is {committed[key]} in commit "
        f"{commit[:10]}"
        for key in rules
        # Commits of an earlier minecover do not have all keys.
        if digest_of(rules[key] or None) != digest_of(committed[key] or None)
    ]


def _check_audit(tracking: Tracking, version: Version) -> str:
    """Check that the leakage audit of the version's build passed."""
    audit = _read_json(tracking, version, paths.LEAKAGE.name)
    if not audit["passed"]:
        raise ModelError(
            f"the leakage audit failed in {', '.join(audit['failed'])}. Read "
            "reports/leakage.json, widen sites.group_within_m, and build again"
        )
    return "passed"


def _check_skill(tracking: Tracking, version: Version) -> str:
    """Check that the version is better than chance."""
    if no_skill := find_no_skill(_read_json(tracking, version, paths.METRICS.name)):
        raise ModelError(
            f"{no_skill}. Add labels (labels.input) or choose other features, and build again"
        )
    return "better than chance"


def _read_json(tracking: Tracking, version: Version, name: str) -> dict[str, Any]:
    """Read a report that was logged with the run of a version."""
    with tempfile.TemporaryDirectory() as folder:
        path = download_artifact(tracking, version.run_id, name, Path(folder))
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def _compare(tracking: Tracking, params: Params, rival: Version, version: Version) -> str:
    """Compare a version with its rival, by the rule and the metrics of this checkout."""
    rule: NoLoss = params.build("promotion")
    (_, champion), (_, challenger) = (
        scored_run(tracking, one.run_id) for one in (rival, version)
    )
    return rule.check(champion, challenger, params)
