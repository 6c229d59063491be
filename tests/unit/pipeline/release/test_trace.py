"""A version is traced to a commit that builds it, and a run by the id that a table prints."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from stores import Build, RegistryCheckout, make_registry_checkout

from minecover.core.errors import RegistryError
from minecover.pipeline.release.trace import find_target, lines, to_dict
from minecover.tracking import connect
from minecover.tracking.types import Version

CONF = Path("conf").resolve()
CLEAN, DIRTY = Build("1", skill=2.0), Build("2", skill=2.0, is_dirty=True)
OTHER_CODE = Build("3", skill=2.0, code="never committed\n")


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegistryCheckout]:
    """A build that is committed, one that is not, and one of other code."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        made = make_registry_checkout(tmp_path_factory.mktemp("registry"), CONF)
        patch.chdir(made.root)
        for build in (CLEAN, DIRTY, OTHER_CODE):
            made.register(build)
        yield made


def traced(target: str) -> str:
    return "\n".join(lines(find_target(target)))


def mark_clean(registry: RegistryCheckout, version: int) -> None:
    """Give a version the tag of a clean checkout, as earlier releases did too early."""
    client, _ = connect(registry.tracking)
    client.set_model_version_tag("minecover", str(version), "git_dirty", "false")


def test_a_committed_build_has_its_commit(registry: RegistryCheckout) -> None:
    text = traced("1")

    assert "nothing uncommitted" in text
    assert "recorded in commit" in text
    assert "  git checkout" in text


@pytest.mark.parametrize("version", [2, 3])
def test_what_no_commit_builds_is_never_called_committed(
    registry: RegistryCheckout, version: int
) -> None:
    mark_clean(registry, version)

    text = traced(str(version))

    assert "nothing uncommitted" not in text
    assert "  git checkout" not in text


def test_what_a_commit_lacks_is_named(registry: RegistryCheckout) -> None:
    assert "which does not build it: it was built from other code.py" in traced("3")
    assert to_dict(find_target("3"))["differing"] == ["code.py"]
    assert "recorded in no commit" in traced("2")
    assert to_dict(find_target("2"))["recorded_in"] is None


def version(registry: RegistryCheckout, number: int) -> Version:
    found = find_target(str(number))
    assert not hasattr(found, "status")
    return found.version


def test_the_first_characters_of_a_registered_run_find_its_version(
    registry: RegistryCheckout,
) -> None:
    run_id = version(registry, 1).run_id

    assert f"minecover version 1 (champion)\nrun       {run_id}" in traced(run_id[:8])


def test_a_sweep_stands_for_its_best_run(registry: RegistryCheckout) -> None:
    client, experiment = connect(registry.tracking)
    sweep = client.create_run(experiment, tags={"sweep_id": "feedbeefcafe0123"})
    tags = {"sweep_id": "feedbeefcafe0123", "git_commit": "c" * 40, "git_dirty": "true"}
    jobs = [client.create_run(experiment, tags={**tags, "job_id": name}) for name in "ab"]

    with pytest.raises(
        RegistryError, match="no job of the sweep feedbeefcafe0123 has finished"
    ):
        find_target("feedbeef")
    client.set_tag(sweep.info.run_id, "best_run_id", jobs[1].info.run_id)

    best = jobs[1].info.run_id
    for target in ("feedbeef", sweep.info.run_id[:12], best[:12]):
        text = traced(target)
        assert text.startswith(f"run       {best}")
        assert f"started from commit {'c' * 40}, with uncommitted changes" in text
        assert f"minecover adopt {best[:8]}" in text


@pytest.mark.parametrize(
    ("target", "said"),
    [
        pytest.param("99", "the registry has no models:/minecover/99", id="no version"),
        pytest.param("champoin", "the registry has no models:/minecover@champoin", id="alias"),
        pytest.param("0" * 8, "0 runs and sweeps whose id begins with '00000000'", id="run"),
    ],
)
def test_what_is_not_there_is_said(registry: RegistryCheckout, target: str, said: str) -> None:
    with pytest.raises(RegistryError, match=said):
        find_target(target)


def test_the_commit_that_is_found_builds_it(registry: RegistryCheckout) -> None:
    found = find_target("1")
    assert not hasattr(found, "status")

    assert found.is_committed
    assert not replace(found, commit=None).is_committed
