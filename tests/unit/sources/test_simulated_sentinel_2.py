"""Sentinel-2 over the simulated world: the same ground as Landsat's, on finer pixels."""

import itertools
from collections.abc import Sequence
from datetime import date

import numpy as np
import pytest

from minecover.core.config import composed
from minecover.core.cube import Cube
from minecover.core.errors import ConfigError, SiteError
from minecover.core.grid import Grid
from minecover.core.lattice import LANDSAT, Lattice
from minecover.core.layouts import Centred
from minecover.core.quality_bits import QA_LAYOUTS, clear_percent
from minecover.core.raster import burn
from minecover.core.sensors import MSI
from minecover.core.sites import Site
from minecover.features.context import SurfaceValue
from minecover.pipeline.choices import check_choices
from minecover.sources.simulated import (
    SimulatedLabels,
    SimulatedLayer,
    SimulatedScenes,
    SimulatedSurface,
)
from minecover.sources.simulated_sentinel_2 import SimulatedSentinel2
from minecover.sources.simulation.daily_ground import cover_of_day, reflect
from minecover.sources.simulation.finer import (
    Finer,
    averaged,
    finer_ground,
    finer_network,
    mostly,
)
from minecover.sources.simulation.ground import Ground
from minecover.sources.simulation.layout import Plot
from minecover.sources.simulation.overpass import draw_overpass
from minecover.sources.simulation.parameters import Sensor
from minecover.sources.simulation.sentinel_2 import classify
from minecover.sources.simulation.sky import Sky
from minecover.sources.simulation.spectra import MSI_SHARES, Cover
from minecover.sources.simulation.world import World

TEN, TWENTY, THIRTY = (Lattice("sentinel_2", side_m) for side_m in (10.0, 20.0, 30.0))
BANDS = ("red", "nir08", "swir22")
DAY = date(2017, 1, 3)
MORE_DAYS = (date(2016, 11, 4), date(2017, 3, 4))


@pytest.fixture(scope="module")
def world() -> World:
    params = composed(["source=simulated", "world.n_sites=8", "world.n_dates=2"])
    built = params.build("world")
    assert isinstance(built, World)
    return built


@pytest.fixture(scope="module")
def plot(world: World) -> Plot:
    return world.plots()[0]


@pytest.fixture(scope="module")
def fine(world: World, plot: Plot) -> Ground:
    return finer_ground((world.seed, plot.ground_id), Finer(plot.grid), world.ground(plot))


def placed(world: World, site_id: str, lattice: Lattice, halo_px: int = 0) -> Site:
    """Return a site of the world on the pixels of a lattice."""
    left, _, _, top = world.sites()[site_id].bounds
    n = lattice.count(3000.0, "size")
    corner = (lattice.nearest(left), lattice.nearest(top))
    grid = Grid.from_corner("EPSG:32635", *corner, n, n, pixel_m=lattice.pixel_m)
    return Site(site_id, "", grid, halo_px)


def cube_of(world: World, site: Site, lattice: Lattice, bands: Sequence[str] = BANDS) -> Cube:
    return SimulatedSentinel2(world, lattice, bands).scenes(site)


def test_the_finer_grid_holds_whole_pixels_of_every_lattice(plot: Plot) -> None:
    finer = Finer(plot.grid)
    left, bottom, right, top = finer.grid.bounds
    inner = plot.grid.bounds

    assert [edge % 20 for edge in (left, bottom, right, top)] == [0] * 4
    assert [edge % 30 for edge in (left, bottom, right, top)] == [20] * 4
    assert left <= inner[0]
    assert bottom <= inner[1]
    assert right >= inner[2]
    assert top >= inner[3]


def test_a_linear_field_stays_where_it_is(plot: Plot) -> None:
    finer = Finer(plot.grid)
    x_m, y_m = np.meshgrid(*plot.grid.centres())
    fine_x, fine_y = np.meshgrid(*finer.grid.centres())

    found = finer.smooth(2 * x_m - y_m)

    inner = np.s_[12:-12, 12:-12]
    np.testing.assert_allclose(found[inner], (2 * fine_x - fine_y)[inner], atol=1e-5)


@pytest.mark.parametrize("lattice", [TEN, TWENTY, THIRTY], ids=["10 m", "20 m", "30 m"])
def test_scenes_have_the_form_of_level_2a(world: World, lattice: Lattice) -> None:
    site = placed(world, "sim0003", lattice, halo_px=3)
    cube = cube_of(world, site, lattice, MSI.surface)

    assert cube.grid == site.read_grid
    assert cube.qa_layout == "s2"
    assert cube.dn.dtype == np.uint16
    assert cube.bands == MSI.surface
    assert (cube.scale == 1e-4).all()
    assert (cube.offset == -0.1).all()
    assert not QA_LAYOUTS["s2"].raised(cube.qa, "fill").any()
    assert clear_percent(cube.qa).max() <= 100
    assert -0.01 < cube.values().min() < cube.values().max() < 1.2


def test_it_passes_every_five_days(world: World) -> None:
    days = sorted({day for plot in world.plots() for day in world.days(plot, "sentinel_2")})

    gaps = np.diff([day.toordinal() for day in days])
    assert len(days) > 8
    assert set(gaps % 5) == {0}
    assert gaps.min() == 5


def test_bands_of_20_and_60_m_are_repeated_and_those_of_10_m_are_not(world: World) -> None:
    cube = cube_of(world, placed(world, "sim0003", TEN), TEN, MSI.surface)

    def varies(band: str, n: int) -> bool:
        # From the first edge of a coarser pixel on.
        left, _, _, top = cube.grid.bounds
        row, col = (round(to / 10) % n for to in ((top - 20) % 60, (20 - left) % 60))
        plane = cube.dn[0, cube.bands.index(band), row:, col:]
        rows, cols = (length // n * n for length in plane.shape)
        cut = plane[:rows, :cols].reshape(rows // n, n, cols // n, n)
        return bool(np.ptp(cut, axis=(1, 3)).any())

    assert [varies(band, 2) for band in ("blue", "green", "red", "nir")] == [True] * 4
    assert not any(varies(band, 2) for band in ("rededge071", "nir08", "swir16", "swir22"))
    assert [varies("coastal", 6), varies("nir09", 6)] == [False] * 2


def test_pixels_of_30_m_are_the_means_of_those_of_10_m(world: World) -> None:
    coarse = cube_of(world, placed(world, "sim0003", THIRTY), THIRTY)
    fine = cube_of(world, placed(world, "sim0003", TEN), TEN)

    assert fine.grid.bounds == coarse.grid.bounds
    means = averaged(fine.dn.astype(np.float64), 3)
    np.testing.assert_array_equal(coarse.dn, np.rint(means))
    np.testing.assert_array_equal(coarse.qa, fine.qa[:, 1::3, 1::3])


def test_a_halo_adds_pixels_and_changes_none(world: World) -> None:
    bare = cube_of(world, placed(world, "sim0001", TEN), TEN)
    wide = cube_of(world, placed(world, "sim0001", TEN, halo_px=74), TEN)

    np.testing.assert_array_equal(wide.core(wide.dn), bare.dn)
    np.testing.assert_array_equal(wide.core(wide.qa), bare.qa)


def test_overlapping_sites_see_the_same_ground_on_the_same_days(world: World) -> None:
    first = cube_of(world, placed(world, "sim0006", TEN), TEN)
    second = cube_of(world, placed(world, "sim0007", TEN), TEN)
    row, col = first.grid.rowcol(*second.grid.xy(0, 0))

    def part(shift: int) -> slice:
        return slice(max(shift, 0), 300 + min(shift, 0))

    assert first.dates == second.dates
    assert 60 <= abs(row) <= 180
    np.testing.assert_array_equal(
        first.dn[..., part(row), part(col)], second.dn[..., part(-row), part(-col)]
    )


def test_means_of_ten_metre_ground_are_the_ground_of_30_m(
    world: World, plot: Plot, fine: Ground
) -> None:
    """On one day, before atmosphere and sensor: what differs is outlines and own texture."""
    key, ground = (world.seed, plot.ground_id), world.ground(plot)
    sun = world.sun(plot, DAY)
    seen = []
    for one in (ground, fine):
        passed = draw_overpass(world.parameters, key, ground, DAY, sun)
        cover = cover_of_day(passed.rng, one, world.parameters.weather, passed.state.dryness)
        seen.append(reflect(one, cover, passed.state, sun)[[3, 4, 6]])
    coarse, means = seen[0], averaged(seen[1], 3)
    # Squares of 30 m from an edge that Sentinel-2 has, 5 m from Landsat's.
    row, col = Finer(plot.grid).grid.merged(3).rowcol(*plot.grid.xy(0, 0))
    rows, cols = plot.grid.shape
    means = means[:, row : row + rows, col : col + cols]

    error = means - coarse
    assert np.abs(np.median(error, axis=(1, 2))).max() < 0.001
    assert np.abs(error.mean(axis=(1, 2)) / coarse.mean(axis=(1, 2))).max() < 0.01
    assert (error.std(axis=(1, 2)) < 0.3 * coarse.std(axis=(1, 2))).all()
    for mean, before in zip(means, coarse, strict=True):
        assert np.corrcoef(mean.ravel(), before.ravel())[0, 1] > 0.96
    assert not np.array_equal(means, coarse)


def test_both_satellites_see_the_clouds_of_a_day(world: World) -> None:
    shares = []
    for plot, day in itertools.product(world.plots()[:2], (DAY, *MORE_DAYS)):
        key, ground, sun = (
            (world.seed, plot.ground_id),
            world.ground(plot),
            world.sun(plot, day),
        )
        passed = draw_overpass(world.parameters, key, ground, day, sun)
        above = Finer(plot.grid).sky(passed.sky)
        quality = world.expose(plot, ground, day).qa
        none = np.zeros(above.cloud.shape)
        classes, _ = classify(above, none, none, none, world.parameters.sensor)
        if not QA_LAYOUTS["c2"].raised(quality, "fill").any():
            shares.append(
                (
                    QA_LAYOUTS["c2"].raised(quality, "cloud_medium").mean(),
                    np.isin(classes, (8, 9)).mean(),
                )
            )
    theirs, ours = np.array(shares).T

    assert len(shares) >= 5
    assert np.ptp(theirs) > 0.2
    assert np.corrcoef(theirs, ours)[0, 1] > 0.9


@pytest.mark.parametrize("kind", ["mine", "truth"])
def test_mines_lie_on_the_same_ground(world: World, kind: str) -> None:
    tables = [SimulatedLabels(world, lattice)() for lattice in (LANDSAT, TEN)]

    coarse, fine = (
        table[table["kind"] == kind].to_crs("EPSG:32635").union_all() for table in tables
    )

    assert coarse.intersection(fine).area > 0.8 * coarse.union(fine).area
    assert fine.area == pytest.approx(coarse.area, rel=0.03)
    assert len(fine.geoms) > 3


def test_covers_keep_their_area(world: World, plot: Plot, fine: Ground) -> None:
    coarse = world.ground(plot).cover
    inside = coarse.size * 9 / fine.cover.size

    for kind in (Cover.FOREST, Cover.SAVANNA, Cover.CROP, Cover.WETLAND, Cover.BARE):
        before, after = (coarse == kind).sum(), (fine.cover == kind).sum() / 9 * inside
        assert before > 50
        assert after == pytest.approx(before, rel=0.1)
    river = world.network(plot).river
    assert fine.network.river.sum() / 9 * inside == pytest.approx(river.sum(), rel=0.1)


def test_no_finer_mine_lies_in_the_water(fine: Ground) -> None:
    assert fine.is_mine.any()
    for mine in fine.mines:
        assert not (mine.active & (fine.network.shore_px == 0)).any()


@pytest.mark.parametrize("lattice", [TEN, TWENTY, THIRTY], ids=["10 m", "20 m", "30 m"])
@pytest.mark.parametrize("kind", ["mine", "truth"])
def test_rasterised_outlines_equal_their_masks(
    world: World, lattice: Lattice, kind: str
) -> None:
    labels = SimulatedLabels(world, lattice)()
    shapes = labels[labels["kind"] == kind].to_crs("EPSG:32635").geometry
    n = round(lattice.pixel_m / 10)
    for plot in world.plots():
        finer = Finer(plot.grid)
        ground = finer_ground((world.seed, plot.ground_id), finer, world.ground(plot))
        masks = [m.outline if kind == "mine" else m.active for m in ground.mines]
        expected = np.any([mostly(mask, n) for mask in masks], axis=0)

        burnt = burn(shapes, finer.grid.merged(n), all_touched=True)

        assert expected.any()
        np.testing.assert_array_equal(burnt, expected)


@pytest.mark.parametrize("lattice", [TEN, TWENTY, THIRTY], ids=["10 m", "20 m", "30 m"])
def test_points_reproduce_the_sites(world: World, lattice: Lattice) -> None:
    layout = Centred("point", 3000.0, 0.0, 0.0, 7, lattice)

    sites = {site.site_id: site.grid for site in layout(SimulatedLabels(world, lattice)())}

    assert sites == {name: placed(world, name, lattice).grid for name in world.sites()}


def test_rivers_lie_where_the_finer_water_is(world: World, plot: Plot, fine: Ground) -> None:
    water = SimulatedLayer(world, "water")().to_crs(plot.grid.crs)

    wet = burn(water.geometry, Finer(plot.grid).grid, all_touched=False)

    inside = np.s_[20:-20, 20:-20]
    assert fine.network.river[inside][wet[inside]].mean() > 0.9
    assert fine.network.river[inside][~wet[inside]].mean() < 0.02


def test_the_tributary_fills_pixels_that_it_is_wide_enough_for(world: World) -> None:
    plots = world.plots()
    widest = max(plots, key=lambda plot: world.network(plot).half_px[1])
    network = world.network(widest)

    fine = finer_network(Finer(widest.grid), network)

    assert network.tributary.max() == pytest.approx(2 * network.half_px[1])
    assert fine.tributary.max() == 1.0


def test_elevation_is_interpolated_between_pixels(world: World) -> None:
    site = placed(world, "sim0000", TEN)
    plane = SurfaceValue(SimulatedSurface(world, "elevation"))

    height_m = plane(site.grid)
    coarse = plane(world.sites()["sim0000"])

    assert np.isfinite(height_m).all()
    assert np.abs(height_m[1::3, 1::3] - coarse).max() < np.abs(np.diff(coarse)).max()


def drawn_sky(cloud: np.ndarray, shadow: np.ndarray, b9: np.ndarray) -> Sky:
    none = np.zeros(cloud.shape)
    return Sky(cloud, none, none, shadow, none, b9, 10.0)


def test_classes_follow_clouds_and_shadows() -> None:
    shape = (40, 60)
    cloud, shadow, b9, river = (np.zeros(shape) for _ in range(4))
    ndvi = np.full(shape, 0.7)
    cloud[4:20, 4:20] = 0.95
    cloud[4:20, 24:32] = 0.5
    shadow[24:36, 4:20] = 0.8
    b9[24:36, 24:32] = 0.02
    river[:, 36:42] = 1.0
    ndvi[:, 48:] = 0.2
    sensor: Sensor = composed(["source=simulated"]).build("world.parameters.sensor")

    classes, score = classify(
        drawn_sky(cloud, shadow, b9), np.zeros(shape), ndvi, river, sensor
    )

    assert classes.shape == score.shape == (20, 30)
    assert (classes[3:9, 3:9] == 9).all()
    assert (classes[2:10, 12:16] == 8).all()
    assert (classes[12:18, 2:10] == 3).all()
    assert (classes[12:18, 12:16] == 10).all()
    assert (classes[:, 18:21] == 6).all()
    assert (classes[:, 24:] == 5).all()
    assert (classes[:2, :18] == 4).all()
    assert score[5, 5] == pytest.approx(0.05)
    assert score[14, 5] == pytest.approx(0.52)
    assert score[0, 0] == 1.0


def test_cloud_is_brighter_than_clear_ground_in_every_scene(world: World) -> None:
    cube = cube_of(world, placed(world, "sim0000", TEN), TEN)
    cloud = QA_LAYOUTS["s2"].raised(cube.qa, "cloud_high")
    clear = clear_percent(cube.qa) > 90
    assert cloud.any()
    assert clear.any()

    red = cube.values("red")[:, 0]

    assert np.median(red[cloud]) > 2 * np.median(red[clear])


def test_every_surface_band_is_a_mean_of_bands_of_landsat() -> None:
    assert tuple(MSI_SHARES) == MSI.surface
    for shares in MSI_SHARES.values():
        assert sum(shares.values()) == pytest.approx(1.0)


def test_landsat_refuses_the_pixels_of_sentinel_2(world: World) -> None:
    with pytest.raises(SiteError, match="do not lie on the lattice"):
        SimulatedScenes(world).scenes(placed(world, "sim0001", THIRTY))
    params = composed(["source=simulated", "lattice.family=sentinel_2"])
    with pytest.raises(ConfigError, match="source=simulated_sentinel2"):
        params.build("source.scenes")


def test_sentinel_2_refuses_the_pixels_of_landsat(world: World) -> None:
    with pytest.raises(ConfigError, match="lattice.family=sentinel_2"):
        SimulatedSentinel2(world, LANDSAT, BANDS)
    with pytest.raises(SiteError, match="do not lie on the lattice"):
        cube_of(world, Site("sim0001", "", world.sites()["sim0001"], 0), THIRTY)


def test_a_band_that_is_not_of_the_surface_is_refused(world: World) -> None:
    with pytest.raises(ConfigError, match="no surface band cirrus"):
        SimulatedSentinel2(world, TEN, ["red", "cirrus"])


@pytest.mark.parametrize(
    "choice",
    [
        pytest.param((), id="10 m"),
        pytest.param(("lattice.pixel_m=20", "sites.layouts.mines.halo_m=740"), id="20 m"),
        pytest.param(("lattice.pixel_m=30", "sites.layouts.mines.halo_m=720"), id="30 m"),
        pytest.param(("mask=clear_score",), id="mask by Cloud Score+"),
    ],
)
def test_the_experiment_passes_the_checks(choice: Sequence[str]) -> None:
    check_choices(composed(["experiment=sentinel2", *choice]))
