"""Settings of the U-Net, and what is said where its packages are missing: no jax is needed."""

import sys
from dataclasses import fields

import pytest
from drawn_models import SMALL_UNET as SMALL

from minecover.core.errors import ConfigError
from minecover.learning import unet
from minecover.learning.unet import UNet
from minecover.learning.unet.segmentation import import_network


def test_without_jax_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "minecover.learning.unet.network", raising=False)
    monkeypatch.delattr(unet, "network", raising=False)
    monkeypatch.setitem(sys.modules, "jax", None)

    with pytest.raises(ConfigError, match=r"pip install 'minecover\[unet\]'"):
        import_network()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        pytest.param({"side_px": 13}, "divides by 2", id="a window that cannot be halved"),
        pytest.param({"inner_folds": 1}, "inner_folds >= 2", id="no inner fold to stop on"),
        pytest.param({"members": 3}, "members <= inner_folds", id="a member without a fold"),
    ],
)
def test_settings_that_cannot_work_are_refused(wrong: dict[str, int], message: str) -> None:
    settings = {one.name: getattr(SMALL, one.name) for one in fields(UNet)}

    with pytest.raises(ConfigError, match=message):
        UNet(**{**settings, **wrong})
