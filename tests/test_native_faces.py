"""Boxes and scores of a detector's own, made common."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from age_pipeline.data import Box, Face
from face_detector.native_faces import BoxFit, NativeFace, Scale, common_faces, shown

PICTURE = np.zeros((100, 200, 3), np.uint8)
SCALE = Scale((-1.0, 0.0, 2.0), (0.0, 0.5, 1.0))


class TestBoxFit:
    def test_moves_and_stretches_by_parts_of_the_own_box(self) -> None:
        fit = BoxFit(across=0.1, down=-0.5, width=2.0, height=0.5)
        assert fit.edges((10, 20, 30, 60)) == (2, 10, 42, 30)

    def test_as_it_is(self) -> None:
        assert BoxFit(0, 0, 1, 1).edges((1, 2, 30, 40)) == (1, 2, 30, 40)


class TestScale:
    @pytest.mark.parametrize(
        ("score", "confidence"), [(-1, 0), (-0.5, 0.25), (0, 0.5), (1, 0.75), (2, 1)]
    )
    def test_straight_lines_lie_between(self, score: float, confidence: float) -> None:
        assert SCALE.confidence(score) == pytest.approx(confidence)
        assert SCALE.score(confidence) == pytest.approx(score)

    def test_beyond_the_ends_it_is_the_end(self) -> None:
        assert (SCALE.confidence(-9), SCALE.confidence(9)) == (0, 1)

    def test_numbers_of_numpy_become_python_s(self) -> None:
        assert type(SCALE.confidence(np.float32(0.3))) is float  # type: ignore[arg-type]


class TestShown:
    def test_a_large_picture_is_shrunk(self) -> None:
        seen, scale = shown(PICTURE, 50, enlarged=True)
        assert (seen.shape, scale) == ((25, 50, 3), 0.25)

    def test_a_small_one_is_enlarged_on_request_only(self) -> None:
        seen, scale = shown(PICTURE, 400, enlarged=True)
        assert (seen.shape, scale) == ((200, 400, 3), 2)
        seen, scale = shown(PICTURE, 400, enlarged=False)
        assert (seen.shape, scale) == ((100, 200, 3), 1)

    def test_nothing_becomes_less_than_a_pixel(self) -> None:
        seen, _ = shown(np.zeros((1, 1000, 3), np.uint8), 50, enlarged=False)
        assert seen.shape == (1, 50, 3)

    def test_the_result_lies_in_memory_as_engines_want_it(self) -> None:
        seen, _ = shown(PICTURE[:, ::2][::-1], 100, enlarged=False)
        assert seen.flags.c_contiguous


class TestCommonFaces:
    def test_come_back_in_the_picture_s_pixels_most_confident_first(self) -> None:
        points = ((1.0, 2.0), (3.0, 4.0), (5.0, 6.0), (7.0, 8.0), (-9.0, 99.0))
        found = [
            NativeFace((5, 5, 10, 10), 0.6),
            NativeFace((20, 10, 30, 30), 0.9, points),
            NativeFace((1, 1, 2, 2), 0.4),
        ]
        doubled = tuple((2 * x, 2 * y) for x, y in points)
        assert common_faces(found, PICTURE, 0.5, 0.5) == [
            Face(Box(40, 20, 60, 60), 0.9, landmarks=doubled),
            Face(Box(10, 10, 20, 20), 0.6),
        ]

    def test_what_lies_outside_or_nowhere_is_left_out(self) -> None:
        found = [
            NativeFace((-9, 0, 0, 9), 0.9),
            NativeFace((0, 0, math.inf, 9), 0.9),
            NativeFace((math.nan, 0, 9, 9), 0.9),
        ]
        assert common_faces(found, PICTURE, 1, 0) == []

    @given(st.lists(st.tuples(*[st.floats(-300, 300)] * 4, st.floats(0, 1))), st.floats(0.01, 10))
    def test_every_box_lies_in_the_picture(
        self, rows: list[tuple[float, float, float, float, float]], scale: float
    ) -> None:
        found = [NativeFace((a, b, c, d), confidence) for a, b, c, d, confidence in rows]
        for face in common_faces(found, PICTURE, scale, 0.5):
            assert face.box.right <= 200
            assert face.box.bottom <= 100
            assert (face.confidence or 0) >= 0.5
