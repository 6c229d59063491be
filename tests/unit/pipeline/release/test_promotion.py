"""A version becomes champion only if it is shown to lose nothing; a refusal says why."""

import pickle
from collections.abc import Iterator
from pathlib import Path

import pytest
from stores import Build, Checkout, Trap, checkout

from minecover.core.errors import ConfigError, RegistryError
from minecover.pipeline.release.promotion import NoLoss, promote, roll_back
from minecover.tracking import connect
from minecover.tracking.registry import look, resolve

CONF = Path("conf").resolve()
#: In the order of their versions.
BUILDS = (
    Build("1", skill=2.0),
    Build("2", skill=1.2),
    Build("3", skill=2.5, passed=False),
    Build("4", skill=2.5, dirty=True),
    Build("5", skill=2.5),
    Build("6", skill=2.5, fills=False),
    Build("7", skill=2.5),
)
WORSE, LEAKY, DIRTY, TAMPERED, PICKY, BETTER = range(2, 8)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    """The champion and six who would be, in the checkout that commands run in."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        made = checkout(tmp_path_factory.mktemp("shop"), CONF)
        patch.chdir(made.root)
        versions = [made.registered(build) for build in BUILDS]
        assert [v.version for v in versions] == [1, 2, 3, 4, 5, 6, 7]
        folder = resolve(made.tracking, f"models:/minecover/{TAMPERED}").folder
        (folder / "model.pkl").write_bytes(pickle.dumps(Trap(made.root / "mlruns" / "opened")))
        yield made


def decisions(shop: Checkout, version: int) -> list[str]:
    """What was decided on a version, the latest last."""
    tags = look(shop.tracking, f"models:/minecover/{version}").tags
    return [tags[tag] for tag in sorted(tags) if tag.startswith("decision.")]


def champion(shop: Checkout) -> int:
    return look(shop.tracking, "models:/minecover@champion").version


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
            DIRTY, "checkout: it was registered from a checkout with uncom", id="a dirty tree"
        ),
        pytest.param(
            TAMPERED,
            r"model\.pkl is not what was recorded.*It was not opened",
            id="a tampered pickle",
        ),
        pytest.param(
            PICKY, r"the signature does not hold: NaN is refused", id="a model that fears NaN"
        ),
    ],
)
def test_promotion_is_refused_with_its_reason(
    shop: Checkout, version: int, reason: str
) -> None:
    with pytest.raises(RegistryError, match=rf"does not become champion.*{reason}"):
        promote(version, None)

    assert champion(shop) == 1
    assert decisions(shop, version)[-1].startswith("refused: ")
    assert not (shop.root / "mlruns" / "opened").exists()


def test_uncommitted_changes_here_are_refused_too(shop: Checkout) -> None:
    (shop.root / "code.py").write_text("second\n")

    with pytest.raises(RegistryError, match="checkout: this checkout has uncommitted changes"):
        promote(BETTER, None)

    shop.git("checkout", "-q", "code.py")
    assert champion(shop) == 1


def test_all_that_is_wrong_is_said_at_once(shop: Checkout) -> None:
    (shop.root / "new.py").touch()

    with pytest.raises(RegistryError, match=r"checkout: .*; audit: "):
        promote(LEAKY, None)

    (shop.root / "new.py").unlink()


def test_a_better_version_is_promoted_and_rolled_back(shop: Checkout) -> None:
    done, why = promote(None, None)
    ranks = [look(shop.tracking, f"models:/minecover/{n}").alias for n in (1, BETTER)]

    again, _ = promote(BETTER, None)
    back = roll_back("finds roofs")

    assert (done.version, done.alias) == (BETTER, "champion")
    assert "location.average_precision 0." in why
    assert ranks == ["challenger", "champion"]
    assert again.alias == "champion"
    assert (back.version, back.alias) == (1, "champion")
    assert [text.partition(":")[0] for text in decisions(shop, BETTER)[-2:]] == [
        "promoted",
        "rolled back to version 1",
    ]
    assert decisions(shop, 1)[-1] == f"champion again after version {BETTER}: finds roofs"


def test_there_is_nothing_before_the_first_champion(shop: Checkout) -> None:
    assert champion(shop) == 1

    with pytest.raises(RegistryError, match="version 1 of minecover replaced no other"):
        roll_back("no reason")


def test_a_version_can_be_compared_with_another_than_the_champion(shop: Checkout) -> None:
    with pytest.raises(RegistryError, match=f"comparison with version {BETTER}: a loss is"):
        promote(WORSE, BETTER)


def test_a_build_that_was_committed_later_is_noted_as_clean(shop: Checkout) -> None:
    clean = Build("8", skill=2.0)
    dirty = shop.registered(Build("8", skill=2.0, dirty=True))
    (shop.root / "mlruns" / "built" / "8").rename(shop.root / "mlruns" / "built" / "before")

    again = shop.registered(clean)

    assert (again.version, again.created) == (dirty.version, False)
    assert [dirty.tags["git_dirty"], again.tags["git_dirty"]] == ["true", "false"]
    client, _ = connect(shop.tracking)
    assert client.get_run(again.run_id).data.tags["git_dirty"] == "false"


def test_a_version_carries_its_card(shop: Checkout) -> None:
    client, _ = connect(shop.tracking)

    assert client.get_model_version("minecover", "1").description == "# A card\n"


def test_a_negative_loss_is_no_tolerance() -> None:
    with pytest.raises(ConfigError, match=r"promotion\.tolerated lies in 0 \.\.\. 1, found -1"):
        NoLoss("location.f1", tolerated=-1)
