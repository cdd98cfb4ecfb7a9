from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image as PillowImage

import face_detector
from age_pipeline.pictures import decode
from age_pipeline.stages import FaceDetector
from benchmarks.camera_pictures import camera_picture
from benchmarks.composed_clips import textured
from benchmarks.speed import FACES
from benchmarks.speed_scenes import PICTURES


@pytest.fixture(scope="module")
def ssd() -> FaceDetector:
    return face_detector.load(looks="single")


@pytest.mark.parametrize("faces", FACES)
def test_one_look_finds_everybody(ssd: FaceDetector, faces: int) -> None:
    pictures = [camera_picture(faces, 640, 480, seed) for seed in range(PICTURES)]
    assert len(set(pictures)) == PICTURES
    found = [len(ssd.detect(decode(picture, "picture"))) for picture in pictures]
    assert found == [faces] * PICTURES


def test_they_are_found_in_a_larger_picture_too(ssd: FaceDetector) -> None:
    assert len(ssd.detect(decode(camera_picture(8, 2000, 1500, 0), "picture"))) == 8


def test_the_file_is_as_cameras_write_it() -> None:
    with PillowImage.open(BytesIO(camera_picture(2, 1000, 750, 0))) as picture:
        assert (picture.format, picture.size, picture.mode) == ("JPEG", (1000, 750), "RGB")
        assert picture.getexif()[0x0112] == 1
        # Colours have half the brightness's resolution in both directions.
        assert [layer[1:3] for layer in picture.layer] == [(2, 2), (1, 1), (1, 1)]  # type: ignore[attr-defined]


def test_colours_are_those_of_what_was_composed() -> None:
    picture = decode(camera_picture(1, 640, 480, 0), "picture")
    behind = textured(640, 480, 0)(0)
    # Nobody reaches into the corner.
    corners = [image[:100, :100].mean((0, 1)) for image in (picture, behind)]
    assert corners[0] == pytest.approx(corners[1], abs=2)
    assert np.ptp(corners[1]) > 10


def test_the_same_seed_gives_the_same_file() -> None:
    assert camera_picture(2, 320, 240, 7) == camera_picture(2, 320, 240, 7)
