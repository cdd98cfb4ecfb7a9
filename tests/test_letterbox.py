from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from video_files import plain

from age_pipeline.letterbox import letterboxed


def test_a_picture_of_that_size_is_itself() -> None:
    picture = plain(90)
    assert letterboxed(picture, 64, 48) is picture


@pytest.mark.parametrize(
    ("size", "black"),
    [((128, 96), 0), ((32, 24), 0), ((128, 48), 0.5), ((64, 96), 0.5), ((480, 640), 0.4375)],
)
def test_its_shape_is_kept_with_black_beside_it(size: tuple[int, int], black: float) -> None:
    picture = plain(200, size)
    shown = letterboxed(picture, 64, 48)
    assert shown.shape == (48, 64, 3)
    assert set(np.unique(shown)) <= {0, 200}
    assert (shown == 0).mean() == pytest.approx(black)
    np.testing.assert_array_equal(shown, shown[::-1, ::-1])
    assert (picture == 200).all()


sizes = st.tuples(st.integers(1, 200), st.integers(1, 200))


@given(own=sizes, wanted=sizes)
def test_any_size_into_any_other(own: tuple[int, int], wanted: tuple[int, int]) -> None:
    shown = letterboxed(plain(200, own), *wanted)
    assert shown.shape == (wanted[1], wanted[0], 3)
    rows, columns = np.nonzero(shown[..., 0])
    assert np.ptp(rows) + 1 == wanted[1] or np.ptp(columns) + 1 == wanted[0]
