"""External evaluations in the registry: runs, tags of versions, comparison, promotion."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from stores import Build, RegistryCheckout, make_registry_checkout, out_of_fold

from minecover.core.config import Params, load_params
from minecover.core.errors import ModelError
from minecover.evaluation import ScoredModel, labels_digest, report_scores, site_predictions
from minecover.evaluation.aggregation import Mean
from minecover.evaluation.external import ExternalSite, external_estimates, external_model
from minecover.pipeline.external.logged import log_external
from minecover.pipeline.release.external import check_external
from minecover.pipeline.stages.evaluate import evaluation_settings
from minecover.pipeline.sweep.elsewhere import elsewhere
from minecover.tracking.external import external_evaluations, version_of_model
from minecover.tracking.record import EXTERNAL
from minecover.tracking.registry import version_at
from minecover.tracking.runs import RunSummary, all_runs, find_run

CONF = Path(__file__).parents[4] / "conf"
CHAMPION, BETTER, UNTRIED = 1, 2, 3


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegistryCheckout]:
    """Three versions, of which two were tried on the same ground."""
    root = tmp_path_factory.mktemp("registry")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        checkout = make_registry_checkout(root, CONF)
        for lock, skill in (("1", 3.0), ("2", 4.0), ("3", 3.5)):
            checkout.register(Build(lock, skill))
        log(checkout, CHAMPION, skill=2.0)
        log(checkout, BETTER, skill=4.0)
        yield checkout


def scored(skill: float) -> ScoredModel:
    """A model with more or less skill on two dozen sites."""
    sites = [replace(site_predictions(one, Mean()), fold=0) for one in out_of_fold(skill)]
    return external_model(sites, 0.5, "highest_10_percent")


def log(
    checkout: RegistryCheckout, version: int, *, skill: float, **changed: Any
) -> dict[str, Any] | None:
    """Log how a version did."""
    params, model = load_params(), scored(skill)
    sites = [ExternalSite(one, np.ones(one.shape, bool).ravel(), 1) for one in model.sites]
    settings = evaluation_settings(params)
    estimates = external_estimates(model, sites, settings)
    found = version_at(checkout.tracking, f"models:/minecover/{version}")
    content: dict[str, Any] = {
        "model": {
            "name": "minecover",
            "sha256": found.tags["sha256"],
            "uri": f"models:/minecover/{version}",
        },
        "ground": {
            "title": "a far country",
            "asked": "--source far",
            "source": "far",
            "is_simulated": True,
            "remark": "",
            "sites": len(sites),
            "groups": len(sites),
            "digest": labels_digest(model),
        },
        "overlap": {"is_known": True, "dropped": []},
        "no_skill": "",
        "unknown": [],
        "scores": report_scores(model, estimates, settings),
    }
    content |= changed
    path = checkout.root / "mlruns" / "evaluation.json"
    path.write_text(json.dumps(content))
    return log_external(content, params, model, estimates, [path])


def run_of(checkout: RegistryCheckout, version: int) -> RunSummary:
    found = version_at(checkout.tracking, f"models:/minecover/{version}")
    return find_run(checkout.tracking, found.run_id)


def asked(*, needs_external: bool) -> Params:
    return load_params().updated({"promotion": {"needs_external": needs_external}})


def test_the_version_keeps_how_it_did(registry: RegistryCheckout) -> None:
    found = external_evaluations(version_at(registry.tracking, "models:/minecover/2"))

    (one,) = found
    assert one.ground == "a far country, 24 sites"
    value, low, high = one.scores["location.average_precision"]
    assert value is not None
    assert low is not None
    assert high is not None
    assert low < value < high


def test_the_run_names_the_version_and_the_bytes(registry: RegistryCheckout) -> None:
    version = version_at(registry.tracking, "models:/minecover/2")
    runs = [run for run in all_runs(registry.tracking) if run.tags["kind"] == EXTERNAL]

    (run,) = [run for run in runs if run.tags["model_version"] == "2"]

    assert run.name == "minecover 2 on a far country"
    assert run.tags["model_sha256"] == version.tags["sha256"]
    assert run.metrics["applicable.share"] == 1.0
    assert run.metrics["AP"] > 0.5


def test_the_path_of_a_pickle_is_the_last_version_with_its_bytes(
    registry: RegistryCheckout,
) -> None:
    sha256 = version_at(registry.tracking, "models:/minecover/1").tags["sha256"]

    found = version_of_model(registry.tracking, "models/model.pkl", "minecover", sha256)

    assert found is not None
    assert found.version == UNTRIED


def test_a_model_that_is_not_registered_is_not_logged(
    registry: RegistryCheckout, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    model = {"name": "minecover", "sha256": "0" * 64, "uri": "model.pkl"}

    assert log(registry, CHAMPION, skill=2.0, model=model) is None
    assert "no version of minecover has the bytes of model.pkl" in caplog.text


def test_two_versions_are_compared_on_the_same_draws(registry: RegistryCheckout) -> None:
    a, b = (
        find_run(
            registry.tracking, version_at(registry.tracking, f"models:/minecover/{n}").run_id
        )
        for n in (CHAMPION, BETTER)
    )

    (found,) = elsewhere(registry.tracking, a, b, load_params())

    rows = {name: cells for name, *cells in found.rows()}
    of_a, of_b, difference = rows["average precision"]
    assert float(of_a) < float(of_b)
    assert difference.startswith("+0.")
    low = float(difference.partition("[")[2].partition(",")[0])
    assert low > 0
    assert found.lines()[0] == "On a far country, 24 sites, where neither was trained:"
    assert "| average precision |" in found.markdown()


def test_a_version_that_was_not_tried_has_dashes(registry: RegistryCheckout) -> None:
    a, b = (
        find_run(
            registry.tracking, version_at(registry.tracking, f"models:/minecover/{n}").run_id
        )
        for n in (UNTRIED, BETTER)
    )

    (found,) = elsewhere(registry.tracking, a, b, load_params())

    assert found.table is None
    assert {cells[1] for cells in found.rows()} == {"–"}
    assert {cells[3] for cells in found.rows()} == {"–"}


def test_promotion_asks_for_other_ground_where_it_is_told_to(
    registry: RegistryCheckout,
) -> None:
    tried, untried = (
        version_at(registry.tracking, f"models:/minecover/{n}") for n in (BETTER, UNTRIED)
    )

    assert "average precision 0." in check_external(tried, asked(needs_external=True))
    assert check_external(untried, asked(needs_external=False)) == "not tried"
    with pytest.raises(
        ModelError, match=r"promotion\.needs_external.*--model models:/minecover/3 --source"
    ):
        check_external(untried, asked(needs_external=True))


def test_a_version_without_skill_there_is_refused(registry: RegistryCheckout) -> None:
    version = version_at(registry.tracking, "models:/minecover/2")
    (tag,) = [name for name in version.tags if name.startswith("external.")]
    useless = {**json.loads(version.tags[tag]), "no_skill": "no better than chance: 0.1"}
    changed = replace(version, tags={**version.tags, tag: json.dumps(useless)})

    with pytest.raises(ModelError, match="on a far country, 24 sites it is no better"):
        check_external(changed, asked(needs_external=True))
    assert check_external(changed, asked(needs_external=False))


def test_ground_that_may_have_been_trained_on_does_not_count(
    registry: RegistryCheckout,
) -> None:
    version = version_at(registry.tracking, "models:/minecover/2")
    (tag,) = [name for name in version.tags if name.startswith("external.")]
    unsure = {**json.loads(version.tags[tag]), "is_known_new": False}
    changed = replace(version, tags={**version.tags, tag: json.dumps(unsure)})

    with pytest.raises(ModelError, match="on no ground that is known to be new"):
        check_external(changed, asked(needs_external=True))


def test_ground_with_too_few_groups_does_not_count(registry: RegistryCheckout) -> None:
    version = version_at(registry.tracking, "models:/minecover/2")
    (tag,) = [name for name in version.tags if name.startswith("external.")]
    few = {**json.loads(version.tags[tag]), "groups": 4}
    changed = replace(version, tags={**version.tags, tag: json.dumps(few)})

    with pytest.raises(ModelError, match="with sites in at least 5 groups"):
        check_external(changed, asked(needs_external=True))
    assert "average precision 0." in check_external(changed, asked(needs_external=False))


def test_no_skill_on_too_few_groups_refuses_no_version(registry: RegistryCheckout) -> None:
    version = version_at(registry.tracking, "models:/minecover/2")
    (tag,) = [name for name in version.tags if name.startswith("external.")]
    few = {**json.loads(version.tags[tag]), "groups": 4, "no_skill": "no better than chance"}
    both = replace(version, tags={**version.tags, "external.few": json.dumps(few)})

    assert check_external(both, asked(needs_external=True))


def test_simulated_ground_says_nothing_about_a_model_of_real_ground(
    registry: RegistryCheckout,
) -> None:
    version = version_at(registry.tracking, "models:/minecover/2")
    of_real_ground = replace(version, tags={**version.tags, "is_simulated": "false"})

    with pytest.raises(ModelError, match="on no real ground that is known to be new"):
        check_external(of_real_ground, asked(needs_external=True))
    (tag,) = [name for name in version.tags if name.startswith("external.")]
    real = {**json.loads(version.tags[tag]), "is_simulated": False}
    tried = replace(of_real_ground, tags={**of_real_ground.tags, tag: json.dumps(real)})
    assert check_external(tried, asked(needs_external=True))
