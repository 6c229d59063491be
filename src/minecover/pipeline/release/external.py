"""Check that a version was tried on ground that it never saw, where promotion asks for it."""

from __future__ import annotations

from minecover.core.config import Params
from minecover.core.errors import ModelError
from minecover.evaluation.external import FEWEST_GROUPS
from minecover.pipeline.run_card import number, score_name
from minecover.tracking.external import ExternalEvaluation, external_evaluations
from minecover.tracking.types import Version

#: The scores of which a decision names the first that there is.
NAMED = ("location.average_precision", "site.auc", "look_alike.auc")


def check_external(version: Version, params: Params) -> str:
    """Return how a version did on other ground, and check it where this is asked for.

    Parameters
    ----------
    version : Version
        As the registry describes it.
    params : Params
        Of it, `promotion.needs_external` is read.

    Returns
    -------
    str
        A few words about each ground.

    Raises
    ------
    ModelError
        If an evaluation is needed, and there is none on ground that is known to be new, with
        `FEWEST_GROUPS` groups of sites, and real if the version learned from real ground; or
        the version is no better than chance on one.
    """
    found = [one for one in external_evaluations(version) if one.is_known_new]
    text = "; ".join(map(_in_short, found)) or "not tried"
    if not params.value("promotion.needs_external"):
        return text
    is_real = version.tags.get("is_simulated") == "false"
    enough = [
        one
        for one in found
        if (one.groups is None or one.groups >= FEWEST_GROUPS)
        and not (is_real and one.is_simulated)
    ]
    if not enough:
        raise ModelError(
            f"it was tried on no {'real ' if is_real else ''}ground that is known to be new to "
            f"it, with sites in at least {FEWEST_GROUPS} groups, which "
            "promotion.needs_external asks for. Type "
            "`minecover evaluate --model "
            f"models:/{version.name}/{version.version} --source ... --labels ... --out ...`"
        )
    if useless := [one for one in enough if one.no_skill]:
        raise ModelError(f"on {useless[0].ground} it is {useless[0].no_skill}")
    return text


def _in_short(found: ExternalEvaluation) -> str:
    """Return the first score of an evaluation with its interval."""
    for key in NAMED:
        if key in found.scores:
            value, low, high = (
                float("nan") if one is None else one for one in found.scores[key]
            )
            score = f"{score_name(key)} {number(value)} [{number(low)}, {number(high)}]"
            return f"{score} on {found.ground}"
    return found.ground
