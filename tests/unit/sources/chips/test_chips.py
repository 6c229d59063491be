"""Label sets: which files belong together, their pixels, their masks, and bad input."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from chip_sets import LATTICE, LEFT, chip_set, write_raster

from minecover.core.errors import ConfigError, LabelError, MinecoverError, SceneError, SiteError
from minecover.core.lattice import Lattice
from minecover.core.raster import read_cube, write_cube
from minecover.core.sites import grouped
from minecover.labels.burning import label_cube, labels_of_site
from minecover.sources.chips import Chip, ChipLabels, ChipScenes, ChipSet, ChipSites, ChipTable
from minecover.sources.chips.chip_set import list_chips

NAN = np.nan
#: Two bands of 3 x 3 pixels: digital numbers, 0 where there is no data.
IMAGE = np.array(
    [[[100, 200, 0], [400, 500, 600], [700, 800, 900]], [[1000] * 3] * 3], np.int16
)
MASK = np.array([[[1, 1, 0], [0, 2, 2], [255, 0, 1]]], np.uint8)
NAMES = ("red", "nir08")
TABLE = ChipTable("chips.csv", chip="chip", label="label", group="group", keep={})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two chips beside each other, each with two dates; only `pit` has a mask."""
    for chip, left in (("pit_1", LEFT), ("bar", LEFT + 30)):
        for tag in ("t0", "t1"):
            path = tmp_path / "images" / f"{chip}_{tag}.tif"
            write_raster(path, IMAGE, names=NAMES, left=left, scale=1e-4)
    write_raster(tmp_path / "masks/pit_1.tif", MASK)
    rows = ["chip,label,group,status", "pit_1,1,7,seen", "bar,1,7,unsure"]
    (tmp_path / "chips.csv").write_text("\n".join(rows) + "\n")
    return tmp_path


def scenes(chips: ChipSet, **changed: object) -> ChipScenes:
    fields = {"bands": NAMES, "names": None, "reflectance": None, "nodata": 0}
    return ChipScenes(chips, **{**fields, **changed})  # type: ignore[arg-type]


def test_a_chip_has_its_dates_its_mask_and_its_row(folder: Path) -> None:
    chips = chip_set(folder, table=TABLE).chips()

    assert list(chips) == ["bar", "pit_1"]
    pit, bar = chips["pit_1"], chips["bar"]
    assert list(pit.images) == [date(2018, 1, 1), date(2021, 12, 31)]
    assert pit.mask == folder / "masks/pit_1.tif"
    assert (bar.mask, bar.label, bar.group) == (None, 1, "7")


def test_rows_with_other_values_are_left_out(folder: Path) -> None:
    table = ChipTable("chips.csv", "chip", "label", "group", keep={"status": ["seen"]})

    assert list(chip_set(folder, table=table).chips()) == ["pit_1"]


def test_chips_of_some_values_are_told_apart(folder: Path) -> None:
    table = replace(TABLE, kind="status", apart={"status": ["seen"]})
    chips = chip_set(folder, table=table)
    labels = ChipLabels(chips)()

    sites = ChipSites(chips, LATTICE)(labels)

    # The mask of the chip does not count, and its ground is ignored as a whole.
    assert [(site.site_id, site.chip_label) for site in sites] == [("bar", 1), ("pit_1", -1)]
    assert labels[["site_id", "kind", "name"]].to_numpy().tolist() == [
        ["bar", "ignore", "unsure"],
        ["pit_1", "ignore", "seen"],
    ]


def test_look_alikes_have_the_kind_of_their_chip(folder: Path) -> None:
    labels = ChipLabels(chip_set(folder, table=replace(TABLE, kind="status")))()

    found = labels[labels["site_id"] == "pit_1"].groupby("kind")["name"].unique()

    assert {kind: names.tolist() for kind, names in found.items()} == {
        "ignore": ["seen"],
        "look_alike": ["seen"],
        "mine": [""],
    }


def test_the_pixels_are_those_of_the_files(folder: Path) -> None:
    chips = chip_set(folder, table=TABLE)
    site = {one.site_id: one for one in ChipSites(chips, LATTICE)(ChipLabels(chips)())}["pit_1"]

    cube = scenes(chips).scenes(site)

    assert (cube.is_chip, cube.halo_px, cube.qa_layout) == (True, 0, "none")
    assert cube.dates == (date(2018, 1, 1), date(2021, 12, 31))
    expected = np.where(IMAGE == 0, NAN, IMAGE * 1e-4)
    np.testing.assert_allclose(cube.values(), np.stack([expected, expected]), rtol=1e-6)
    # The northern name of the zone: 10,000,000 m less, and no pixel moved.
    assert cube.grid.crs == "EPSG:32719".replace("327", "326")
    assert cube.grid.bounds == (LEFT, -1_420_000.0, LEFT + 30, -1_419_970.0)


def test_a_file_of_scenes_says_that_they_are_a_chip(folder: Path, tmp_path: Path) -> None:
    chips = chip_set(folder, table=TABLE)
    cube = scenes(chips).scenes(ChipSites(chips, LATTICE)(ChipLabels(chips)())[0])

    for name, is_chip in (("chip", True), ("other", False)):
        write_cube(tmp_path / f"{name}.tif", replace(cube, is_chip=is_chip))

    assert read_cube(tmp_path / "chip.tif").is_chip
    assert not read_cube(tmp_path / "other.tif").is_chip


def test_an_image_without_data_is_no_date(folder: Path) -> None:
    write_raster(folder / "images/pit_1_t0.tif", 0 * IMAGE, names=NAMES, scale=1e-4)
    chips = chip_set(folder, table=TABLE)
    site = ChipSites(chips, LATTICE)(ChipLabels(chips)())[1]

    assert scenes(chips).scenes(site).dates == (date(2021, 12, 31),)


def test_the_outlines_of_a_mask_burn_to_the_mask(folder: Path) -> None:
    chips = chip_set(folder, table=TABLE)
    labels = ChipLabels(chips)()
    sites = {site.site_id: site for site in ChipSites(chips, LATTICE)(labels)}

    planes = {
        name: label_cube(
            labels_of_site(labels, name), site.grid, [date(2018, 1, 1)], ignore_ring_m=0
        )[0][0]
        for name, site in sites.items()
    }

    assert planes["pit_1"].tolist() == [[1, 1, 0], [0, 0, 0], [-1, 0, 1]]
    # Known to hold a mine, and nobody knows where.
    assert (planes["bar"] == -1).all()
    assert [sites[name].chip_label for name in ("bar", "pit_1")] == [1, 1]


def test_without_a_table_the_mask_says_whether_a_chip_holds_a_mine(folder: Path) -> None:
    write_raster(folder / "masks/bar.tif", np.where(MASK == 1, 0, MASK), left=LEFT + 30)
    chips = chip_set(folder)

    sites = grouped(ChipSites(chips, LATTICE)(ChipLabels(chips)()), within_m=0)

    assert [(one.site_id, one.chip_label, one.group) for one in sites] == [
        ("bar", 0, "bar"),
        ("pit_1", 1, "bar"),
    ]


def test_the_layout_of_small_mines(tmp_path: Path) -> None:
    """As SmallMinesDS: thirteen bands, a mask a year, the year in the names."""
    rng = np.random.default_rng(7)
    images = rng.integers(300, 4000, (13, 16, 16)).astype(np.uint16)
    mask = np.zeros((1, 16, 16), np.uint8)
    for number, year, left in (("0007", 2016, 0), ("0007", 2022, 0), ("0012", 2016, 9000)):
        mask[0, :3, :5] = year == 2022
        name = f"{number}_{year}.tif"
        write_raster(tmp_path / "IMAGE" / f"IMG_{name}", images, left=LEFT + left)
        write_raster(tmp_path / "MASK" / f"MASK_{name}", mask, left=LEFT + left)
    chips = chip_set(
        tmp_path,
        images="IMAGE/IMG_{chip}_{date}.tif",
        masks="MASK/MASK_{chip}_{date}.tif",
        days={},
        classes={"mine": [1], "other": [0]},
    )
    names = ["blue", "green", "red", "rededge071", "rededge075", "rededge078", "nir", "nir08",
             "swir16", "swir22", None, None, None]  # fmt: skip
    source = scenes(chips, bands=("red", "swir22"), names=names, reflectance=(1e-4, 0.0))

    labels = ChipLabels(chips)()
    sites = grouped(ChipSites(chips, LATTICE)(labels), within_m=100)
    cubes = [source.scenes(site) for site in sites]

    assert [(one.site_id, one.chip_label, one.group) for one in sites] == [
        ("0007_2016", 0, "0007_2016"),
        ("0007_2022", 1, "0007_2016"),
        ("0012_2016", 0, "0012_2016"),
    ]
    assert [cube.dates for cube in cubes] == [
        (date(2016, 7, 1),),
        (date(2022, 7, 1),),
        (date(2016, 7, 1),),
    ]
    np.testing.assert_allclose(cubes[0].values("swir22")[0, 0], images[9] * 1e-4, rtol=1e-6)
    # Another year of the same ground has a mask of its own.
    burned = [
        label_cube(labels_of_site(labels, one.site_id), one.grid, cube.dates, ignore_ring_m=0)[
            0
        ]
        for one, cube in zip(sites, cubes, strict=True)
    ]
    assert [int(plane.sum()) for plane in burned] == [0, 15, 0]


@pytest.mark.parametrize(
    ("tag", "day"),
    [
        pytest.param("2019-01-25", date(2019, 1, 25), id="day"),
        pytest.param("20190125", date(2019, 1, 25), id="day without dashes"),
        pytest.param("2019", date(2019, 7, 1), id="the middle of a year"),
        pytest.param("before", date(2015, 2, 3), id="a tag that the configuration knows"),
    ],
)
def test_the_day_of_an_image(tmp_path: Path, tag: str, day: date) -> None:
    write_raster(tmp_path / "images" / f"a_{tag}.tif", IMAGE)
    write_raster(tmp_path / "masks/a.tif", MASK)

    chips = chip_set(tmp_path, days={"before": "2015-02-03"}).chips()

    assert list(chips["a"].images) == [day]


def everything(chips: ChipSet) -> None:
    """Read labels, sites and scenes, as the pipeline does."""
    labels = ChipLabels(chips)()
    for site in ChipSites(chips, LATTICE)(labels):
        scenes(chips).scenes(site)


def _of_another_size(folder: Path) -> None:
    write_raster(folder / "masks/pit_1.tif", MASK[:, :2])


def _of_another_zone(folder: Path) -> None:
    write_raster(folder / "masks/pit_1.tif", MASK, crs="EPSG:32718")


def _with_an_unmapped_value(folder: Path) -> None:
    write_raster(folder / "masks/pit_1.tif", np.where(MASK == 2, 9, MASK).astype(np.uint8))


def _with_two_of_one_name(folder: Path) -> None:
    write_raster(folder / "images/pit_1_20180101.tif", IMAGE, names=NAMES, scale=1e-4)


def _without_georeference(folder: Path) -> None:
    write_raster(folder / "images/pit_1_t0.tif", IMAGE, names=NAMES, crs=None)


def _with_a_row_without_image(folder: Path) -> None:
    for path in (folder / "images").glob("bar_*"):
        path.unlink()


def _with_an_image_without_row(folder: Path) -> None:
    write_raster(folder / "images/new_t0.tif", IMAGE, names=NAMES, scale=1e-4)


def _with_a_row_twice(folder: Path) -> None:
    with (folder / "chips.csv").open("a") as table:
        table.write("bar,0,7,seen\n")


def _with_a_label_of_two(folder: Path) -> None:
    path = folder / "chips.csv"
    path.write_text(path.read_text().replace("bar,1", "bar,2"))


def _with_an_unknown_tag(folder: Path) -> None:
    write_raster(folder / "images/bar_later.tif", IMAGE, names=NAMES, scale=1e-4)


def _with_another_date_elsewhere(folder: Path) -> None:
    write_raster(folder / "images/pit_1_t1.tif", IMAGE, names=NAMES, left=LEFT + 10, scale=1e-4)


def _with_a_mask_alone(folder: Path) -> None:
    write_raster(folder / "masks/lost.tif", MASK)


def _without_scale(folder: Path) -> None:
    for path in (folder / "images").glob("*.tif"):
        left = LEFT if "pit" in path.name else LEFT + 30
        write_raster(path, IMAGE, names=NAMES, left=left)


def _without_names(folder: Path) -> None:
    for path in (folder / "images").glob("*.tif"):
        left = LEFT if "pit" in path.name else LEFT + 30
        write_raster(path, IMAGE, left=left, scale=1e-4)


@pytest.mark.parametrize(
    ("spoil", "kind", "message"),
    [
        (
            _of_another_size,
            LabelError,
            r"masks/pit_1.tif must have the pixels of .*found 2 x 3",
        ),
        (_of_another_zone, LabelError, r"masks/pit_1.tif must have the pixels of .*EPSG:32618"),
        (_with_an_unmapped_value, LabelError, r"has the value 9, which source.chips.classes"),
        (_with_two_of_one_name, SceneError, r"are both the chip 'pit_1' on 2018-01-01"),
        (_without_georeference, SceneError, r"pit_1_t0.tif has no coordinate reference system"),
        (_with_a_row_without_image, LabelError, r"chips.csv has rows without an image: bar\."),
        (_with_an_image_without_row, LabelError, r"no row for the images of some chips: new\."),
        (_with_a_row_twice, LabelError, r"has two rows of the chip 'bar'"),
        (_with_a_label_of_two, LabelError, r"must be 1 \(a mine\) or 0, found '2'"),
        (
            _with_an_unknown_tag,
            ConfigError,
            r"bar_later.tif has no day.*source.chips.days.later",
        ),
        (_with_another_date_elsewhere, SceneError, r"pit_1_t1.tif must have the pixels of"),
        (_with_a_mask_alone, LabelError, r"lost.tif is a mask without an image"),
        (_without_scale, SceneError, r"are no reflectance.*Set source.scenes.reflectance"),
        (_without_names, SceneError, r"has no band red, nir08 \(found: one without a name"),
    ],
)
def test_a_spoiled_set_is_refused_in_a_sentence(
    folder: Path, spoil: Callable[[Path], None], kind: type[MinecoverError], message: str
) -> None:
    everything(chip_set(folder, table=TABLE))
    spoil(folder)

    with pytest.raises(kind, match=message):
        everything(chip_set(folder, table=TABLE))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"images": "pictures/{chip}_{date}.tif"}, r"no file of .* is named pictures/"),
        ({"masks": "classes/{chip}.tif"}, r"no file of .* is named classes/"),
        ({"images": "images/image.tif"}, r"must name chips alike"),
        ({"masks": "masks/{chip}_{part}.tif"}, r"source.chips.masks has part in braces"),
        ({"classes": {"mine": [1], "other": [0, 1]}}, r"give each value of the masks one of"),
        ({"classes": {"mines": [1]}}, r"give each value of the masks one of"),
    ],
)
def test_a_pattern_or_class_that_fits_nothing(
    folder: Path, changed: dict[str, object], message: str
) -> None:
    with pytest.raises(MinecoverError, match=message):
        chip_set(folder, table=TABLE, **changed).chips()


def test_pixels_of_another_size_than_the_lattice_are_refused(folder: Path) -> None:
    layout = ChipSites(chip_set(folder, table=TABLE), Lattice("sentinel_2", 20))

    with pytest.raises(SiteError, match=r"has pixels of 10 x 10 m, but lattice.pixel_m=20"):
        layout(ChipLabels(layout.chips)())


def test_a_chip_without_mask_needs_a_label(folder: Path) -> None:
    with pytest.raises(LabelError, match="the chip bar has neither a mask"):
        chip_set(folder).chips()


def test_a_set_may_have_labels_alone(folder: Path) -> None:
    chips = chip_set(folder, table=TABLE, masks=None)

    labels = ChipLabels(chips)()

    assert [(s.site_id, s.chip_label) for s in ChipSites(chips, LATTICE)(labels)] == [
        ("bar", 1),
        ("pit_1", 1),
    ]
    assert set(labels["kind"]) == {"ignore"}
    with pytest.raises(LabelError, match=r"neither a mask \(source\.chips\.masks=null\)"):
        chip_set(folder, masks=None).chips()


def test_values_that_no_row_has_are_said(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    table = replace(TABLE, keep={"status": ["seen", "unsre"]}, apart={"status": ["factory"]})
    chips = chip_set(folder, table=table)

    sites = ChipSites(chips, LATTICE)(ChipLabels(chips)())

    assert [site.site_id for site in sites] == ["pit_1"]
    kept, apart = (record.message for record in caplog.records)
    assert kept.endswith("has unsre as status, which source.chips.table.keep names")
    assert apart.endswith("has factory as status, which source.chips.table.apart names")


def test_a_folder_is_listed_once_for_all_sites(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chips = chip_set(folder, table=TABLE)
    sites = ChipSites(chips, LATTICE)(ChipLabels(chips)())
    listed: list[ChipSet] = []

    def count(one: ChipSet) -> dict[str, Chip]:
        listed.append(one)
        return list_chips(one)

    monkeypatch.setattr("minecover.sources.chips.chip_set.list_chips", count)

    # As worker processes do, each site comes with a source of its own.
    for site in sites:
        scenes(chip_set(folder, table=TABLE)).scenes(site)
    assert len(listed) == 1

    (folder / "images/bar_t1.tif").unlink()
    (bar,) = [site for site in sites if site.site_id == "bar"]
    assert len(scenes(chips).scenes(bar).dates) == 1
