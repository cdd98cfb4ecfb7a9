"""Which reported boxes are of which faces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from age_pipeline.data import Box, Face
from benchmarks.found_faces import SAME_FACE, Count, matches

HERE, THERE = Box(0, 0, 10, 10), Box(50, 0, 60, 10)

boxes = st.lists(
    st.builds(
        lambda left, top, side: Box(left, top, left + side, top + side),
        st.integers(0, 12),
        st.integers(0, 12),
        st.integers(1, 12),
    ),
    max_size=6,
)


def counted(true: list[Box], reported: list[Box]) -> tuple[int, int, int]:
    """Found, missed, false."""
    count = Count.of(true, [Face(box, 0.9) for box in reported], 0.5)
    assert (count.pictures, count.faces, count.seconds) == (1, len(true), 0.5)
    return count.found, count.missed, count.false


def test_a_face_is_found_missed_or_false() -> None:
    assert counted([HERE, THERE], [THERE]) == (1, 1, 0)
    assert counted([HERE], [THERE, HERE]) == (1, 0, 1)
    assert counted([], [HERE]) == (0, 0, 1)
    assert counted([HERE], []) == (0, 1, 0)


def test_boxes_that_share_enough_are_of_one_face() -> None:
    # Of 140 pixels that both cover 60 are shared, then of 150 only 50.
    assert SAME_FACE == 0.4
    assert counted([HERE], [Box(4, 0, 14, 10)]) == (1, 0, 0)
    assert counted([HERE], [Box(5, 0, 15, 10)]) == (0, 1, 1)
    assert counted([HERE], [Box(0, 0, 4, 10)]) == (1, 0, 0)


def test_a_face_that_is_reported_twice_is_found_once() -> None:
    assert counted([HERE], [HERE, Box(0, 0, 10, 9)]) == (1, 0, 1)


def test_one_report_is_of_one_face() -> None:
    assert counted([HERE, Box(2, 0, 12, 10)], [Box(1, 0, 11, 10)]) == (1, 1, 0)


def test_the_best_pair_goes_first() -> None:
    # The first report is nearer to the second face; the first face would leave that one none.
    true, reported = [HERE, Box(5, 0, 15, 10)], [Box(4, 0, 14, 10), HERE]
    assert counted(true, reported) == (2, 0, 0)
    assert counted(true, reported[:1]) == (1, 1, 0)


@given(boxes, boxes)
def test_there_are_no_more_pairs_than_boxes(true: list[Box], reported: list[Box]) -> None:
    pairs = matches(true, reported)
    assert 0 <= pairs <= min(len(true), len(reported))
    assert matches(true, true) == len(true)
    near = any(one.iou(other) >= SAME_FACE for one in true for other in reported)
    assert near == (pairs > 0)


def test_counts_add_up() -> None:
    total = Count.total(
        [
            Count(pictures=1, faces=3, found=2, false=1, seconds=0.25),
            Count(pictures=3, faces=1, found=1, false=4, seconds=0.75),
        ]
    )
    assert total == Count(pictures=4, faces=4, found=3, false=5, seconds=1.0)
    assert total.missed == 1
    assert total.milliseconds == pytest.approx(250)
