"""The network that ships with the program; what every age model keeps to: test_contracts.py."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sample_pictures import picture
from tiny_networks import onnx_file

from age_detector.compact import INPUT_SIZE, WEIGHTS, CompactAgeDetector
from age_pipeline.data import Box, Face, Image
from age_pipeline.errors import ModelDamaged
from age_pipeline.model_files import load


@pytest.fixture(scope="module")
def ages() -> CompactAgeDetector:
    return CompactAgeDetector()


@pytest.fixture(scope="module")
def crop(ages: CompactAgeDetector) -> Image:
    return ages.crop(picture("1.png"), Face(Box(179, 57, 271, 177), 0.99))


def test_its_file_lies_in_the_room_and_is_the_known_one() -> None:
    loaded = load(WEIGHTS)
    assert loaded.path == WEIGHTS.home / "compact.onnx"
    assert loaded.verified
    assert len(loaded.data) == WEIGHTS.size
    assert len(loaded.data) <= 4_000_000


def test_a_face_and_its_mirror_image_are_as_old(ages: CompactAgeDetector, crop: Image) -> None:
    assert crop.shape == (INPUT_SIZE, INPUT_SIZE, 3)
    as_is, mirrored = ages.estimate([crop, np.ascontiguousarray(crop[:, ::-1])])
    np.testing.assert_allclose(as_is.probabilities, mirrored.probabilities, atol=1e-6)


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
