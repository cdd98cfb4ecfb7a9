"""One list of faces out of what several looks saw."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from age_pipeline.data import Box, Face
from face_detector.merging import is_apart, merged


class TestMerged:
    def test_of_two_looks_at_one_face_the_surer_counts(self) -> None:
        sure, less = Face(Box(0, 0, 20, 20), 0.9), Face(Box(3, 0, 23, 20), 0.8)
        assert merged([less, sure]) == [sure]

    def test_neighbours_stay_two(self) -> None:
        left, right = Face(Box(0, 0, 20, 20), 0.8), Face(Box(9, 0, 29, 20), 0.9)
        assert merged([left, right]) == [right, left]

    def test_a_part_of_a_face_is_none_however_sure(self) -> None:
        face, mouth = Face(Box(0, 0, 60, 60), 0.92), Face(Box(20, 35, 50, 65), 0.99)
        assert merged([face, mouth]) == [face]

    def test_a_small_face_that_a_large_one_covers_in_part_stays(self) -> None:
        face, behind = Face(Box(0, 0, 60, 60), 0.8), Face(Box(48, 0, 78, 30), 0.99)
        assert merged([face, behind]) == [behind, face]

    def test_a_face_of_nearly_the_same_size_is_no_part(self) -> None:
        # A long face across a broad one: seven tenths of it inside, and yet hardly the same.
        broad, long = Face(Box(0, 0, 60, 30), 0.9), Face(Box(20, 0, 45, 40), 0.8)
        assert merged([broad, long]) == [broad, long]

    def test_a_doubtful_box_around_faces_to_be_trusted_is_none(self) -> None:
        doubtful = Face(Box(0, 0, 100, 100), 0.6)
        people = [Face(Box(x, 10, x + 20, 30), 0.99) for x in (5, 40, 75)]
        assert merged([doubtful, *people]) == people

    def test_the_pictures_own_turn_counts_unless_another_is_clearly_better(self) -> None:
        box = Box(0, 0, 20, 20)
        own, turned_little, turned_much = Face(box, 0.9), Face(box, 0.91, 1), Face(box, 0.93, 1)
        assert merged([own, turned_little]) == [own]
        assert merged([own, turned_little], turns=1) == [turned_little]
        assert merged([own, turned_much]) == [turned_much]

    @given(st.lists(st.tuples(st.integers(0, 60), st.integers(2, 40), st.floats(0.3, 1))))
    def test_what_is_merged_stays_as_it_is(self, drawn: list[tuple[int, int, float]]) -> None:
        once = merged([Face(Box(at, at, at + side, at + side), sure) for at, side, sure in drawn])
        assert merged(once) == once

    def test_a_part_that_is_gone_takes_nobody_along(self) -> None:
        face, part = Face(Box(0, 0, 60, 60), 0.95), Face(Box(45, 10, 65, 35), 0.7)
        # Inside the part, but beside the face.
        beside = Face(Box(58, 12, 65, 20), 0.8)
        assert merged([face, part, beside]) == [face, beside]

    def test_the_pictures_own_turn_is_no_confidence(self) -> None:
        own, other = Face(Box(0, 0, 20, 20), 0.9), Face(Box(50, 0, 70, 20), 0.91, 1)
        assert merged([own, other]) == [other, own]

    def test_most_confident_first(self) -> None:
        apart = [Face(Box(30 * n, 0, 30 * n + 9, 9), n / 10) for n in (3, 9, 5)]
        assert [face.confidence for face in merged(apart)] == [0.9, 0.5, 0.3]

    def test_nobody(self) -> None:
        assert merged([]) == []


class TestIsApart:
    def test_is_what_shares_little_of_the_smaller_box(self) -> None:
        face = Face(Box(0, 0, 20, 20), 0.9)
        assert is_apart(face, [])
        assert is_apart(face, [Face(Box(15, 0, 35, 20), 0.5)])
        assert not is_apart(face, [Face(Box(14, 0, 34, 20), 0.5)])
        # Half of a small box lies inside, which is next to nothing of the large one.
        assert not is_apart(Face(Box(0, 0, 200, 200), 0.9), [Face(Box(195, 0, 205, 10), 0.5)])
        assert not is_apart(face, [Face(Box(50, 0, 70, 20), 0.5), face])
