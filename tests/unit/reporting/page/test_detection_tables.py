"""Tables of look-alikes and of sites: what there is, kind by kind, and by chance."""

from minecover.evaluation import Report
from minecover.reporting.external_page import score_table
from minecover.reporting.page.detection_tables import (
    detection_table,
    kind_table,
    pooling_table,
)

METRICS: Report = {
    "look_alike": {
        "auc": 0.91,
        "auc_low": 0.85,
        "auc_high": 0.95,
        "average_precision": 0.8,
        "mine_share": 0.4,
        "kind": {"river_bar": {"auc": 0.88, "called": 0.3, "sites": 7}},
    },
    "position_only": {"look_alike": {"auc": 0.62}},
    "site": {
        "auc": 0.93,
        "kind": {"river_bar": {"auc": 0.9, "called": 0.1, "sites": 8}},
        "apart": {"industrial": {"auc": 0.7, "called": 0.25, "sites": 4}},
        "pooling": {
            "highest": {"auc": 0.9, "folds": 1},
            "highest_10_percent": {"auc": 0.93, "folds": 4},
        },
    },
}


def test_scores_stand_beside_what_chance_and_the_position_score() -> None:
    rows = {name: cell for name, cell in detection_table(METRICS).rows}

    assert rows["AUC, mines against ground that looks like one"] == "0.910 (0.85–0.95)"
    assert rows["the same, of a model of the position in the site alone"] == "0.620"
    assert rows["average precision, mines among such ground"] == "0.800; by chance 0.400"
    assert "AUC, chips with a mine against chips without" not in rows


def test_every_kind_has_a_row_and_so_have_those_that_count_as_neither() -> None:
    bar, industrial = kind_table(METRICS).rows

    assert bar == ("river bar", "0.880", "0.300", "0.900", "0.100", "7")
    assert industrial == (
        "industrial (counts as neither)",
        "–",
        "–",
        "0.700 above other sites",
        "0.250",
        "4",
    )


def test_poolings_say_how_many_folds_chose_them() -> None:
    assert pooling_table(METRICS).rows == (
        ("highest location", "0.900", "1"),
        ("mean of the highest 10 %", "0.930", "4"),
    )


def test_without_such_scores_there_are_no_rows() -> None:
    for table in (detection_table, kind_table, pooling_table):
        assert table({"location": {"f1": 0.7}}).rows == ()


def test_scores_elsewhere_stand_beside_those_where_the_model_applies() -> None:
    sides: Report = {
        "inside": {"locations": 900, "mine_locations": 40, "look_alike": {"auc": 0.95}},
        "outside": {"locations": 1100, "mine_locations": 2, "look_alike": {"auc": 0.6}},
    }

    rows = {name: cells for name, *cells in score_table({**METRICS, "applicable": sides}).rows}

    assert rows["observed locations"] == ["2,000", "900", "1,100", ""]
    assert rows["of these labelled as mine"] == ["42", "40", "2", ""]
    alike = rows["AUC, mines against ground that looks like one"]
    assert alike == ["0.910 (0.85–0.95)", "0.950", "0.600", ""]
    assert rows["average precision, mines among such ground"] == ["0.800", "–", "–", "0.400"]
