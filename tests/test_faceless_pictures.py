"""Pictures of nobody: varied, of the size that is asked for, and the same every time."""

from __future__ import annotations

import numpy as np
import pytest

import face_detector
from age_pipeline.data import require_image
from benchmarks.faceless_pictures import FACELESS


@pytest.mark.parametrize("name", FACELESS)
@pytest.mark.parametrize("size", [(640, 480), (320, 240)])
def test_it_is_a_picture_and_the_same_every_time(name: str, size: tuple[int, int]) -> None:
    first, again = (FACELESS[name](*size) for _ in range(2))
    require_image(first)
    assert first.shape == (size[1], size[0], 3)
    assert first.std() > 5
    np.testing.assert_array_equal(first, again)


def test_no_two_are_the_same() -> None:
    drawn = {draw(320, 240).tobytes() for draw in FACELESS.values()}
    assert len(drawn) == len(FACELESS) >= 15


def test_parts_of_photographs_show_nobody() -> None:
    # The SSD reports rings, too, as a face; none of the patterns is judged by it.
    detector = face_detector.load(looks="single")
    names = list(FACELESS)
    for name in names[names.index("a space suit") :]:
        assert detector.detect(FACELESS[name](640, 480)) == []
