"""How far ages move and intervals widen, by readings made by hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from fakes import bell

from age_pipeline.data import AgeEstimate, Box, Face, Image
from age_pipeline.stages import ModelUse
from benchmarks.face_changes import BOX_MOVES, COPIES, LOSSES
from benchmarks.steadiness_figures import (
    Certainty,
    ReadFace,
    Reading,
    doubts_of,
    movements_of,
    read_face,
)

LEFT, RIGHT = "box shifted left by 10%", "box shifted right by 10%"
HALVED = "halved in size"
TINY = "shrunk to a face of 12 pixels"
ALL = "box shifted or scaled, all of these"


def at(years: float, low: int = 0, high: int = 100) -> Reading:
    return Reading(years, low, high)


class TestMovements:
    FACES = (
        ReadFace(None, at(30), {LEFT: at(31), RIGHT: at(27), HALVED: at(30.5)}),
        ReadFace(None, at(50), {LEFT: at(47), RIGHT: at(50)}),
    )

    def test_each_distance_counts_whichever_way_it_goes(self) -> None:
        moved = {each.change: each for each in movements_of(self.FACES)}
        assert (moved[LEFT].faces, moved[LEFT].mean) == (2, 2)
        assert (moved[RIGHT].faces, moved[RIGHT].mean) == (2, 1.5)
        # From 1 to 3, and 95% of the way.
        assert moved[LEFT].percentile_95 == pytest.approx(2.9)

    def test_a_face_that_was_not_changed_so_is_left_out(self) -> None:
        moved = {each.change: each for each in movements_of(self.FACES)}
        assert (moved[HALVED].faces, moved[HALVED].mean) == (1, 0.5)
        none = moved["box scaled by 0.9"]
        assert (none.faces, none.mean, none.percentile_95) == (0, None, None)

    def test_all_moves_of_the_box_are_taken_together(self) -> None:
        together = next(each for each in movements_of(self.FACES) if each.change == ALL)
        # 1, 3, 3 and 0; what is no move of the box is not among them.
        assert (together.faces, together.mean, together.percentile_95) == (4, 1.75, 3)

    def test_their_order(self) -> None:
        names = [each.change for each in movements_of(self.FACES)]
        assert names == [*BOX_MOVES, ALL, *COPIES]


class TestDoubts:
    FACES = (
        ReadFace(33, at(30, 25, 34), {TINY: at(36, 26, 45)}),
        ReadFace(60, at(55, 51, 59), {TINY: at(42, 21, 60)}),
        ReadFace(None, at(20, 20, 20), {TINY: at(20, 11, 40)}),
        # Too small to be shrunk.
        ReadFace(5, at(90, 90, 90), {}),
    )

    def test_before_and_after_are_of_the_same_faces(self) -> None:
        (doubt,) = (each for each in doubts_of(self.FACES) if each.change == TINY)
        assert (doubt.faces, doubt.known) == (3, 2)
        # Of 10, 9 and 1 years; of the two known ages one is inside; they are 3 and 5 years off.
        assert doubt.before.width == pytest.approx(20 / 3)
        assert (doubt.before.held, doubt.before.error) == (0.5, 4)
        # Of 20, 40 and 30 years; 60 is the last year of its interval; 3 and 18 years off.
        assert doubt.after == Certainty(30, 1, 10.5)

    def test_without_known_ages_there_is_a_width(self) -> None:
        (doubt,) = (each for each in doubts_of(self.FACES[2:3]) if each.change == TINY)
        assert (doubt.faces, doubt.known) == (1, 0)
        assert doubt.after == Certainty(30, None, None)

    def test_without_faces_there_is_nothing(self) -> None:
        doubts = doubts_of(self.FACES[3:])
        assert [each.change for each in doubts] == list(LOSSES)
        assert {each.faces for each in doubts} == {0}
        assert {each.after for each in doubts} == {Certainty(None, None, None)}


def test_the_first_and_last_year_of_an_interval_count() -> None:
    assert Certainty.of([(at(30, 30, 30), 30)]) == Certainty(1, 1, 0)
    assert Certainty.of([(at(30, 29, 31), 31)]) == Certainty(3, 1, 1)
    assert Certainty.of([(at(30, 29, 31), 28)]) == Certainty(3, 0, 2)
    assert Certainty.of([(at(30, 29, 31), 32)]) == Certainty(3, 0, 2)


class AgesByBox:
    """A year for two pixels of the box's width; the more the pixels differ, the less certain."""

    model = ModelUse("by-box", None, None)

    def crop(self, image: Image, face: Face) -> Image:
        inside = image[face.box.top : face.box.bottom, face.box.left : face.box.right]
        return np.full((1, 1, 3), (face.box.width // 2, round(inside.std()), 0), np.uint8)

    def estimate(self, crops: Sequence[Image]) -> list[AgeEstimate]:
        return [bell(int(crop[0, 0, 0]), int(crop[0, 0, 1])) for crop in crops]


FACE = Face(Box(48, 48, 144, 144), 0.9)


def test_a_face_is_read_untouched_and_after_each_change() -> None:
    image = np.full((288, 288, 3), 100, np.uint8)
    read = read_face(image, FACE, 39, AgesByBox())
    assert read.age == 39
    # Nothing but one grey: as certain as can be, whatever is done to the picture.
    assert read.untouched == Reading(48, 48, 48)
    assert {name: reading.years for name, reading in read.changed.items()} == {
        **dict.fromkeys(BOX_MOVES, 48),
        "box scaled by 0.9": 43,
        "box scaled by 1.1": 53,
        "saved again as JPEG of quality 40": 48,
        "halved in size": 24,
        **{name: 48 for name in LOSSES if "blurred" in name},
        "shrunk to a face of 32 pixels": 16,
        "shrunk to a face of 24 pixels": 12,
        "shrunk to a face of 16 pixels": 8,
        "shrunk to a face of 12 pixels": 6,
    }


def test_the_interval_is_the_one_of_the_changed_picture() -> None:
    stripes = np.zeros((288, 288, 3), np.uint8)
    stripes[:, ::2] = 8
    read = read_face(stripes, FACE, None, AgesByBox())
    # Half the pixels are 8 and half 0: the spread is 4 years, and 80% lie within 1.28 of it.
    assert (read.untouched.low, read.untouched.high) == (43, 53)
    blurred = read.changed["blurred, sigma 8% of the face"]
    assert (blurred.low, blurred.high) == (48, 48)


def test_a_change_that_cannot_be_made_is_left_out() -> None:
    image = np.full((90, 90, 3), 100, np.uint8)
    read = read_face(image, Face(Box(30, 30, 50, 50), 0.9), None, AgesByBox())
    assert set(LOSSES) - set(read.changed) == {
        "shrunk to a face of 32 pixels",
        "shrunk to a face of 24 pixels",
    }
