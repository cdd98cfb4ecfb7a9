"""The main path: find the faces, estimate their ages, keep them together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from fakes import FakeAges, FakeFaces, bell

from age_pipeline.data import AgeEstimate, Box, Face, Frame, Image
from age_pipeline.stages import find_people

YEARS_BY_BOX = {Box(0, 0, 10, 10): 20, Box(20, 0, 30, 10): 40, Box(40, 5, 55, 30): 60}


class ReadingAges(FakeAges):
    """Reads the age that a face was painted with off its crop."""

    def estimate(self, crops: Sequence[Image]) -> list[AgeEstimate]:
        self.calls.append(len(crops))
        return [bell(float(np.median(crop))) for crop in crops]


@pytest.fixture
def frame() -> Frame:
    """Three faces, each painted with its age; nobody can write into it."""
    image = np.full((40, 60, 3), 90, np.uint8)
    for box, years in YEARS_BY_BOX.items():
        image[box.top : box.bottom, box.left : box.right] = years
    image.flags.writeable = False
    return Frame(image, "three.png")


def faces(*confidences: float) -> FakeFaces:
    return FakeFaces([Face(box, each) for box, each in zip(YEARS_BY_BOX, confidences, strict=True)])


@pytest.mark.parametrize("confidences", [(0.9, 0.7, 0.5), (0.5, 0.9, 0.7), (0.5, 0.7, 0.9)])
def test_each_face_gets_its_own_age_in_the_detectors_order(
    frame: Frame, confidences: tuple[float, float, float]
) -> None:
    detector = faces(*confidences)
    people = find_people(frame, detector, ReadingAges())
    assert [person.face for person in people] == detector.detect(frame.image)
    for person in people:
        assert person.age.years == pytest.approx(YEARS_BY_BOX[person.face.box], abs=0.5)


def test_all_ages_are_asked_for_at_once(frame: Frame) -> None:
    detector, ages = faces(0.9, 0.8, 0.7), FakeAges()
    find_people(frame, detector, ages)
    assert detector.seen == [(40, 60, 3)]
    assert ages.calls == [3]


def test_nobody_is_an_empty_list() -> None:
    ages = FakeAges()
    assert find_people(Frame(np.zeros((9, 9, 3), np.uint8), "black.png"), FakeFaces(), ages) == []
    assert sum(ages.calls) == 0


def test_without_a_detector_the_whole_picture_is_the_face(frame: Frame) -> None:
    [person] = find_people(frame, None, ReadingAges())
    assert person.face == Face(Box(0, 0, 60, 40), confidence=None)
    assert person.age.years == pytest.approx(90, abs=0.5)


def test_an_age_too_few_is_a_bug_that_shows(frame: Frame) -> None:
    class ForgetfulAges(FakeAges):
        def estimate(self, crops: Sequence[Image]) -> list[AgeEstimate]:
            return super().estimate(crops)[1:]

    with pytest.raises(ValueError, match="shorter"):
        find_people(frame, faces(0.9, 0.8, 0.7), ForgetfulAges())
