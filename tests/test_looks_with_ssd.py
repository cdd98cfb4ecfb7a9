"""Further looks with the real network: everyone on images/ is found, and nobody else."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
import pytest
from group_photos import NASA_FACES, solvay_centres
from sample_pictures import PORTRAITS, close_up, picture

from age_pipeline.data import Face, Image
from face_detector.looks import LookAgain
from face_detector.ssd import SsdFaceDetector


class CountingSsd(SsdFaceDetector):
    """The SSD, counting how often it looks."""

    looks = 0

    def detect(self, image: Image) -> list[Face]:
        self.looks += 1
        return super().detect(image)


@pytest.fixture(scope="module")
def ssd() -> CountingSsd:
    return CountingSsd()


@pytest.fixture(params=["again", "thorough"])
def detector(request: pytest.FixtureRequest, ssd: CountingSsd) -> LookAgain:
    ssd.looks = 0
    return LookAgain(ssd, thorough=request.param == "thorough")


def lying(image: Image, quarter_turns: int) -> Image:
    """The picture as it lies when it takes so many quarter turns to set it upright."""
    return np.ascontiguousarray(np.rot90(image, -quarter_turns))


def test_each_of_the_29_at_solvay_is_found_once(detector: LookAgain) -> None:
    centres = solvay_centres()
    boxes = [face.box for face in detector.detect(picture("solvay_1927.jpg"))]
    assert len(boxes) == len(centres) == 29
    people = [
        [
            index
            for index, (x, y) in enumerate(centres)
            if box.left <= x < box.right and box.top <= y < box.bottom
        ]
        for box in boxes
    ]
    assert sorted(people) == [[index] for index in range(29)]


def test_each_of_the_23_astronauts_is_found_once(detector: LookAgain) -> None:
    boxes = [face.box for face in detector.detect(picture("nasa_group15.jpg"))]
    assert len(boxes) == len(NASA_FACES) == 23
    found = [max(range(23), key=lambda n: known.iou(boxes[n])) for known in NASA_FACES]
    assert sorted(found) == list(range(23))
    assert all(known.iou(boxes[n]) > 0.5 for known, n in zip(NASA_FACES, found, strict=True))


@pytest.mark.parametrize("name", PORTRAITS)
def test_an_ordinary_portrait_costs_one_look(ssd: CountingSsd, name: str) -> None:
    once = ssd.detect(picture(name))
    ssd.looks = 0
    assert LookAgain(ssd).detect(picture(name)) == once
    assert (ssd.looks, len(once)) == (1, 1)


def test_a_thorough_look_finds_nobody_else_on_it(ssd: CountingSsd) -> None:
    [once] = ssd.detect(picture("1.png"))
    [face] = LookAgain(ssd, thorough=True).detect(picture("1.png"))
    assert face.box.iou(once.box) > 0.7


@pytest.mark.parametrize(
    ("name", "contrast", "light"),
    [("1.png", 0.1, 10), ("2.jpg", 0.06, 5), ("2.jpg", 0.03, 60), ("einstein_1947.jpg", 0.08, 200)],
)
def test_a_portrait_in_darkness_or_fog_is_found(
    ssd: CountingSsd, name: str, contrast: float, light: int
) -> None:
    [clear] = ssd.detect(picture(name))
    dim = np.clip(picture(name) * contrast + light, 0, 255).astype(np.uint8)
    assert ssd.detect(dim) == []
    [face] = LookAgain(ssd).detect(dim)
    assert face.box.iou(clear.box) > 0.7


@pytest.mark.parametrize("name", PORTRAITS)
@pytest.mark.parametrize("quarter_turns", [1, 2, 3])
def test_a_portrait_that_lies_is_found_as_it_stands(
    ssd: CountingSsd, name: str, quarter_turns: int
) -> None:
    [upright] = ssd.detect(picture(name))
    [face] = LookAgain(ssd).detect(lying(picture(name), quarter_turns))
    assert face.quarter_turns == quarter_turns
    assert face.confidence == upright.confidence
    sides = upright.box.width, upright.box.height
    assert (face.box.width, face.box.height) == (sides if quarter_turns == 2 else sides[::-1])


def test_a_group_that_lies_is_found_as_it_stands(ssd: CountingSsd) -> None:
    for quarter_turns in (1, 2, 3):
        faces = LookAgain(ssd).detect(lying(picture("nasa_group15.jpg"), quarter_turns))
        assert [face.quarter_turns for face in faces] == [quarter_turns] * 23


@pytest.mark.parametrize("name", PORTRAITS)
@pytest.mark.parametrize("part", [1.0, 0.8])
def test_a_face_that_fills_the_frame_is_one_face(
    ssd: CountingSsd, detector: LookAgain, name: str, part: float
) -> None:
    [portrait] = ssd.detect(picture(name))
    image = close_up(name, portrait.box, part)
    [face] = detector.detect(image)
    assert face.box.area > 0.5 * image.shape[0] * image.shape[1]
    assert face.quarter_turns == 0


def nobody() -> Iterator[tuple[str, Image]]:
    """Pictures without a face, 640x480."""
    random = np.random.default_rng(7)
    for grey in (0, 127, 255):
        yield f"grey {grey}", np.full((480, 640, 3), grey, np.uint8)
    yield "noise", random.integers(0, 256, (480, 640, 3), dtype=np.uint8)
    blotches = random.integers(0, 256, (12, 16, 3), dtype=np.uint8)
    yield "blotches", np.asarray(cv2.resize(blotches, (640, 480), interpolation=cv2.INTER_CUBIC))
    across = np.linspace(0, 255, 640, dtype=np.uint8)
    yield "gradient", np.ascontiguousarray(np.broadcast_to(across[None, :, None], (480, 640, 3)))
    y, x = np.mgrid[:480, :640]
    chequered = ((x // 40 + y // 40) % 2 * 255).astype(np.uint8)
    yield "chequered", np.ascontiguousarray(np.broadcast_to(chequered[..., None], (480, 640, 3)))
    ball = np.clip(255 * (1 - np.hypot((x - 320) / 240, (y - 240) / 240)), 0, 255).astype(np.uint8)
    yield "ball", np.ascontiguousarray(np.broadcast_to(ball[..., None], (480, 640, 3)))


@pytest.mark.parametrize("image", [pytest.param(image, id=name) for name, image in nobody()])
def test_where_nobody_is_nobody_is_found(ssd: CountingSsd, image: Image) -> None:
    assert LookAgain(ssd).detect(image) == []


@pytest.mark.parametrize("name", ["grey 127", "noise", "blotches"])
def test_nor_by_looking_everywhere(ssd: CountingSsd, name: str) -> None:
    assert LookAgain(ssd, thorough=True).detect(dict(nobody())[name]) == []
