"""Values of a wrong type or out of range are refused with their key, before anything runs."""

import shutil
from pathlib import Path

import pytest

from minecover.core.config import composed
from minecover.core.errors import ConfigError
from minecover.pipeline.choices import check_choices
from minecover.pipeline.value_checks import FITTED, PLAIN, check_values

CONF = Path("conf").resolve()
OWN = ("labels=files", "labels.input=mines.gpkg", "sites=centred", "context=none")
CHIPS = ("labels=chips", "sites=chips", "source=chips", "source.input=c", "context=none")
NEEDS = {
    "source=product_folder": ("source.input=p", *OWN),
    "source=sentinel2_folder": ("source.input=p", *OWN),
    "source=poc_archive": OWN,
    "source=embeddings_folder": ("source.input=e", *OWN),
    "source=earth_engine": OWN,
    "source=stac": OWN,
    "labels=files": ("labels.input=mines.gpkg",),
    "labels=ipis": ("labels.input=visits.csv",),
    "context=files": ("context.input=layers",),
    **dict.fromkeys(("labels=chips", "sites=chips", "source=chips"), CHIPS),
    "sites=tiled": ("sites.layouts.tiles.area=[28,-2,29,-1]",),
    "sites=background": ("sites.layouts.background.area=area.gpkg",),
}
OPTIONS = [
    f"{path.parent.name}={path.stem}"
    for path in sorted(CONF.glob("*/*.yaml"))
    if path.parent.name not in ("masks", "table", "sweep")
]


@pytest.mark.parametrize("option", OPTIONS)
def test_the_values_of_conf_fit(option: str) -> None:
    check_values(composed(list({option: 0, **dict.fromkeys(NEEDS.get(option, ()))}), conf=CONF))


@pytest.mark.parametrize(
    ("override", "message"),
    [
        pytest.param(
            "model.n_estimators=abc", "must be a whole number, found 'abc'", id="text"
        ),
        pytest.param("model.n_estimators=2.5", "must be a whole number, found 2.5", id="part"),
        pytest.param("model.n_estimators=-3", "must be at least 1, found -3", id="negative"),
        pytest.param("model.learning_rate=0", "must be above 0, found 0", id="zero"),
        pytest.param("metrics.prevalences=[0.1,2]", "must be at most 1", id="in a list"),
        pytest.param("report.tops=[0]", "must be at least 1", id="a list of nothing"),
        pytest.param("network.tries=0", "must be at least 1, found 0", id="no try"),
        pytest.param("sites.layouts.mines.jitter_m=-5", "must be at least 0", id="layout"),
        pytest.param("model.learning_rate=[1]", r"must be a number, found \[1\]", id="list"),
        pytest.param("folds.n=two", "must be a whole number, found 'two'", id="word"),
        pytest.param("folds.n=1", "must be at least 2, found 1", id="one fold"),
        pytest.param("folds.gate=7", "must be true or false, found 7", id="no choice"),
        pytest.param("labels.ignore_ring_m=-3", "must be at least 0, found -3", id="width"),
        pytest.param("seed=true", "must be a whole number, found True", id="truth"),
        pytest.param("design.threshold=1.5", "must be at most 1, found 1.5", id="share"),
        pytest.param("source.max_failed_fraction=2", "must be at most 1", id="fraction"),
        pytest.param("features=bands", "must be a list of texts, found 'bands'", id="one"),
        pytest.param(
            "metrics.bootstrap.replicates=many", "must be a whole number", id="inner object"
        ),
        pytest.param("world.parameters.land.relief_min_m=low", "must be a number", id="deep"),
        pytest.param(
            "sites.layouts.mines.size_m=wide", "must be a number, found 'wide'", id="layout"
        ),
        pytest.param("masks.strict.rejects=cloud", "must be a list of texts", id="flags"),
    ],
)
def test_a_wrong_value_is_refused_with_its_key(override: str, message: str) -> None:
    key = override.partition("=")[0]

    with pytest.raises(ConfigError, match=message) as caught:
        check_choices(composed([override], conf=CONF))

    assert str(caught.value).startswith(key)
    assert str(caught.value).endswith(f"Fix {key}.")


def test_the_keys_with_ranges_exist() -> None:
    params = composed(conf=CONF)

    assert [key for key in PLAIN if params.value(key) is ...] == []
    families = [composed([f"model={name}"], conf=CONF).value("model")
                for name in ("forest", "boosted", "histogram", "linear")]  # fmt: skip
    assert set(FITTED) <= {name for family in families for name in family}


def test_an_option_that_holds_no_object_is_refused(tmp_path: Path) -> None:
    """YAML reads an error page of a server as one text."""
    shutil.copytree(CONF, tmp_path / "conf")
    page = "<!DOCTYPE html>\n<html><body>403 Forbidden</body></html>\n"
    (tmp_path / "conf/model/boosted.yaml").write_text(page)

    with pytest.raises(ConfigError, match=r"^model must be an object.* conf/model damaged"):
        check_values(composed(["model=boosted"], conf=tmp_path / "conf"))
