"""The networks that ship with the program; what every age model keeps to: test_contracts.py."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from sample_pictures import picture
from tiny_networks import onnx_file

from age_detector.compact import INPUT_SIZE, WEIGHTS, CompactAgeDetector
from age_detector.compact_free import CompactFreeAgeDetector
from age_pipeline.data import Box, Face, Image
from age_pipeline.errors import ModelDamaged
from age_pipeline.model_files import load
from benchmarks.composed_clips import FACES


@pytest.fixture(scope="module", params=[CompactAgeDetector, CompactFreeAgeDetector])
def ages(request: pytest.FixtureRequest) -> CompactAgeDetector:
    detector: CompactAgeDetector = request.param()
    return detector


@pytest.fixture(scope="module")
def crop(ages: CompactAgeDetector) -> Image:
    return ages.crop(picture("1.png"), Face(Box(179, 57, 271, 177), 0.99))


def test_its_file_lies_in_the_room_and_is_the_known_one(ages: CompactAgeDetector) -> None:
    loaded = load(ages.weights)
    assert loaded.path == ages.weights.home / ages.weights.file
    assert loaded.verified
    assert len(loaded.data) == ages.weights.size
    assert len(loaded.data) <= 4_000_000


def test_the_licence_says_who_may_use_it(ages: CompactAgeDetector) -> None:
    assert ages.model.licence == ages.weights.licence
    free = ages.model.name == "compact-free"
    assert ("UTKFace" in ages.weights.licence, "research only" in ages.weights.licence) == (
        (False, False) if free else (True, True)
    )


def test_blurred_and_tiny_faces_are_told_with_more_doubt(ages: CompactAgeDetector) -> None:
    crops = [ages.crop(picture(name), Face(box, 0.99)) for name, box in FACES.items()]

    def width(change: Callable[[Image], object]) -> float:
        told = ages.estimate([np.asarray(change(crop), np.uint8) for crop in crops])
        return float(np.mean([np.ptp(age.interval(0.8)) for age in told]))

    def tiny(crop: Image) -> object:
        few = cv2.resize(crop, (12, 12), interpolation=cv2.INTER_AREA)
        return cv2.resize(few, crop.shape[:2], interpolation=cv2.INTER_LINEAR)

    untouched = width(lambda crop: crop)
    assert width(lambda crop: cv2.GaussianBlur(crop, (0, 0), 0.08 * INPUT_SIZE)) >= 1.5 * untouched
    assert width(tiny) >= 1.3 * untouched


def test_a_face_and_its_mirror_image_are_about_as_old(
    ages: CompactAgeDetector, crop: Image
) -> None:
    as_is, mirrored = ages.estimate([crop, np.ascontiguousarray(crop[:, ::-1])])
    assert abs(as_is.years - mirrored.years) < 4


def test_colour_and_place_matter_to_it(ages: CompactAgeDetector, crop: Image) -> None:
    as_is, other_colours, upside_down = ages.estimate(
        [crop, np.ascontiguousarray(crop[..., ::-1]), np.ascontiguousarray(crop[::-1])]
    )
    for other in (other_colours, upside_down):
        assert np.abs(as_is.probabilities - other.probabilities).max() > 1e-4


def test_another_network_under_its_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / WEIGHTS.file).write_bytes(onnx_file(np.ones((2, 3), np.float32)))
    with pytest.raises(ModelDamaged, match=r"does not hold the weights of the compact network"):
        CompactAgeDetector(tmp_path)
