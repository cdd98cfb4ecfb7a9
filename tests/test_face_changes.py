"""What is done to pictures of faces before their ages are read again."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from picture_files import corners

from age_detector.face_crop import square_crop
from age_pipeline.data import Box, Face, Image
from benchmarks.face_changes import (
    BOX_MOVES,
    COPIES,
    LOSSES,
    Change,
    blurred,
    box_moved,
    halved,
    saved_again,
    shrunk_to,
    surroundings,
)

FACE = Face(Box(100, 200, 140, 280), 0.75, quarter_turns=3)


def noise(width: int, height: int) -> Image:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)


def changed(change: Change, image: Image, box: Box) -> tuple[Image, Box]:
    view = change(image, Face(box, None))
    assert view is not None
    return view[0], view[1].box


class TestSurroundings:
    PICTURE = noise(130, 98)

    @given(st.integers(0, 129), st.integers(0, 97), st.integers(1, 130), st.integers(1, 98))
    def test_an_age_model_sees_the_same_in_them(
        self, left: int, top: int, width: int, height: int
    ) -> None:
        box = Box(left, top, min(left + width, 130), min(top + height, 98))
        near, face = surroundings(self.PICTURE, Face(box, None))
        np.testing.assert_array_equal(
            square_crop(near, face, 16), square_crop(self.PICTURE, Face(box, None), 16)
        )
        assert (face.box.width, face.box.height) == (box.width, box.height)

    def test_of_a_large_picture_little_is_left(self) -> None:
        near, face = surroundings(noise(800, 600), FACE)
        # A margin of 80 pixels is 20 to 220 across and 120 to 360 down; cut at multiples of 16.
        assert near.shape[:2] == (368 - 112, 224 - 16)
        assert face == Face(Box(84, 88, 124, 168), 0.75, quarter_turns=3)

    @pytest.mark.parametrize("name", COPIES)
    def test_a_copy_of_them_is_part_of_a_copy_of_all(self, name: str) -> None:
        smooth = np.kron(noise(60, 40), np.ones((8, 8, 1), np.uint8))
        face = Face(Box(203, 155, 243, 205), None)
        whole = COPIES[name](smooth, face)
        part = COPIES[name](*surroundings(smooth, face))
        assert whole is not None
        assert part is not None
        np.testing.assert_array_equal(square_crop(*part, 16), square_crop(*whole, 16))


@pytest.mark.parametrize(
    ("name", "box"),
    [
        ("box shifted left by 10%", Box(96, 200, 136, 280)),
        ("box shifted right by 10%", Box(104, 200, 144, 280)),
        ("box shifted up by 10%", Box(100, 192, 140, 272)),
        ("box shifted down by 10%", Box(100, 208, 140, 288)),
        ("box scaled by 0.9", Box(102, 204, 138, 276)),
        ("box scaled by 1.1", Box(98, 196, 142, 284)),
    ],
)
def test_the_box_moves_by_a_tenth_of_itself(name: str, box: Box) -> None:
    image = noise(400, 400)
    view = BOX_MOVES[name](image, FACE)
    assert view is not None
    assert view[0] is image
    assert view[1] == Face(box, 0.75, quarter_turns=3)


def test_what_reaches_outside_the_picture_is_cut_off() -> None:
    image = noise(50, 40)
    assert changed(box_moved(across=-0.1), image, Box(1, 0, 41, 40))[1] == Box(0, 0, 37, 40)
    assert changed(box_moved(scale=1.5), image, Box(10, 10, 50, 40))[1] == Box(0, 2, 50, 40)
    assert box_moved(across=1)(image, Face(Box(10, 0, 50, 40), None)) is None


def test_edges_are_rounded_to_whole_pixels() -> None:
    image = noise(100, 100)
    # 1.6 pixels; cut off, it would be 1.
    assert changed(box_moved(across=0.1), image, Box(10, 10, 26, 26))[1] == Box(12, 10, 28, 26)


def test_saved_again_the_colours_stay_and_the_details_go() -> None:
    pixels = np.asarray(corners())[..., ::-1].copy()
    image, box = changed(saved_again(40), pixels, Box(3, 4, 20, 20))
    assert box == Box(3, 4, 20, 20)
    assert image.shape == pixels.shape
    for row, column in ((4, 4), (4, 40), (28, 4), (28, 40)):
        np.testing.assert_allclose(image[row, column], pixels[row, column].astype(int), atol=20)
    grey = noise(64, 64)[..., :1].repeat(3, axis=2)
    good, bad = (changed(saved_again(quality), grey, box)[0] for quality in (90, 40))
    assert np.abs(bad.astype(int) - grey).mean() > 2 * np.abs(good.astype(int) - grey).mean()
    np.testing.assert_array_equal(
        changed(COPIES["saved again as JPEG of quality 40"], grey, box)[0], bad
    )


@pytest.mark.parametrize(("part", "box"), [(0.04, Box(0, 0, 100, 100)), (0.08, Box(0, 0, 25, 100))])
def test_sigma_is_a_part_of_the_faces_size(part: float, box: Box) -> None:
    edge = np.zeros((100, 100, 3), np.uint8)
    edge[:, 50:] = 255
    image, same = changed(blurred(part), edge, box)
    assert same == box
    # The slope of a blurred edge is the Gaussian itself; both sigmas are 4 pixels.
    slope = np.diff(image[50, :, 0].astype(float)) / 255
    places = np.arange(len(slope)) - 49
    assert np.sqrt((slope * places**2).sum()) == pytest.approx(4, rel=0.03)


def test_halved_the_box_goes_with_the_picture() -> None:
    image, box = changed(halved, noise(80, 60), Box(20, 11, 50, 30))
    assert image.shape == (30, 40, 3)
    # Of 5.5, Python makes the even neighbour.
    assert box == Box(10, 6, 25, 15)


def test_halved_each_pixel_is_the_mean_of_four() -> None:
    pixels = noise(4, 2)
    image, _ = changed(halved, pixels, Box(0, 0, 4, 2))
    assert image[0, 1] == pytest.approx(pixels[:, 2:].mean((0, 1)), abs=0.51)


def test_a_face_of_which_no_pixel_is_left_cannot_be_halved() -> None:
    assert halved(noise(9, 9), Face(Box(4, 4, 5, 5), None)) is None


def test_shrunk_the_face_has_the_size_that_is_asked_for() -> None:
    # The root of 50 times 98 is 70; the picture becomes 35 parts in 70 of itself.
    image, box = changed(shrunk_to(35), noise(200, 120), Box(20, 10, 70, 108))
    assert image.shape == (60, 100, 3)
    assert box == Box(10, 5, 35, 54)


@pytest.mark.parametrize("side", [32, 20])
def test_a_face_that_is_no_larger_is_not_shrunk(side: int) -> None:
    assert shrunk_to(32)(noise(50, 50), Face(Box(5, 5, 5 + side, 5 + side), None)) is None


@pytest.mark.parametrize("size", [32, 24, 16, 12])
def test_the_losses_are_named_for_what_they_do(size: int) -> None:
    _, box = changed(LOSSES[f"shrunk to a face of {size} pixels"], noise(96, 96), Box(0, 0, 96, 96))
    assert box == Box(0, 0, size, size)


@pytest.mark.parametrize("percent", [2, 4, 8])
def test_the_blurs_are_named_for_what_they_do(percent: int) -> None:
    image, box = noise(96, 96), Box(0, 0, 96, 96)
    named = changed(LOSSES[f"blurred, sigma {percent}% of the face"], image, box)[0]
    np.testing.assert_array_equal(named, changed(blurred(percent / 100), image, box)[0])


@pytest.mark.parametrize("name", [*BOX_MOVES, *COPIES, *LOSSES])
def test_what_is_given_stays_as_it_was(name: str) -> None:
    image = noise(60, 60)
    before = image.copy()
    view = {**BOX_MOVES, **COPIES, **LOSSES}[name](image, Face(Box(10, 10, 50, 50), 0.75, 1))
    assert view is not None
    np.testing.assert_array_equal(image, before)
    assert (view[1].confidence, view[1].quarter_turns) == (0.75, 1)
