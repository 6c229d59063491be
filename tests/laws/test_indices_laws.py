"""Laws of spectral indices: antisymmetry and range."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from minecover.features.indices import normalised_difference

reflectance = arrays(np.float32, 8, elements=st.floats(-0.0625, 1.25, width=32))


@given(a=reflectance, b=reflectance)
def test_a_normalised_difference_is_antisymmetric_and_within_one(
    a: np.ndarray, b: np.ndarray
) -> None:
    ab, ba = normalised_difference(a, b), normalised_difference(b, a)

    np.testing.assert_array_equal(ab, -ba)
    assert np.nanmax(np.abs(ab), initial=0) <= 1
