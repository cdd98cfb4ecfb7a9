"""Faces turned so that their eyes are level."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from fakes import FakeAges

import face_detector
from age_pipeline.data import Box, Face, Image
from age_pipeline.errors import UsageError
from age_pipeline.stages import FaceDetector, ModelUse
from benchmarks import levelling
from benchmarks.levelling import LevelledAges, levelled

IMAGES = str(Path(__file__).parent.parent / "images")

MIDDLE = (60, 50)


@dataclass(frozen=True, slots=True)
class EyedFaces:
    """A detector whose faces all have level eyes."""

    faces: FaceDetector

    @property
    def model(self) -> ModelUse:
        return self.faces.model

    def detect(self, image: Image) -> list[Face]:
        eyes = ((0.0, 0.0), (9.0, 0.0), (5.0, 5.0), (2.0, 9.0), (7.0, 9.0))
        return [replace(face, landmarks=eyes) for face in self.faces.detect(image)]


def face_with_eyes(degrees: float, quarter_turns: int = 0) -> tuple[Image, Face]:
    """A picture with two dots for eyes, tilted clockwise, and the face."""
    image = np.zeros((120, 140, 3), np.uint8)
    across, down = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    right = (round(MIDDLE[0] - 20 * across), round(MIDDLE[1] - 20 * down))
    left = (round(MIDDLE[0] + 20 * across), round(MIDDLE[1] + 20 * down))
    cv2.circle(image, right, 3, (0, 0, 255), -1)
    cv2.circle(image, left, 3, (0, 255, 0), -1)
    points = (right, left, MIDDLE, MIDDLE, MIDDLE)
    return image, Face(Box(30, 20, 90, 80), 0.9, quarter_turns, points)


def eye(image: Image, colour: int) -> tuple[float, float]:
    rows, columns = np.nonzero(image[..., colour] > 100)
    return float(columns.mean()), float(rows.mean())


@pytest.mark.parametrize("degrees", [-40, -5, 0, 12, 30])
def test_the_eyes_become_level_around_the_middle_of_the_face(degrees: float) -> None:
    image, face = face_with_eyes(degrees)
    before = image.copy()
    turned = levelled(image, face)
    right, left = eye(turned, 2), eye(turned, 1)
    assert right[1] == pytest.approx(MIDDLE[1], abs=1.5)
    assert left[1] == pytest.approx(MIDDLE[1], abs=1.5)
    assert left[0] - right[0] == pytest.approx(40, abs=2)
    np.testing.assert_array_equal(image, before)


@pytest.mark.parametrize("quarter_turns", [1, 2, 3])
def test_a_face_that_lies_keeps_lying(quarter_turns: int) -> None:
    image, face = face_with_eyes(90 * quarter_turns + 10, quarter_turns)
    upright = np.rot90(levelled(image, face), quarter_turns)
    right, left = eye(upright, 2), eye(upright, 1)
    assert right[1] == pytest.approx(left[1], abs=1.5)
    assert left[0] > right[0]


def test_without_landmarks_nothing_can_be_turned() -> None:
    image, face = face_with_eyes(30)
    with pytest.raises(UsageError, match="does not tell where the eyes are: take --detector yunet"):
        levelled(image, Face(face.box, 0.9))


def test_the_age_model_is_asked_for_the_turned_picture() -> None:
    image, face = face_with_eyes(30)
    ages = FakeAges()
    crop = LevelledAges(ages).crop(image, face)
    np.testing.assert_array_equal(crop, ages.crop(levelled(image, face), face))
    assert LevelledAges(ages).model.name == "fake-ages levelled"
    assert len(LevelledAges(ages).estimate([crop])) == 1


def test_both_ways_are_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    faces = EyedFaces(face_detector.load())
    monkeypatch.setattr(face_detector, "load", lambda name: {"yunet": faces}[name])
    assert levelling.main([IMAGES, "--limit", "2"]) == 0
    told = capsys.readouterr().out
    assert "compact levelled, ssd" in told
    assert "compact, ssd to compact levelled, ssd    0.00" in told


def test_a_detector_without_landmarks_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert levelling.main([IMAGES, "--limit", "2", "--detector", "ssd"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.endswith(
        "levelling: error: the detector does not tell where the eyes are: take --detector yunet\n"
    )
    assert err.count("error") == 1


def test_no_face_at_all_is_no_measurement(capsys: pytest.CaptureFixture[str]) -> None:
    assert levelling.main([IMAGES, "--limit", "0"]) == 2
    assert "--limit 0" in capsys.readouterr().err
