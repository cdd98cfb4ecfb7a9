"""The same faces and ages, whichever engine runs the networks."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from installed_engines import OTHER_ENGINES
from sample_pictures import picture
from write_golden import PICTURES

import age_detector
import face_detector
from age_pipeline.data import AgeEstimate, Face, Image
from age_pipeline.network_engines import Engine

FloatArray = npt.NDArray[np.float64]


@cache
def faces_by(engine: Engine) -> dict[str, list[Face]]:
    """The faces on images/."""
    detector = face_detector.load(looks="single", engine=engine)
    return {name: detector.detect(picture(name)) for name in PICTURES}


def crops_for(model: str, folder: Path | None) -> list[Image]:
    """A crop of each of some faces of images/, and noise."""
    ages = age_detector.load(model, folder)
    found = [(picture(name), face) for name in PICTURES for face in faces_by("opencv")[name][:3]]
    crops = [ages.crop(image, face) for image, face in found]
    random = np.random.default_rng(0)
    return [*crops, random.integers(0, 256, crops[0].shape, np.uint8)]


@pytest.mark.parametrize("engine", OTHER_ENGINES)
def test_the_faces_are_the_same(engine: Engine) -> None:
    for name, expected in faces_by("opencv").items():
        found = faces_by(engine)[name]
        assert len(found) == len(expected)
        for face in expected:
            near = max(found, key=lambda each: face.box.iou(each.box))
            assert near.confidence == pytest.approx(face.confidence, abs=1e-4)
            assert _edges(near) == pytest.approx(_edges(face), abs=1)


@pytest.mark.parametrize("engine", OTHER_ENGINES)
@pytest.mark.parametrize("model", age_detector.NAMES)
def test_the_ages_are_the_same(model: str, engine: Engine, request: pytest.FixtureRequest) -> None:
    folder = request.getfixturevalue("age_net_folder") if model == "levi-hassner" else None
    crops = crops_for(model, folder)
    expected = age_detector.load(model, folder).estimate(crops)
    ages = age_detector.load(model, folder, engine=engine)
    for found in (ages.estimate(crops), [ages.estimate([crop])[0] for crop in crops]):
        np.testing.assert_allclose(_probabilities(found), _probabilities(expected), atol=1e-4)


@pytest.mark.parametrize(
    ("name", "made_by"),
    [("yunet", "YunetFaceDetector"), ("haar", "HaarFaceDetector"), ("hog", "HogFaceDetector")],
)
def test_a_detector_that_brings_its_own_is_made_without(
    name: str, made_by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[tuple[object, ...]] = []
    monkeypatch.setattr(f"face_detector.{name}.{made_by}", lambda *asked: made.append(asked))
    face_detector.load(name, looks="single", engine="openvino")
    assert made == [(None, 0.5)]


def _edges(face: Face) -> list[int]:
    return [face.box.left, face.box.top, face.box.right, face.box.bottom]


def _probabilities(ages: list[AgeEstimate]) -> list[FloatArray]:
    return [age.probabilities for age in ages]
