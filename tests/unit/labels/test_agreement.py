"""Agreement of reviewers: kappa by hand, disagreements left out, names joined."""

import geopandas as gpd
import pytest
import shapely

from minecover.labels.agreement import agreement, compare_reviews
from minecover.labels.verdicts import FIELDS


def review(who: str, *rows: tuple[str, str, str], when: str = "2026-03-01") -> gpd.GeoDataFrame:
    """Write verdicts: candidate, verdict, and what it is."""
    table = [
        {**dict.fromkeys(FIELDS, ""), "candidate_id": name, "verdict": verdict, "what": what,
         "who": who, "when": when}
        for name, verdict, what in rows
    ]  # fmt: skip
    places = [shapely.Point(28, -2).buffer(0.001)] * len(rows)
    return gpd.GeoDataFrame(table, geometry=places, crs="EPSG:4326")


def test_kappa_of_a_worked_table() -> None:
    # Cohen's kappa of 20 x both mine, 15 x both not, 5 and 10 apart: (0.7 - 0.5) / (1 - 0.5).
    first = {f"c{i}": "mine" if i < 25 else "not mine" for i in range(50)}
    second = {f"c{i}": "mine" if i < 20 or i >= 40 else "not mine" for i in range(50)}

    found = agreement(("ada", "ben"), first, second)

    assert (found.n, found.share) == (50, 0.7)
    assert found.kappa == pytest.approx(0.4)


def test_reviewers_of_nothing_in_common_have_no_kappa() -> None:
    found = agreement(("ada", "ben"), {"c1": "mine"}, {"c2": "mine"})

    assert found.n == 0
    assert found.kappa != found.kappa


def test_what_reviewers_disagree_on_is_named_and_left_out() -> None:
    ada = review("ada", ("c1", "mine", ""), ("c2", "not mine", "slide"), ("c3", "mine", ""))
    ben = review("ben", ("c1", "not mine", "road"), ("c2", "not mine", "slide"))

    found = compare_reviews([ada, ben])

    assert found.disagreements == {"c1": {"ada": "mine", "ben": "not mine"}}
    assert found.agreed["candidate_id"].tolist() == ["c2", "c3"]
    assert found.agreed["who"].tolist() == ["ada; ben", "ada"]
    assert found.agreed["what"].tolist() == ["slide", ""]


def test_the_later_of_two_verdicts_of_one_reviewer_counts() -> None:
    early = review("ada", ("c1", "mine", ""), when="2026-03-01")
    late = review("ada", ("c1", "unsure", ""), when="2026-03-02")

    found = compare_reviews([late, early])

    assert found.disagreements == {}
    assert found.agreed["verdict"].tolist() == ["unsure"]


def test_what_it_is_is_left_open_where_reviewers_differ() -> None:
    ada, ben = (
        review("ada", ("c1", "not mine", "slide")),
        review("ben", ("c1", "not mine", "road")),
    )

    assert compare_reviews([ada, ben]).agreed["what"].tolist() == [""]


def test_reviewers_whom_an_import_joined_are_counted_one_by_one() -> None:
    both = review("ada; ben", ("c1", "mine", ""))

    found = compare_reviews([both, review("ben", ("c1", "mine", ""))])

    assert [one.reviewers for one in found.agreements] == [("ada", "ben")]
    assert found.agreed["who"].tolist() == ["ada; ben"]
