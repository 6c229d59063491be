"""A version becomes champion only if all checks pass; a refusal is recorded with its reason."""

import pickle
from collections.abc import Iterator
from pathlib import Path

import pytest
from stores import Build, FolderMaker, RegistryCheckout, make_registry_checkout

from minecover.core.errors import ConfigError, RegistryError
from minecover.pipeline.release.promotion import NoLoss, promote, roll_back
from minecover.tracking import connect
from minecover.tracking.registry import resolve, version_at

CONF = Path("conf").resolve()
#: In the order of their versions.
BUILDS = (
    Build("1", skill=2.0),
    Build("2", skill=1.2),
    Build("3", skill=2.5, passes_audit=False),
    Build("4", skill=2.5, is_dirty=True),
    Build("5", skill=2.5),
    Build("6", skill=2.5, takes_nan=False),
    Build("7", skill=2.5),
    Build("0", skill=0.1),
    Build("9", skill=2.5),
)
WORSE, LEAKY, DIRTY, TAMPERED, NO_NAN, _, UNSKILLED, BETTER = range(2, 10)


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegistryCheckout]:
    """A champion and six candidates, in a checkout that is the working directory."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        made = make_registry_checkout(tmp_path_factory.mktemp("registry"), CONF)
        patch.chdir(made.root)
        versions = [made.register(build) for build in BUILDS]
        assert [v.version for v in versions] == list(range(1, 10))
        folder = resolve(made.tracking, f"models:/minecover/{TAMPERED}").folder
        (folder / "model.pkl").write_bytes(
            pickle.dumps(FolderMaker(made.root / "mlruns" / "opened"))
        )
        yield made


def decisions(registry: RegistryCheckout, version: int) -> list[str]:
    """Return the decisions about a version, the latest last."""
    tags = version_at(registry.tracking, f"models:/minecover/{version}").tags
    return [tags[tag] for tag in sorted(tags) if tag.startswith("decision.")]


def champion(registry: RegistryCheckout) -> int:
    return version_at(registry.tracking, "models:/minecover@champion").version


@pytest.mark.parametrize(
    ("version", "reason"),
    [
        pytest.param(
            WORSE,
            r"version 1: a loss is possible: location\.average_precision .*"
            r"difference -\d.*promotion\.tolerated",
            id="a worse model",
        ),
        pytest.param(
            LEAKY, "audit: the leakage audit failed in position_only", id="a failed audit"
        ),
        pytest.param(
            DIRTY, r"checkout: no commit records this build\. Commit its dvc", id="a dirty tree"
        ),
        pytest.param(
            TAMPERED,
            r"model\.pkl is not what was recorded.*It was not opened",
            id="a tampered pickle",
        ),
        pytest.param(
            UNSKILLED,
            r"skill: no better than chance: the average precision is 0\.033 \[-0\.067",
            id="a model without skill",
        ),
        pytest.param(
            NO_NAN,
            r"the signature does not hold: NaN is refused",
            id="a model that refuses NaN",
        ),
    ],
)
def test_promotion_is_refused_with_its_reason(
    registry: RegistryCheckout, version: int, reason: str
) -> None:
    with pytest.raises(RegistryError, match=rf"does not become champion.*{reason}"):
        promote(version, None)

    assert champion(registry) == 1
    assert decisions(registry, version)[-1].startswith("refused: ")
    assert not (registry.root / "mlruns" / "opened").exists()


def test_uncommitted_changes_of_this_checkout_are_refused(registry: RegistryCheckout) -> None:
    (registry.root / "code.py").write_text("second\n")

    with pytest.raises(RegistryError, match="checkout: this checkout has uncommitted changes"):
        promote(BETTER, None)

    registry.git("checkout", "-q", "code.py")
    assert champion(registry) == 1


@pytest.mark.parametrize("name", ["params.yaml", "dvc.lock"])
def test_uncommitted_parameters_are_refused(registry: RegistryCheckout, name: str) -> None:
    content = (registry.root / name).read_text()
    (registry.root / name).write_text(f"{content}# edited\n")

    with pytest.raises(RegistryError, match=rf"has uncommitted changes \({name}; on "):
        promote(BETTER, None)

    registry.git("checkout", "-q", name)
    assert champion(registry) == 1


def test_a_refusal_lists_all_failed_checks(registry: RegistryCheckout) -> None:
    (registry.root / "new.py").touch()

    with pytest.raises(RegistryError, match=r"checkout: .*; audit: "):
        promote(LEAKY, None)

    (registry.root / "new.py").unlink()


def test_a_better_version_is_promoted_and_rolled_back(registry: RegistryCheckout) -> None:
    done, why = promote(None, None)
    ranks = [version_at(registry.tracking, f"models:/minecover/{n}").alias for n in (1, BETTER)]

    again, _ = promote(BETTER, None)
    back = roll_back("finds roofs")

    assert (done.version, done.alias) == (BETTER, "champion")
    assert "location.average_precision 0." in why
    assert ranks == ["challenger", "champion"]
    assert again.alias == "champion"
    assert (back.version, back.alias) == (1, "champion")
    assert [text.partition(":")[0] for text in decisions(registry, BETTER)[-2:]] == [
        "promoted",
        "rolled back to version 1",
    ]
    assert decisions(registry, 1)[-1] == f"champion again after version {BETTER}: finds roofs"


def test_the_first_champion_cannot_be_rolled_back(registry: RegistryCheckout) -> None:
    assert champion(registry) == 1

    with pytest.raises(RegistryError, match="version 1 of minecover replaced no other"):
        roll_back("no reason")


def test_a_build_of_other_code_than_is_committed_is_refused(
    registry: RegistryCheckout,
) -> None:
    other = registry.register(Build("a", skill=2.5, code="never committed\n"))

    with pytest.raises(RegistryError, match=r"does not build it: .* other code\.py\. Commit"):
        promote(other.version, None)

    assert champion(registry) == 1


def test_a_version_can_be_compared_with_another_than_the_champion(
    registry: RegistryCheckout,
) -> None:
    with pytest.raises(RegistryError, match=f"comparison with version {BETTER}: a loss is"):
        promote(WORSE, BETTER)


def test_a_build_that_is_committed_later_is_recorded_as_clean(
    registry: RegistryCheckout,
) -> None:
    clean = Build("8", skill=2.0)
    dirty = registry.register(Build("8", skill=2.0, is_dirty=True))
    (registry.root / "mlruns" / "builds" / "8").rename(
        registry.root / "mlruns" / "builds" / "before"
    )

    again = registry.register(clean)

    assert (again.version, again.created) == (dirty.version, False)
    assert [dirty.tags["git_dirty"], again.tags["git_dirty"]] == ["true", "false"]
    client, _ = connect(registry.tracking)
    assert client.get_run(again.run_id).data.tags["git_dirty"] == "false"


def test_a_version_whose_build_is_committed_later_can_be_promoted(
    registry: RegistryCheckout,
) -> None:
    build = Build("b", skill=2.6, is_dirty=True)
    dirty = registry.register(build)
    before = champion(registry)
    registry.write_lock(build)
    registry.git("add", "dvc.lock")
    registry.git("commit", "-qm", "Record the build")

    done, why = promote(dirty.version, None)
    roll_back("end of the test")

    commit = registry.git("rev-parse", "HEAD")
    assert f"built by commit {commit[:10]}" in why
    client, _ = connect(registry.tracking)
    for tags in (done.tags, client.get_run(dirty.run_id).data.tags):
        assert (tags["git_commit"], tags["git_dirty"]) == (commit, "false")
    assert champion(registry) == before


def test_another_tolerance_than_the_committed_one_is_named(registry: RegistryCheckout) -> None:
    path = registry.root / "params.yaml"
    content = path.read_text()
    path.write_text(content.replace("tolerated: 0.0", "tolerated: 0.9"))
    registry.git("commit", "-qam", "Tolerate more")

    done, why = promote(WORSE, None)
    roll_back("end of the test")
    path.write_text(content)
    registry.git("commit", "-qam", "Tolerate nothing again")

    assert done.version == WORSE
    assert "judged by promotion.tolerated=0.9, which is 0.0 in commit" in why
    promoted = [text for text in decisions(registry, WORSE) if text.startswith("promoted")]
    assert "promotion.tolerated=0.9" in promoted[-1]


def test_a_version_has_its_card_as_description(registry: RegistryCheckout) -> None:
    client, _ = connect(registry.tracking)

    assert client.get_model_version("minecover", "1").description == "# A card\n"


def test_a_negative_tolerance_is_refused() -> None:
    with pytest.raises(
        ConfigError, match=r"promotion\.tolerated must lie in 0 \.\.\. 1, found -1"
    ):
        NoLoss("location.f1", tolerated=-1, needs_external=False)
