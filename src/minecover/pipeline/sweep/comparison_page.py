"""The HTML page of a comparison: the verdict, the table, and the site that differs most."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from minecover.core.templates import templates_of
from minecover.evaluation import ScoredModel
from minecover.pipeline.run_card import SIMULATED
from minecover.reporting import figures

if TYPE_CHECKING:
    from minecover.pipeline.sweep.compare import Comparison


def comparison_page(found: Comparison) -> str:
    """Return the page of a comparison.

    Parameters
    ----------
    found : Comparison
        The runs, the differences of their scores, and their predictions.

    Returns
    -------
    str
        HTML with its picture inside; it loads nothing.
    """
    template = templates_of("minecover.pipeline.sweep").get_template("compare.html")
    site_id, wrong_a, wrong_b = most_different_site(*found.models)
    first, *others = found.verdict()
    return template.render(
        name=found.name,
        a=found.a,
        b=found.b,
        first=first,
        others=others,
        simulated=SIMULATED.strip("*") if found.is_simulated else "",
        rows=found.rows(found.short),
        elsewhere=found.elsewhere,
        everything=found.rows(list(found.table["score"])),
        site_id=site_id,
        wrong_a=wrong_a,
        wrong_b=wrong_b,
        picture=base64.b64encode(figures.png(_maps(found, site_id))).decode(),
    )


def most_different_site(a: ScoredModel, b: ScoredModel) -> tuple[str, Wrong, Wrong]:
    """Return the site whose numbers of wrong pixels differ most between two models.

    Parameters
    ----------
    a, b : ScoredModel
        Out-of-fold predictions on the same sites.

    Returns
    -------
    site_id : str
        The first such site.
    wrong_a, wrong_b : Wrong
        What each model gets wrong there, at its own threshold.
    """
    of_a, of_b = (wrong_by_site(model) for model in (a, b))
    site_id = max(sorted(of_a), key=lambda name: abs(of_a[name].total - of_b[name].total))
    return site_id, of_a[site_id], of_b[site_id]


@dataclass(frozen=True, slots=True)
class Wrong:
    """The pixels of a site that a model gets wrong at its threshold."""

    missed: int
    false: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.missed + self.false


def wrong_by_site(model: ScoredModel) -> dict[str, Wrong]:
    """Return what a model gets wrong, against the labels, by site id.

    Parameters
    ----------
    model : ScoredModel
        Out-of-fold predictions with thresholds.
    """
    thresholds = model.site_thresholds(model.sites, "location")
    found = {}
    for site, threshold in zip(model.sites, thresholds, strict=True):
        label = site.targets(against_truth=False)
        probability = site.location_probability
        called = probability >= np.float32(threshold)
        is_missed = (label == 1) & ~called & ~np.isnan(probability)
        found[site.site_id] = Wrong(int(is_missed.sum()), int((called & (label == 0)).sum()))
    return found


def _maps(found: Comparison, site_id: str) -> figures.Figure:
    """Draw the maps of both models of a site."""
    of_a, of_b = (
        next(site for site in model.sites if site.site_id == site_id) for model in found.models
    )
    captions = f"a: {found.a.name}", f"b: {found.b.name}"
    planes = (site.location_probability.reshape(site.shape) for site in (of_a, of_b))
    return figures.two_maps(
        dict(zip(captions, planes, strict=True)),
        of_b.targets(against_truth=False).reshape(of_b.shape),
        of_b.targets(against_truth=True).reshape(of_b.shape),
        title=f"Site {site_id}, out of fold",
        simulated=found.is_simulated,
    )
