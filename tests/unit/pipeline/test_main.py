"""A stage refuses a configuration that `minecover params --write` would refuse."""

from pathlib import Path

import pytest

from minecover.core import paths
from minecover.core.config import PARAMS, Params, composed, write_params
from minecover.core.errors import ConfigError
from minecover.pipeline.__main__ import check_once, main

CONF = Path("conf").resolve()


@pytest.fixture
def params(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Params:
    """The configuration, in a working directory without its params.yaml."""
    monkeypatch.chdir(tmp_path)
    return composed(conf=CONF)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        pytest.param({"folds": {"n": "two"}}, "folds.n must be a whole number", id="type"),
        pytest.param({"mask": "best"}, "mask must be one of none, ", id="choice"),
        pytest.param({"features": ["colour"]}, "features must be among", id="features"),
    ],
)
@pytest.mark.parametrize("stage", ["labels", "folds"])
def test_the_first_stage_checks_what_dvc_composed(
    params: Params,
    changed: dict[str, object],
    message: str,
    stage: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_params(params.updated(changed))

    assert main([stage]) == 1
    assert capsys.readouterr().err.startswith(f"{stage}: {message}")
    assert not paths.CHECKED.exists()


def test_what_was_checked_is_not_checked_again(params: Params) -> None:
    write_params(params)
    check_once(params)
    wrong = params.updated({"folds": {"n": "two"}})

    check_once(wrong)  # as params.yaml has not changed

    write_params(wrong)
    with pytest.raises(ConfigError, match=r"folds\.n"):
        check_once(wrong)
    assert PARAMS.is_file()
