"""Kinds of ground: planes of single kinds, names of pixels, and the kind of most pixels."""

import numpy as np

from minecover.core.ground_kinds import GroundKinds

BAR = np.array([[1, 1, 0], [0, 0, 0]], np.bool_)
POND = np.array([[0, 0, 0], [1, 1, 1]], np.bool_)


def test_planes_become_kinds_and_planes_again() -> None:
    found = GroundKinds.of({"river bar": BAR, "pond": POND, "slide": np.zeros_like(BAR)})

    assert found is not None
    assert found.names == ("pond", "river bar")
    assert found.code.tolist() == [[1, 1, -1], [0, 0, 0]]
    planes = {**found.planes(), "look_alike": BAR.astype(np.int8)}
    again = GroundKinds.of_planes(planes)
    assert again is not None
    assert (again.names, again.code.tolist()) == (found.names, found.code.tolist())


def test_ground_that_nobody_names_has_no_kinds() -> None:
    assert GroundKinds.of({}) is None
    assert GroundKinds.of({"pond": np.zeros((2, 2), np.bool_)}) is None
    assert GroundKinds.of_planes({"look_alike": BAR.astype(np.int8)}) is None


def test_the_kind_of_a_site_is_that_of_most_pixels() -> None:
    found = GroundKinds.of({"river bar": BAR, "pond": POND})

    assert found is not None
    assert found.most == "pond"
    np.testing.assert_array_equal(found.where("river bar"), BAR)
    assert not found.where("slide").any()
