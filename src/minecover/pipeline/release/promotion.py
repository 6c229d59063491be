"""Whether a version may become champion, and why not."""

from __future__ import annotations

import json
import logging
import math
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from minecover.core import paths
from minecover.core.config import Params, load_params
from minecover.core.errors import ConfigError, MinecoverError, ModelError, RegistryError
from minecover.evaluation import Judged, paired
from minecover.pipeline.stages.evaluate import yardstick_of
from minecover.pipeline.sweep.compare import judged
from minecover.tracking import decisions
from minecover.tracking.provenance import git_state
from minecover.tracking.registry import CHALLENGER, CHAMPION, look, resolve
from minecover.tracking.runs import fetched
from minecover.tracking.signature_check import complaints
from minecover.tracking.types import Tracking, Version

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class NoLoss:
    """What a version has to show against the champion.

    Parameters
    ----------
    score : str
        A score of reports/metrics.json, by its dotted name.
    tolerated : float
        The interval of the difference over sites begins at this loss or above it. 0 asks for
        an interval without any loss.
    """

    score: str
    tolerated: float

    def __post_init__(self) -> None:
        """Refuse a negative loss: that would be a gain to ask for."""
        if not 0 <= self.tolerated < 1:
            raise ConfigError(
                f"promotion.tolerated lies in 0 ... 1, found {self.tolerated}. Fix "
                "conf/promotion."
            )

    def check(self, champion: Judged, version: Judged, params: Params) -> str:
        """Compare two models on the same sites; give the finding in words.

        Raises
        ------
        ModelError
            If a loss is possible, or they were not scored on the same ground.
        """
        table = paired(champion, version, yardstick_of(params)).set_index("score")
        if self.score not in table.index:
            raise ModelError(
                f"there is no score {self.score} to compare (there are: "
                f"{', '.join(table.index[:6])}, ...). Fix promotion.score in conf/promotion."
            )
        row = table.loc[self.score]
        low, high = float(row["difference_low"]), float(row["difference_high"])
        found = (
            f"{self.score} {row['b']:.4f} against {row['a']:.4f}, difference "
            f"{row['difference']:+.4f} [{low:+.4f}, {high:+.4f}]"
        )
        if math.isnan(low) or low < -self.tolerated:
            raise ModelError(
                f"a loss is possible: {found}. The interval may begin at {-self.tolerated:g} "
                "(promotion.tolerated) or above it"
            )
        return found


def promote(version: int | None, against: int | None) -> tuple[Version, str]:
    """Make a version champion if all checks pass; either way the version is told why.

    Parameters
    ----------
    version : int or None
        None takes the challenger.
    against : int or None
        The version that it must not be worse than. None takes the champion.

    Returns
    -------
    Version
        As it stands now.
    str
        What the checks found.

    Raises
    ------
    RegistryError
        With every check that failed. The aliases are as they were.
    """
    params = load_params()
    tracking: Tracking = params.build("tracking")
    name = tracking.registered_name
    wanted = look(
        tracking, f"models:/{name}" + (f"/{version}" if version else f"@{CHALLENGER}")
    )
    if wanted.alias == CHAMPION:
        return wanted, "it is champion already"
    rival = look(tracking, f"models:/{name}" + (f"/{against}" if against else f"@{CHAMPION}"))
    found, failed = _checked(
        {
            "bytes and signature": lambda: _signature(tracking, wanted),
            "checkout": lambda: _checkout(wanted),
            "audit": lambda: _audit(tracking, wanted),
            f"comparison with version {rival.version}": lambda: _comparison(
                tracking, params, rival, wanted
            ),
        }
    )
    if failed:
        reasons = "; ".join(failed)
        decisions.refuse(tracking, wanted.version, reasons)
        raise RegistryError(
            f"version {wanted.version} of {name} does not become champion. {reasons}. "
            "The champion stays, and the version carries this decision as a tag."
        )
    reasons = "; ".join(found)
    return decisions.promote(tracking, wanted.version, reasons), reasons


def roll_back(reason: str) -> Version:
    """Make the champion's predecessor champion again, if its bytes are the registered ones."""
    tracking: Tracking = load_params().build("tracking")
    former = decisions.predecessor(tracking)
    resolve(tracking, f"models:/{tracking.registered_name}/{former}")
    return decisions.roll_back(tracking, reason)


def _checked(checks: dict[str, Callable[[], str]]) -> tuple[list[str], list[str]]:
    """Run all checks; give what those that passed found, and what those that failed say."""
    found, failed = [], []
    for name, check in checks.items():
        try:
            found.append(f"{name}: {check()}")
        except MinecoverError as error:
            failed.append(f"{name}: {str(error).rstrip('.')}")
    return found, failed


def _signature(tracking: Tracking, version: Version) -> str:
    """Open the model, if its bytes are the registered ones, and ask it in every form."""
    model = resolve(tracking, f"models:/{version.name}/{version.version}")
    said = complaints(model)
    if said:
        raise ModelError(f"the signature does not hold: {', '.join(said)}")
    return "as registered, and the same answer to every form of rows"


def _checkout(version: Version) -> str:
    """Ask for a commit that has all of the code, of the version's and of these checks."""
    commit = version.tags.get("git_commit", "")
    if version.tags.get("git_dirty") != "false":
        raise ModelError(
            f"it was registered from a checkout with uncommitted changes (on {commit[:10]}). "
            "Commit them and type `make run`: the same build is then noted as clean"
        )
    here = git_state(Path())
    if here.is_dirty:
        raise ModelError(
            f"this checkout has uncommitted changes (on {here.commit[:10]}), so that nobody "
            "could repeat these checks. Commit them, or `git stash` them"
        )
    return f"clean at {commit[:10]}"


def _audit(tracking: Tracking, version: Version) -> str:
    """Read the audit of the version's own build."""
    with tempfile.TemporaryDirectory() as folder:
        path = fetched(tracking, version.run_id, paths.LEAKAGE.name, Path(folder))
        audit = json.loads(path.read_text(encoding="utf-8"))
    if not audit["passed"]:
        raise ModelError(
            f"the leakage audit failed in {', '.join(audit['failed'])}. Look at "
            "sites.group_within_m and at reports/leakage.json, and build again"
        )
    return "passed"


def _comparison(tracking: Tracking, params: Params, rival: Version, version: Version) -> str:
    """Compare a version with its rival, by the rule and the yardstick of this checkout."""
    rule: NoLoss = params.build("promotion")
    (_, champion), (_, challenger) = (judged(tracking, one.run_id) for one in (rival, version))
    return rule.check(champion, challenger, params)
