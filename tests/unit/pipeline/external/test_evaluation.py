"""A model on chips that it never saw: scores, what cannot be known, and wrong ground."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from external_chips import BAR, CHIPS, FOREST, POND, Chip, draw, words

from minecover.core.errors import MinecoverError
from minecover.core.places import REAL
from minecover.evaluation import Report, get_score
from minecover.pipeline.external.asked import Asked
from minecover.pipeline.external.evaluation import Evaluated, evaluate

Model = Callable[..., str]
Tried = Callable[..., Evaluated]


def scores_of(found: Evaluated) -> Report:
    report: Report = found.content["scores"]
    return report


def test_mines_look_alikes_and_chips_are_scored(model: Model, tried: Tried) -> None:
    scores = scores_of(tried(model(), CHIPS))

    # Bars are brighter than the model's 0.24, ponds are not; mines are brightest.
    assert get_score(scores, "look_alike.auc") == 1.0
    assert get_score(scores, "look_alike.kind.river_bar.called") == 1.0
    assert get_score(scores, "look_alike.kind.fish_pond.called") == 0.0
    assert get_score(scores, "location.recall") == 1.0
    assert get_score(scores, "location.precision") == 0.5
    assert get_score(scores, "site.auc") == 1.0
    assert get_score(scores, "site.mine_sites") == 3
    assert get_score(scores, "site.with_mask.mine_sites") == 2
    assert get_score(scores, "site.apart.industrial.called") == 1.0
    assert "objects" not in scores
    assert "observation" not in json.dumps(scores)


def test_the_files_hold_the_same(model: Model, tried: Tried) -> None:
    found = tried(model(), CHIPS)

    written, page = (path.read_text() for path in found.files)
    assert json.loads(written) == found.content
    assert found.content["run"] is None
    assert found.content["model"]["pooling"] == "highest_30_percent"
    assert "AUC, mines against ground that looks like one</td>\n<td>1.000" in page or (
        "AUC, mines against ground that looks like one</td><td>1.000" in page
    )
    assert "river bar" in page
    assert "mean of the highest 30 % of its locations" in page
    assert "<script src" not in page


def test_the_same_ground_has_the_same_scores(model: Model, tried: Tried) -> None:
    first, second = (tried(model(), CHIPS).content for _ in range(2))

    assert first == second


def test_scores_inside_and_outside_of_where_the_model_applies(
    model: Model, tried: Tried
) -> None:
    # Far brighter than what the model was trained on, from 0 to 0.5.
    strange = {**CHIPS, "roof": Chip(1.5, 0, 0, "town")}

    scores = scores_of(tried(model(), strange))

    share = get_score(scores, "applicable.share")
    assert share == pytest.approx(1 - 18 / (8 * 36), abs=1e-5)
    assert get_score(scores, "applicable.outside.locations") == 18
    assert get_score(scores, "applicable.inside.location.precision") == 0.5
    assert get_score(scores, "location.precision") == pytest.approx(36 / (36 + 36 + 18))
    assert get_score(scores, "applicable.outside.mine_locations") == 0
    assert np.isnan(get_score(scores, "applicable.outside.location.precision"))


def test_a_model_without_skill_applies_to_nothing(model: Model, tried: Tried) -> None:
    found = tried(model(no_skill="no better than chance: by its own scores"), CHIPS)

    scores = scores_of(found)
    assert get_score(scores, "applicable.share") == 0
    assert get_score(scores, "applicable.inside.locations") == 0
    assert get_score(scores, "applicable.outside.location.precision") == get_score(
        scores, "location.precision"
    )


def test_chips_without_negatives_have_no_score_of_sites(model: Model, tried: Tried) -> None:
    mines = {name: chip for name, chip in CHIPS.items() if name.startswith("pit")}

    found = tried(model(), mines)

    assert "site" not in scores_of(found)
    assert "look_alike" not in scores_of(found)
    (alike, sites, cut) = found.content["unknown"]
    assert "the labels name no such ground" in alike
    assert "every observed site of known kind holds a mine" in sites
    assert "edges of the chips" in cut
    assert sites in found.files[1].read_text()


def test_chips_without_any_mask_of_a_mine_have_no_score_of_pixels(
    model: Model, tried: Tried
) -> None:
    chips = {
        name: replace(chip, mask=None) if chip.label else chip for name, chip in CHIPS.items()
    }

    found = tried(model(), chips)

    assert not {"location", "calibration", "transfer"} & set(scores_of(found))
    assert get_score(scores_of(found), "site.auc") == 1.0
    assert any("no observed location is labelled" in one for one in found.content["unknown"])


def test_a_model_without_skill_is_told(model: Model, tried: Tried) -> None:
    dark = {
        name: replace(chip, upper=FOREST if chip.label else BAR, mask=chip.mask)
        for name, chip in CHIPS.items()
    }

    found = tried(model(), dark)

    assert found.content["no_skill"].startswith("no better than chance")
    assert "no better than chance" in found.files[1].read_text().partition("<h2>")[0]


def places(longitude: float) -> dict[str, object]:
    box = f"{longitude} -12.85 {longitude + 0.01} -12.83"
    return {"ground": REAL, "cell": 0.01, "boxes": [box]}


#: West of the first chip, pit_a, whose centre lies at about -70.381, -12.836.
FIRST = -70.39


def test_ground_that_the_model_was_trained_on_is_refused(model: Model, tried: Tried) -> None:
    with pytest.raises(
        MinecoverError, match=r"trained on this ground: 1 of 7 sites \(pit_a\).*--drop-overlap"
    ):
        tried(model(places=places(FIRST)), CHIPS)


def test_sites_on_known_ground_are_left_out_if_asked(model: Model, tried: Tried) -> None:
    found = tried(model(places=places(FIRST)), CHIPS, drop_overlap=True)

    assert found.content["overlap"] == {"is_known": True, "dropped": ["pit_a"]}
    assert get_score(scores_of(found), "count.mine_sites") == 2


def test_other_ground_is_new_and_said_to_be(model: Model, tried: Tried) -> None:
    found = tried(model(places=places(20.0)), CHIPS)

    assert found.content["overlap"] == {"is_known": True, "dropped": []}
    assert "No site lies where the model was\ntrained" in found.files[1].read_text()


def test_a_card_that_does_not_say_where_is_told(
    model: Model, tried: Tried, caplog: pytest.LogCaptureFixture
) -> None:
    found = tried(model(), CHIPS)

    assert found.content["overlap"]["is_known"] is False
    assert "does not say where it was trained" in caplog.text
    assert "Nobody" in found.files[1].read_text()


def test_sites_without_a_scene_are_left_out_and_counted(
    model: Model, tried: Tried, workplace: Path
) -> None:
    found = tried(model(), {**CHIPS, "empty": Chip(0.0, 0, 0, "nothing")})
    assert found.content["left_out"] == {}

    hollow = {**CHIPS, "empty": Chip(float("nan"), 0, 0, "nothing")}
    scores = scores_of(tried(model(), hollow))

    # Half of it was observed.
    assert get_score(scores, "count.locations") == 8 * 36
    assert get_score(scores, "coverage.location") == pytest.approx(1 - 18 / (8 * 36), abs=1e-5)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        pytest.param(
            {"bands": ["red", "lwir11"]},
            r"the source has no lwir11 \(it has: red\)",
            id="bands",
        ),
        pytest.param(
            {"lattice": {"_target_": "minecover.core.lattice.Lattice", "family": "sentinel_2",
                         "pixel_m": 30}},
            r"pixels of 10 x 10 m, but lattice\.pixel_m=30",
            id="pixels",
        ),
        pytest.param(
            {"context": {"slope": {}}},
            r"takes the context planes slope, and this ground has no slope\. .*conf/context",
            id="context",
        ),
    ],
)  # fmt: skip
def test_wrong_ground_is_refused_in_a_sentence(
    model: Model, tried: Tried, changed: Mapping[str, object], message: str
) -> None:
    with pytest.raises(MinecoverError, match=message):
        tried(model(**changed), CHIPS)


def test_chips_that_nothing_is_known_of_are_refused(model: Model, tried: Tried) -> None:
    neither = {"quarry": CHIPS["quarry"], "field": Chip(POND, 0, 0, "field")}

    with pytest.raises(MinecoverError, match=r"nothing of this ground can be scored\. .*Add"):
        tried(model(), neither)


def test_scenes_of_another_satellite_are_named(
    model: Model, tried: Tried, caplog: pytest.LogCaptureFixture
) -> None:
    found = tried(model(platforms=["landsat-8"], level=1), CHIPS)

    other, level = found.content["warnings"]
    assert "trained on landsat-8, and these scenes are of sentinel-2a, sentinel-2b" in other
    assert "level 1, and these are of level 2" in level


def test_too_few_groups_are_said_where_the_intervals_stand(model: Model, tried: Tried) -> None:
    few = {name: CHIPS[name] for name in ("pit_a", "bar_a")}

    found = tried(model(), few)

    # Both came out right: an interval of no width, which says nothing.
    assert get_score(scores_of(found), "site.auc_low") == 1.0
    assert found.content["ground"]["groups"] == 2
    (sentence,) = found.content["warnings"]
    assert sentence.startswith("The sites form 2 groups: fewer than 5 can all come out right")
    assert sentence in found.files[1].read_text()
    assert tried(model(), CHIPS).content["warnings"] == []


def test_a_folder_that_cannot_be_written_to_is_found_before_scoring(
    model: Model, tried: Tried, workplace: Path
) -> None:
    (workplace / "out").write_text("a file")
    # Scoring it would fail: no reflectance is as high.
    bright = {name: replace(chip, upper=4000.0) for name, chip in CHIPS.items()}

    with pytest.raises(FileExistsError):
        tried(model(), bright)


def test_chips_of_which_labels_alone_are_known_are_scored_as_sites(
    model: Model, workplace: Path
) -> None:
    folder = draw(workplace / "drawn", CHIPS)
    asked = Asked("chips", None, None, (*words(folder), "source.chips.masks=null"))

    found = evaluate(model(), asked, workplace / "out", is_masked=True, drop_overlap=False)

    assert get_score(scores_of(found), "site.auc") == 1.0
    assert not {"location", "look_alike"} & set(scores_of(found))


def test_kinds_of_too_few_sites_are_named_beside_their_intervals(
    model: Model, tried: Tried
) -> None:
    bars = {f"bar_{n}": CHIPS["bar_a"] for n in "cde"}

    page = tried(model(), {**CHIPS, **bars}).files[1].read_text()

    # Five river bars, a fish pond and a quarry.
    assert "Believe no interval of\nfish pond, industrial (counts as neither): fewer" in page


def test_ground_without_a_mine_is_no_evidence_of_skill(model: Model, tried: Tried) -> None:
    other = {name: chip for name, chip in CHIPS.items() if not chip.label}

    found = tried(model(), other)

    assert found.content["no_skill"].startswith("no better than chance as far as is known")
    assert "nan" not in found.content["no_skill"]
