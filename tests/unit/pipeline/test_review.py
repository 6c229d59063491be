"""Verdicts are imported only where they belong: on the ground and in the world of a build."""

import json
import logging
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from minecover.core import paths
from minecover.core.config import Params, composed
from minecover.core.errors import LabelError, ModelError
from minecover.core.grid import Grid
from minecover.core.sites import Site, square, write_sites
from minecover.evaluation.out_of_fold import OutOfFold, write_out_of_fold
from minecover.labels.ground_names import REAL, world_name
from minecover.pipeline.review import export_questions
from minecover.pipeline.review_files import WORLD
from minecover.pipeline.review_import import import_verdicts
from minecover.pipeline.stages.labels import verdicts_of_world

CONF = Path("conf").resolve()
GRID = Grid.from_corner("EPSG:32635", 719_985.0, -269_985.0, 20, 20)
#: A place on the site, and one a degree away from it.
HERE = square(GRID).centroid
AWAY = shapely.Point(HERE.x + 1, HERE.y)
ON_FILES = ("labels=files", "labels.input=mines.gpkg", "source.is_simulated=false")


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Params:
    """The simulated world, in a working directory with a build of one site, one candidate."""
    monkeypatch.chdir(tmp_path)
    write_sites(paths.SITES, [Site("sim0000", "g", GRID, 0)])
    paths.CANDIDATES.mkdir(parents=True)
    candidate = gpd.GeoDataFrame(
        {"candidate_id": ["N35-E1-S1"]}, geometry=[HERE.buffer(1e-4)], crs="EPSG:4326"
    )
    candidate.to_parquet(paths.CANDIDATES / "candidates.parquet")
    return composed(conf=CONF)


def other_world() -> Params:
    return composed(["world.n_sites=24"], conf=CONF)


def reviewed(rows: dict[str, shapely.Point]) -> Path:
    """Write a reviewed file: the place of each candidate."""
    file = Path("reviewed.geojson")
    gpd.GeoDataFrame(
        {
            "candidate_id": list(rows),
            "site_id": "",
            "verdict": "mine",
            "who": "ada",
            "when": "2026-03-01",
            "why": "",
        },
        geometry=[place.buffer(1e-4) for place in rows.values()],
        crs="EPSG:4326",
    ).to_file(file)
    return file


def import_file(params: Params, file: Path) -> int:
    """Import a file, and return how many verdicts are known then."""
    done = import_verdicts(params, [file], blanks=dict.fromkeys(("who", "when", "why"), ""))
    return len(done.merge.verdicts)


@pytest.mark.parametrize(
    ("name", "place"),
    [
        pytest.param("N35-E1-S1", HERE, id="a candidate of this build"),
        pytest.param("N35-E1-S1", AWAY, id="its outline was redrawn"),
        pytest.param("N35-E9-S9", HERE, id="a candidate of another model on the same ground"),
        pytest.param("map-3", AWAY, id="an outline on a map"),
        pytest.param("MAP-LC08-3", AWAY, id="an outline on a map, in capitals"),
    ],
)
def test_verdicts_of_this_ground_and_of_maps_are_imported(
    world: Params, name: str, place: shapely.Point
) -> None:
    assert import_file(world, reviewed({name: place})) == 1


def test_verdicts_of_other_ground_are_refused_with_their_number(world: Params) -> None:
    foreign = {f"N36-E{n}-S1": AWAY for n in range(7)}

    with pytest.raises(LabelError, match=r"^7 of the 8 verdicts .* \(N36-E0-S1, .* and 2 more"):
        import_file(world, reviewed({"N35-E1-S1": HERE, **foreign}))

    assert not Path(world.value("labels.verdicts")).exists()


def test_without_a_build_verdicts_are_imported_with_a_warning(
    world: Params, caplog: pytest.LogCaptureFixture
) -> None:
    paths.SITES.unlink()

    assert import_file(world, reviewed({"N1": AWAY})) == 1
    assert "nothing is built here" in caplog.text


def test_an_export_of_another_world_is_refused(world: Params) -> None:
    file = reviewed({"N35-E1-S1": HERE})
    Path(WORLD).write_text(json.dumps({"world": world_name(other_world())}))

    with pytest.raises(
        LabelError, match=r"^the 1 verdicts of reviewed.geojson are about the sim"
    ):
        import_file(world, file)


def saved_by_the_page(world: Params) -> Path:
    """A reviewed file that names its own ground, as the page saves it."""
    file = reviewed({"N35-E1-S1": HERE})
    content = {"world": world_name(world), **json.loads(file.read_text())}
    file.write_text(json.dumps(content))
    return file


def test_a_saved_page_of_another_world_is_refused_without_the_file_beside(
    world: Params,
) -> None:
    file = saved_by_the_page(other_world())

    with pytest.raises(
        LabelError, match=r"^the 1 verdicts .* \(it says so\).*none was imported"
    ):
        import_file(world, file)


def test_a_saved_page_counts_more_than_the_file_beside_it(world: Params) -> None:
    file = saved_by_the_page(world)
    Path(WORLD).write_text(json.dumps({"world": world_name(other_world())}))

    assert import_file(world, file) == 1


def test_a_file_with_a_feature_a_line_names_no_world(world: Params) -> None:
    file = reviewed({"N35-E1-S1": HERE})
    lines = [json.dumps(one) for one in json.loads(file.read_text())["features"] * 2]
    lines[1] = lines[1].replace("N35-E1-S1", "map-1")
    file.write_text("\n".join(lines))

    assert import_file(world, file) == 2


def test_an_export_of_this_world_is_imported(world: Params) -> None:
    Path(WORLD).write_text(json.dumps({"world": world_name(world)}))

    assert import_file(world, reviewed({"N35-E1-S1": HERE})) == 1


def test_a_broken_name_of_a_world_is_a_sentence(world: Params) -> None:
    Path(WORLD).write_text("[]")

    with pytest.raises(LabelError, match=r"review\.world\.json names no world"):
        import_file(world, reviewed({"N35-E1-S1": HERE}))


def test_verdicts_count_in_their_own_world_alone(
    world: Params, caplog: pytest.LogCaptureFixture
) -> None:
    import_file(other_world(), reviewed({"N35-E1-S1": HERE}))

    with caplog.at_level(logging.WARNING):
        left = verdicts_of_world(world)

    assert (len(verdicts_of_world(other_world())), len(left)) == (1, 0)
    assert "left out the 1 verdicts of labels/simulated.geojson" in caplog.text


def test_verdicts_of_two_worlds_are_not_mixed(world: Params) -> None:
    file = reviewed({"N35-E1-S1": HERE})
    import_file(other_world(), file)

    with pytest.raises(LabelError, match=r"holds 1 verdicts about the .* Set labels\.verdicts"):
        import_file(world, file)


def test_verdicts_without_a_name_of_their_world_count(world: Params) -> None:
    import_file(world, reviewed({"N35-E1-S1": HERE}))
    Path("labels/simulated.world.json").unlink()

    assert len(verdicts_of_world(other_world())) == 1


def test_real_ground_is_one_world(world: Params) -> None:
    real = composed(ON_FILES, conf=CONF)

    import_file(real, reviewed({"N35-E1-S1": HERE}))

    assert world_name(real) == REAL
    assert [path.name for path in Path("labels").iterdir()] == ["verdicts.geojson"]


def test_an_export_that_is_refused_leaves_no_half_of_it(world: Params) -> None:
    label = np.zeros((1, *GRID.shape), np.int8)
    label[0, 5:9, 5:9] = 1  # where the model sees no mine
    p = np.full(label.shape, 0.01, np.float32)
    sites = [OutOfFold("sim0000", 0, ("",), label, label, np.ones(label.shape, bool), p)]
    write_out_of_fold(paths.OUT_OF_FOLD, iter(sites))
    paths.MODEL_CARD.parent.mkdir()
    paths.MODEL_CARD.write_text("{")

    with pytest.raises(ModelError, match="is not JSON"):
        export_questions(world, "suspicious", top=3, out=Path("review"))

    assert not Path("review").exists()


def reviewed_by(who: str, verdicts: dict[str, str], *, when: str = "2026-03-01") -> Path:
    """Write the file of a reviewer: the verdict on each outline on a map."""
    file = Path(f"{who}.geojson")
    gpd.GeoDataFrame(
        {
            "candidate_id": list(verdicts),
            "verdict": list(verdicts.values()),
            "who": who,
            "when": when,
        },
        geometry=[shapely.Point(HERE.x + i, HERE.y).buffer(1e-4) for i in range(len(verdicts))],
        crs="EPSG:4326",
    ).to_file(file)
    return file


def test_candidates_on_which_two_files_disagree_are_left_out(world: Params) -> None:
    ada = reviewed_by("ada", {"map-1": "mine", "map-2": "mine", "map-3": "unsure"})
    ben = reviewed_by("ben", {"map-1": "mine", "map-2": "not mine"})

    blanks = dict.fromkeys(("who", "when", "why"), "")
    done = import_verdicts(world, [ada, ben], blanks=blanks)

    (pair,) = done.agreements
    assert (done.merge.counts["added"], len(done.merge.verdicts)) == (2, 2)
    assert done.disagreements == {"map-2": {"ada": "mine", "ben": "not mine"}}
    assert (pair.reviewers, pair.n, pair.share) == (("ada", "ben"), 2, 0.5)
    stored = json.loads(done.path.read_text())["features"]
    who = {one["properties"]["candidate_id"]: one["properties"]["who"] for one in stored}
    assert who == {"map-1": "ada; ben", "map-3": "ada"}


def test_a_later_verdict_of_another_reviewer_counts_and_both_are_named(world: Params) -> None:
    blanks = dict.fromkeys(("who", "when", "why"), "")
    import_verdicts(world, [reviewed_by("ada", {"map-1": "mine"})], blanks=blanks)

    later = reviewed_by("ben", {"map-1": "not mine"}, when="2026-03-02")
    done = import_verdicts(world, [later], blanks=blanks)

    assert done.merge.counts["replaced"] == 1
    assert done.disagreements == {}
    assert done.overruled == {"map-1": {"ada": "mine", "ben": "not mine"}}
