"""What a mask hides is counted for mines and other ground apart."""

import numpy as np

from minecover.features.mask_costs import (
    count_hidden,
    hidden_share,
    never_seen_share,
    summed,
)

# Two dates of four pixels: two of a mine, one of other ground, one that is ignored.
LABEL = np.array([[[1, 1, 0, -1]]] * 2, np.int8)
DATA = np.array([[[1, 1, 1, 1]], [[1, 0, 1, 1]]], np.bool_)


def test_observations_and_locations_are_counted_by_ground() -> None:
    accepted = np.array([[[0, 1, 1, 0]], [[0, 0, 0, 0]]], np.bool_)

    costs = count_hidden(LABEL, DATA, {"scl": accepted})["scl"]

    # The second mine pixel has no data on the second date, which no mask is blamed for.
    assert costs["mine"] == {
        "observations": 3,
        "hidden_observations": 2,
        "locations": 2,
        "hidden_locations": 1,
    }
    assert hidden_share(costs["other"]) == 0.5
    assert never_seen_share(costs["other"]) == 0


def test_sites_are_added_up() -> None:
    one = count_hidden(LABEL, DATA, {"scl": DATA & False, "none": DATA})

    both = summed([one, one])

    assert hidden_share(both["scl"]["mine"]) == never_seen_share(both["scl"]["mine"]) == 1
    assert both["scl"]["mine"]["observations"] == 6
    assert hidden_share(both["none"]["mine"]) == 0


def test_without_mines_there_is_no_share() -> None:
    costs = count_hidden(0 * LABEL, DATA, {"scl": DATA})["scl"]

    assert hidden_share(costs["mine"]) is None
    assert never_seen_share(costs["mine"]) is None
