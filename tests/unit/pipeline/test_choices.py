"""Choices that do not go together are refused when params.yaml is written."""

from pathlib import Path

import pytest

from minecover.core.config import composed
from minecover.core.errors import MinecoverError
from minecover.pipeline.choices import check_choices

CONF = Path("conf").resolve()
PRODUCTS = ("source=product_folder", "source.input=p")
OWN = ("labels=files", "labels.input=mines.gpkg", "sites=centred", "context=none")


@pytest.mark.parametrize(
    "overrides",
    [
        pytest.param([], id="the default"),
        *[[f"experiment={path.stem}"] for path in sorted(CONF.glob("experiment/*.yaml"))],
        pytest.param(["source=stac", *OWN], id="Level 2 of a service"),
        pytest.param([*PRODUCTS, *OWN], id="products"),
        pytest.param(
            [
                "source=sentinel2_folder",
                "source.input=p",
                *OWN,
                "sites.layouts.mines.halo_m=730",
            ],
            id="products of Sentinel-2",
        ),
        pytest.param([*PRODUCTS, "source.level=2", *OWN], id="Level 2 products"),
        pytest.param(
            [
                *PRODUCTS,
                "source.level=2",
                "source.bands=[blue,green,red,nir08,swir16,swir22]",
                "features=[spectral,temporal,neighbourhood]",
                *OWN,
            ],
            id="surface reflectance alone",
        ),
    ],
)
def test_choices_that_go_together_pass(overrides: list[str]) -> None:
    check_choices(composed(overrides, conf=CONF))


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        pytest.param(
            ["source=stac", *OWN, "features=[bands,normalised_rest,warmth_b11]"],
            r"features=\[normalised_rest,warmth_b11\] has 4 columns .*lacks the bands cirrus, "
            r"lwir12, pan \(source\.bands\).*features=\[bands\]",
            id="a band that the source lacks",
        ),
        pytest.param(
            [*PRODUCTS, "source.level=3", *OWN],
            r"source.level must be at most 2, found 3. Fix source\.level\.",
            id="a level that there is not",
        ),
        pytest.param(
            ["context=none", "features=[spectral,context]"],
            r"features=\[context\] has 9 columns .*lacks the layers .* and 4 more "
            r"\(context\.planes\)",
            id="layers that the context lacks",
        ),
        pytest.param(
            ["~context.planes.distance_to_road", "features=[context]"],
            r"lacks the layers distance_to_road \(context\.planes\)",
            id="one layer",
        ),
        pytest.param(
            ["table=[temporal]", "features=[temporal]"],
            r"lacks the planes bsi, bsi_over, .* \(table\)",
            id="a feature set that another is made of",
        ),
        pytest.param(
            ["source.bands=[red]"],
            r"cannot be computed \(ndvi, ndwi, mndwi, ndmi, nbr and \d+ more\)",
            id="five columns are named",
        ),
        pytest.param(
            ["source=stac", *OWN, "mask=strict_plus"],
            "mask=strict_plus needs the band cirrus",
            id="a mask that needs the cirrus band",
        ),
        pytest.param(["mask=cloudy"], "mask must be one of none, poc", id="no such mask"),
        pytest.param(["features=[]"], "features is empty", id="no features"),
        pytest.param(["features=[sar]"], "features must be among", id="no such feature set"),
        pytest.param(["folds.n=1"], "folds.n must be at least 2", id="one fold"),
        pytest.param(
            ["sites.layouts.mines.halo_m=60"],
            r"up to 720 m away, found a halo of 60 m\. Set sites",
            id="a halo that features do not fit in",
        ),
        pytest.param(
            ["mask=strict_plus", "masks.strict_plus.dilate_m=900"],
            "mask=strict_plus uses pixels up to 900 m away",
            id="a halo that the mask does not fit in",
        ),
        pytest.param(
            ["mask=scl"],
            r"mask=scl is made for sentinel_2, found source.platforms=.*Choose mask=strict",
            id="a mask of another satellite",
        ),
        pytest.param(
            ["metrics.bootstrap.replicates=0"],
            "Bootstrap needs replicates >= 1",
            id="what the last stage would find",
        ),
        pytest.param(
            ["labels.input=mines.gpkg"],
            r"labels\.input is mines\.gpkg, .* simulated world\. .*labels=files",
            id="outlines of one's own on simulated ground",
        ),
        pytest.param(
            ["source.input=scenes"],
            r"source\.input is scenes, .* simulated world\. .*source=product_folder",
            id="scenes of one's own on simulated ground",
        ),
        pytest.param(
            ["source.level=2"],
            r"source\.level is 2, .* source=simulated, which are simulated, have 1",
            id="a level that simulated scenes do not have",
        ),
        pytest.param(
            [*PRODUCTS, *OWN, "sites.layouts.mines.size_m=3001"],
            r"sites\.layouts\.mines\.size_m",
            id="a side that is no number of pixels",
        ),
    ],
)
def test_choices_that_do_not_go_together_are_refused(
    overrides: list[str], message: str
) -> None:
    with pytest.raises(MinecoverError, match=message):
        check_choices(composed(overrides, conf=CONF))
