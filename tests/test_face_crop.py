"""How a face is cut out, pixel by pixel: each pixel of the picture carries its own place."""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from age_detector.face_crop import CROP_OF_BOX, square_crop, stacked, upright
from age_pipeline.data import Box, Face, Image

WIDTH, HEIGHT = 120, 90


def places(width: int = WIDTH, height: int = HEIGHT) -> Image:
    """A picture whose pixel in column x and row y is (x, y, 7)."""
    image = np.full((height, width, 3), 7, np.uint8)
    image[..., 0] = np.arange(width)
    image[..., 1] = np.arange(height)[:, None]
    return image


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    left, top = draw(st.integers(0, WIDTH - 1)), draw(st.integers(0, HEIGHT - 1))
    return Box(left, top, draw(st.integers(left + 1, WIDTH)), draw(st.integers(top + 1, HEIGHT)))


def side_of(box: Box, part: float = CROP_OF_BOX) -> int:
    return max(round(part * math.sqrt(box.area)), 1)


def columns_and_rows(crop: Image) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Which columns and rows of `places` an upright crop shows."""
    assert (crop[..., 0] == crop[:1, :, 0]).all()
    assert (crop[..., 1] == crop[:, :1, 1]).all()
    assert (crop[..., 2] == 7).all()
    return crop[0, :, 0].astype(np.int64), crop[:, 0, 1].astype(np.int64)


class TestSquareCrop:
    def test_the_side_is_what_the_network_was_trained_with(self) -> None:
        assert CROP_OF_BOX == 0.94

    @given(boxes(), st.sampled_from([CROP_OF_BOX, 0.5, 2.0]))
    def test_is_a_square_around_the_middle_with_the_border_repeated(
        self, box: Box, part: float
    ) -> None:
        side = side_of(box, part)
        # In its own size nothing is resized, so that every pixel can be told.
        crop = square_crop(places(), Face(box, 0.9), side, part)
        assert crop.shape == (side, side, 3)
        columns, rows = columns_and_rows(crop)
        for found, middle, last in (
            (columns, (box.left + box.right) / 2, WIDTH - 1),
            (rows, (box.top + box.bottom) / 2, HEIGHT - 1),
        ):
            first = middle - side / 2
            expected = [
                np.clip(np.arange(side) + start, 0, last)
                for start in (math.floor(first), math.ceil(first))
            ]
            assert found.tolist() in [each.tolist() for each in expected]

    def test_for_example(self) -> None:
        columns, rows = columns_and_rows(
            square_crop(places(), Face(Box(20, 10, 60, 50), 0.9), side_of(Box(20, 10, 60, 50)))
        )
        # 40 pixels times 0.94 is 38 pixels, one less on each side.
        assert (columns[0], columns[-1], len(columns)) == (21, 58, 38)
        assert (rows[0], rows[-1], len(rows)) == (11, 48, 38)

    @pytest.mark.parametrize("quarter_turns", range(4))
    @given(box=boxes())
    def test_of_a_lying_face_is_that_of_the_picture_set_upright(
        self, box: Box, quarter_turns: int
    ) -> None:
        # The box of the same face in the picture as it lies.
        marked = np.zeros((HEIGHT, WIDTH), np.uint8)
        marked[box.top : box.bottom, box.left : box.right] = 1
        left, top, width, height = cv2.boundingRect(
            np.ascontiguousarray(np.rot90(marked, -quarter_turns))
        )
        lying = np.ascontiguousarray(np.rot90(places(), -quarter_turns))
        face = Face(Box(left, top, left + width, top + height), 0.9, quarter_turns)

        side = side_of(box)
        found = columns_and_rows(square_crop(lying, face, side))
        expected = columns_and_rows(square_crop(places(), Face(box, 0.9), side))
        # Where the middle of the box lies between two pixels, the square may be one further.
        for each, other in zip(found, expected, strict=True):
            assert np.abs(each - other).max() <= 1
        if (box.left + box.right - side) % 2 == 0 and (box.top + box.bottom - side) % 2 == 0:
            np.testing.assert_array_equal(found, expected)

    @pytest.mark.parametrize("size", [1, 16, 64, 200])
    def test_has_the_size_that_is_asked_for(self, size: int) -> None:
        crop = square_crop(places(), Face(Box(20, 10, 60, 50), 0.9), size)
        assert crop.shape == (size, size, 3)
        assert crop.dtype == np.uint8
        # Whatever the size, the middle of the crop is the middle of the face.
        assert crop.reshape(-1, 3).mean(axis=0) == pytest.approx([39.5, 29.5, 7], abs=0.6)

    def test_a_large_face_is_shrunk_by_averaging(self) -> None:
        # One bright pixel in each 4x4, each of which becomes one pixel.
        dotted = np.zeros((188, 188, 3), np.uint8)
        dotted[::4, ::4] = 160
        crop = square_crop(dotted, Face(Box(0, 0, 188, 188), 0.9), 44, part=176 / 188)
        assert (crop == 10).all()

    @pytest.mark.parametrize("box", [Box(0, 0, 1, 1), Box(119, 89, 120, 90), Box(0, 89, 120, 90)])
    def test_of_the_narrowest_box_is_a_crop_too(self, box: Box) -> None:
        crop = square_crop(places(), Face(box, None), 64)
        assert crop.shape == (64, 64, 3)
        columns, rows = crop[..., 0], crop[..., 1]
        assert columns.min() >= max(box.left - 1, 0)
        assert columns.max() <= box.right
        assert rows.min() >= max((box.top + box.bottom - side_of(box)) // 2, 0)

    def test_the_picture_is_not_modified(self) -> None:
        image = places()
        image.flags.writeable = False
        crop = square_crop(image, Face(Box(0, 0, 64, 64), 0.9), 64, part=1)
        crop[:] = 0
        np.testing.assert_array_equal(image, places())


class TestUpright:
    @pytest.mark.parametrize("quarter_turns", range(4))
    def test_is_the_box_turned(self, quarter_turns: int) -> None:
        found = upright(places(), Face(Box(20, 10, 60, 40), 0.9, quarter_turns))
        np.testing.assert_array_equal(found, np.rot90(places()[10:40, 20:60], quarter_turns))

    def test_sets_a_face_on_its_feet(self) -> None:
        # The head lies to the left: one quarter clockwise sets it upright, or three the other way.
        lying = np.zeros((10, 20, 3), np.uint8)
        lying[:, :5] = 255
        standing = upright(lying, Face(Box(0, 0, 20, 10), 0.9, quarter_turns=3))
        assert standing.shape == (20, 10, 3)
        assert (standing[:5] == 255).all()
        assert not standing[5:].any()


@pytest.mark.parametrize("box", [Box(0, 0, 121, 50), Box(0, 0, 50, 91), Box(300, 300, 310, 310)])
def test_a_box_that_reaches_outside_the_picture_is_refused(box: Box) -> None:
    with pytest.raises(ValueError, match=r"expected a box inside 120x90 pixels, got Box\("):
        square_crop(places(), Face(box, 0.9), 64)
    with pytest.raises(ValueError, match=r"expected a box inside 120x90 pixels, got Box\("):
        upright(places(), Face(box, 0.9))


def test_what_is_no_picture_is_refused() -> None:
    face = Face(Box(0, 0, 5, 5), 0.9)
    with pytest.raises(TypeError, match="uint8"):
        square_crop(np.zeros((9, 9, 3), np.float32), face, 64)
    with pytest.raises(ValueError, match="shape"):
        upright(np.zeros((9, 9), np.uint8), face)


class TestStacked:
    def test_keeps_order_and_values(self) -> None:
        crops = [np.full((4, 4, 3), grey, np.uint8) for grey in (3, 255, 0)]
        batch = stacked(crops, 4)
        assert batch.dtype == np.float32
        assert batch.shape == (3, 4, 4, 3)
        assert batch[:, 2, 1, 0].tolist() == [3, 255, 0]

    @pytest.mark.parametrize("shape", [(4, 5, 3), (5, 4, 3), (3, 3, 3)])
    def test_refuses_a_crop_of_another_size(self, shape: tuple[int, ...]) -> None:
        crops = [np.zeros((4, 4, 3), np.uint8), np.zeros(shape, np.uint8)]
        with pytest.raises(ValueError, match=r"expected a crop of shape \(4, 4, 3\), got"):
            stacked(crops, 4)

    def test_refuses_what_is_no_picture(self) -> None:
        with pytest.raises(TypeError, match="uint8, got float32"):
            stacked([np.zeros((4, 4, 3), np.float32)], 4)
        with pytest.raises(ValueError, match="shape"):
            stacked([np.zeros((4, 4, 4), np.uint8)], 4)
