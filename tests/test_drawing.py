import cv2
import numpy as np
import pytest
from fakes import bell
from group_photos import IMAGES, NASA_FACES, solvay_faces
from hypothesis import given, settings
from hypothesis import strategies as st

from age_pipeline.data import Box, Face, Image, Person
from age_pipeline.drawing import GROUND, INK, Colour, draw_people
from age_pipeline.label_layout import arrange_labels


def person(box: Box) -> Person:
    return Person(Face(box, 0.9), bell(34))


def plain(width: int, height: int, brightness: int = 120) -> Image:
    return np.full((height, width, 3), brightness, np.uint8)


def luminance(colour: Colour) -> float:
    """Relative luminance as the W3C defines it for contrast (WCAG 2.2)."""
    blue, green, red = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (value / 255 for value in colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@given(
    size=st.tuples(st.integers(1, 500), st.integers(1, 500)),
    corners=st.lists(st.tuples(*[st.floats(0, 1)] * 4), max_size=5),
)
@settings(deadline=None)
def test_any_picture_with_any_boxes(
    size: tuple[int, int], corners: list[tuple[float, float, float, float]]
) -> None:
    width, height = size
    boxes = [
        Box.clipped(
            x * width, y * height, (x + w) * width, (y + h) * height, width=width, height=height
        )
        for x, y, w, h in corners
    ]
    people = [person(box) for box in boxes if box]
    image = plain(width, height)
    before = image.copy()
    drawn = draw_people(image, people)
    assert drawn.shape == image.shape
    assert drawn.dtype == np.uint8
    assert np.array_equal(image, before)
    assert not np.shares_memory(drawn, image)
    assert bool((drawn != image).any()) == bool(people)


def test_contrast_is_enough_for_small_text() -> None:
    bright, dark = luminance(GROUND), luminance(INK)
    assert (bright + 0.05) / (dark + 0.05) > 7


@pytest.mark.parametrize("brightness", [0, 120, 255])
def test_the_box_is_drawn_on_any_ground(brightness: int) -> None:
    box = Box(200, 100, 300, 220)
    drawn = draw_people(plain(600, 400, brightness), [person(box)])
    for row, column in ((100, 250), (219, 205), (150, 200), (150, 299)):
        assert tuple(drawn[row, column]) == GROUND
    for row, column in ((99, 250), (150, 199), (150, 300)):
        assert tuple(drawn[row, column]) == INK
    inside = drawn[104:216, 204:296]
    assert (inside == brightness).all()


def test_lines_grow_with_the_picture_but_not_over_small_faces() -> None:
    def thickness(side: int, box: Box) -> int:
        drawn = draw_people(plain(side, side), [person(box)])
        across = drawn[(box.top + box.bottom) // 2, box.left : (box.left + box.right) // 2]
        return int((across == GROUND).all(axis=1).sum())

    assert thickness(300, Box(100, 100, 200, 200)) == 1
    assert thickness(3000, Box(1000, 1000, 2000, 2000)) == 10
    assert thickness(3000, Box(1000, 1000, 1060, 1900)) == 3
    assert thickness(3000, Box(1000, 1000, 1900, 1060)) == 3


def test_the_label_has_text_on_its_ground() -> None:
    box = Box(200, 100, 300, 220)
    people = [person(box)]
    ((_, place),) = filter(None, arrange_labels(people, width=600, height=400))
    label = draw_people(plain(600, 400), people)[place.top : place.bottom, place.left : place.right]
    assert (label[0] == INK).all()
    assert 0.4 < (label == GROUND).all(axis=2).mean() < 0.9
    assert (label[2:-2, 2:-2].sum(axis=2) < 150).mean() > 0.03


def test_the_interval_level_and_the_age_reach_the_label() -> None:
    people = [person(Box(200, 100, 300, 220))]
    image = plain(600, 400)
    usual = draw_people(image, people)
    assert (draw_people(image, people, interval_level=0.5) != usual).any()
    taller = draw_people(image, people, at_least=18)
    assert (taller != image).any(axis=(1, 2)).sum() > (usual != image).any(axis=(1, 2)).sum()


@pytest.mark.parametrize(
    ("name", "faces"), [("solvay_1927.jpg", solvay_faces()), ("nasa_group15.jpg", NASA_FACES)]
)
def test_no_face_of_a_group_photograph_is_covered(name: str, faces: list[Box]) -> None:
    image = np.asarray(cv2.imread(str(IMAGES / name)), dtype=np.uint8)
    drawn = draw_people(image, [person(face) for face in faces])
    shown = 0
    for face in faces:
        within = (slice(face.top + 8, face.bottom - 8), slice(face.left + 8, face.right - 8))
        shown += int((drawn[within] == image[within]).all())
    # Boxes of neighbours overlap; their thin lines may cross a face, labels may not.
    assert shown >= len(faces) - 4


def test_a_picture_that_is_none_is_the_callers_mistake() -> None:
    with pytest.raises(TypeError, match="uint8"):
        draw_people(np.zeros((4, 4, 3)), [])  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="shape"):
        draw_people(np.zeros((4, 4), np.uint8), [])
