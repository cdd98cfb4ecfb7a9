"""The main path: find the faces, estimate their ages, keep them together."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
import pytest
from fakes import FakeAges, FakeFaces, bell

from age_pipeline.data import AgeEstimate, Box, Face, Frame, Image
from age_pipeline.errors import InputError
from age_pipeline.stages import ModelUse, find_people

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


class HungryFaces(FakeFaces):
    """Fails as `failure` does."""

    def __init__(self, failure: Callable[[], object]) -> None:
        super().__init__()
        self._failure = failure

    def detect(self, image: Image) -> list[Face]:
        self._failure()
        return super().detect(image)


def beyond_numpy() -> object:
    return np.zeros((10**7, 10**7, 8), np.uint8)


def beyond_opencv() -> object:
    # 400 terabytes: more than any address can reach.
    edge = 10**7
    return cv2.copyMakeBorder(
        np.zeros((1, 1), np.uint8), edge, edge, edge, edge, cv2.BORDER_CONSTANT
    )


def beyond_what_opencv_is_written_in() -> object:
    raise cv2.error("std::bad_alloc")


@pytest.mark.parametrize("failure", [beyond_numpy, beyond_opencv, beyond_what_opencv_is_written_in])
def test_too_little_memory_is_the_pictures_own_error(
    frame: Frame, failure: Callable[[], object]
) -> None:
    with pytest.raises(InputError, match=r"three\.png needs more memory than is left") as raised:
        find_people(frame, HungryFaces(failure), FakeAges())

    assert raised.value.kind == "too_large"


def test_another_error_of_opencv_is_a_bug(frame: Frame) -> None:
    def failure() -> object:
        return cv2.resize(np.zeros((0, 0), np.uint8), (5, 5))

    with pytest.raises(cv2.error):
        find_people(frame, HungryFaces(failure), FakeAges())


@pytest.mark.parametrize(
    ("use", "text"),
    [
        (ModelUse("compact", "compact.onnx", "0" * 64, "MIT"), "compact (compact.onnx; MIT)"),
        (ModelUse("compact", "mine.onnx", "0" * 64), "compact (mine.onnx)"),
        (ModelUse("painted", None, None), "painted"),
        (ModelUse("hog", None, None, "Boost", "20.0.1"), "hog (20.0.1; Boost)"),
    ],
)
def test_a_model_is_named_with_its_file_and_what_allows_its_use(use: ModelUse, text: str) -> None:
    assert str(use) == text
