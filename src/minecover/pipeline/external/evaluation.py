"""Try a finished model on ground that it never saw: score it, write a page, log it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from minecover.core.config import Params
from minecover.core.files import check_space, write_json, write_text
from minecover.evaluation import Report, ScoredModel, labels_digest, report_scores
from minecover.evaluation.estimates import Estimates
from minecover.evaluation.external import (
    ExternalSite,
    external_estimates,
    external_model,
    external_skill,
    external_unknown,
    few_groups,
)
from minecover.evaluation.pooling import CHIP_POOLING
from minecover.learning.model_card import ModelCard
from minecover.pipeline.external.asked import Asked
from minecover.pipeline.external.logged import log_external
from minecover.pipeline.external.other_ground import Ground, lay_out_ground
from minecover.pipeline.external.scoring import score_sites
from minecover.pipeline.stages.evaluate import evaluation_settings
from minecover.prediction.bundle import ModelBundle
from minecover.prediction.detector import check_bands
from minecover.prediction.other_sensors import for_platforms
from minecover.reporting.external_page import external_page

log = logging.getLogger(__name__)

#: Names of the files that are written.
JSON, PAGE = "evaluation.json", "evaluation.html"


@dataclass(frozen=True, slots=True, eq=False)
class Evaluated:
    """What came out.

    Parameters
    ----------
    content : mapping
        Content of evaluation.json.
    files : tuple of Path
        The JSON file and the page.
    """

    content: dict[str, Any]
    files: tuple[Path, Path]


def evaluate(
    model: str, asked: Asked, out: Path, *, is_masked: bool, drop_overlap: bool
) -> Evaluated:
    """Score a model on other ground; write evaluation.json and evaluation.html, and log them.

    Parameters
    ----------
    model : str
        See `minecover.prediction.bundle.ModelBundle.find`.
    asked : Asked
        The ground.
    out : Path
        Folder of the files.
    is_masked : bool
        See `minecover.prediction.bundle.ModelBundle.find`.
    drop_overlap : bool
        See `minecover.pipeline.external.other_ground.lay_out_ground`.

    Returns
    -------
    Evaluated

    Raises
    ------
    MinecoverError
        If the ground is not new to the model, has no labels, bands or pixels that the model
        takes, or gives no score.
    OSError
        If the files cannot be written.
    """
    bundle = ModelBundle.find(model, is_masked=is_masked)
    params = asked.compose(bundle.card)
    check_bands(bundle.card.bands, params.value("source.bands"))
    ground = lay_out_ground(params, bundle.card, drop_overlap=drop_overlap)
    usable = for_platforms(bundle, params.value("source.platforms"))
    # Scoring takes minutes: a folder that cannot be written to is found before.
    out.mkdir(parents=True, exist_ok=True)
    check_space(out / JSON)
    sites, left_out = score_sites(usable, params, ground)
    scored = external_model(
        [site.predictions for site in sites],
        float(bundle.card.value("threshold")),
        pooling_of(bundle.card),
    )
    settings = evaluation_settings(params)
    estimates = external_estimates(scored, sites, settings)
    scores = _of_locations(report_scores(scored, estimates, settings))
    content: dict[str, Any] = {
        "model": _model(model, bundle.card),
        "ground": _ground(params, ground, scores, scored, sites, asked),
        "overlap": {"is_known": ground.is_known_new, "dropped": list(ground.dropped)},
        "no_skill": external_skill(scores),
        "unknown": external_unknown(scores),
        "warnings": [*_warnings(bundle.card, params), *few_groups(_n_groups(sites))],
        "level": settings.bootstrap.level,
        "scores": scores,
        "left_out": left_out,
    }
    files = (out / JSON, out / PAGE)
    return Evaluated(_finished(content, estimates, params, scored, files), files)


def pooling_of(card: ModelCard) -> str:
    """Return how a model makes one score of a site's probabilities, by its card."""
    return str(card.content.get("pooling", CHIP_POOLING))


def _finished(
    content: dict[str, Any],
    estimates: Estimates,
    params: Params,
    scored: ScoredModel,
    files: tuple[Path, Path],
) -> dict[str, Any]:
    """Write the files, log them, and write into them which run that is."""
    write_json(files[0], content)
    write_text(files[1], external_page(content))
    run = log_external(content, params, scored, estimates, files)
    content = {**content, "run": run}
    write_json(files[0], content)
    return content


def _model(model: str, card: ModelCard) -> dict[str, Any]:
    """Describe the model."""
    return {
        "uri": model,
        "title": model.removeprefix("models:/") if model.startswith("models:") else model,
        "name": card.value("name"),
        "sha256": card.sha256,
        "source": card.value("source"),
        "platforms": list(card.platforms),
        "level": card.level,
        "pixel_m": card.lattice.pixel_m,
        "threshold": card.value("threshold"),
        "pooling": pooling_of(card),
    }


def _ground(
    params: Params,
    ground: Ground,
    scores: Report,
    scored: ScoredModel,
    sites: list[ExternalSite],
    asked: Asked,
) -> dict[str, Any]:
    """Describe the ground."""
    counts = scores["count"]
    assert isinstance(counts, dict)
    return {
        "title": _title(str(params.value("source.name")), ground.name),
        "source": params.value("source.name"),
        "name": ground.name,
        "is_simulated": bool(params.value("source.is_simulated")),
        "remark": params.value("labels.remark") or "",
        "platforms": list(params.value("source.platforms")),
        "level": params.value("source.level"),
        "sites": len(sites),
        "groups": _n_groups(sites),
        "mine_sites": counts["mine_sites"],
        "other_sites": counts["other_sites"],
        "dates": [min(one.n_dates for one in sites), max(one.n_dates for one in sites)],
        "digest": labels_digest(scored),
        "asked": asked.text(),
    }


def _n_groups(sites: list[ExternalSite]) -> int:
    """Return the number of groups of sites, which intervals are drawn over."""
    return len({one.predictions.group or one.predictions.site_id for one in sites})


def _title(source: str, ground: str) -> str:
    """Return the ground in words; the built-in simulation says its name once."""
    return ground if ground.startswith(source) else f"{source}, {ground}"


def _warnings(card: ModelCard, params: Params) -> list[str]:
    """Return what makes the scenes of the ground unlike those of training."""
    found = []
    other = [one for one in params.value("source.platforms") if one not in card.platforms]
    if other and len(other) == len(params.value("source.platforms")):
        found.append(
            f"The model was trained on {', '.join(card.platforms)}, and these scenes are of "
            f"{', '.join(other)}, whose bands differ a little."
        )
    level = int(params.value("source.level"))
    if level != card.level:
        found.append(
            f"The model was trained on scenes of level {card.level}, and these are of level "
            f"{level}: reflectance at the top of the atmosphere and at the surface differ."
        )
    return found


def _of_locations(report: Report) -> Report:
    """Leave out what describes single dates, which a finished model is not scored on."""
    found: Report = {}
    for name, node in report.items():
        if name in ("observation", "observations"):
            continue
        found[name] = _of_locations(node) if isinstance(node, dict) else node
    return found
