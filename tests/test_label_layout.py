from dataclasses import replace
from functools import partial
from itertools import combinations

import numpy as np
import pytest
from fakes import bell
from group_photos import NASA_FACES, NASA_SIZE, SOLVAY_SIZE, solvay_faces
from hypothesis import given, settings
from hypothesis import strategies as st

from age_pipeline.data import OLDEST, Box, Face, Person
from age_pipeline.label_layout import SMALLEST_TEXT, Label, LabelStyle, arrange_labels
from age_pipeline.labels import label_forms
from age_pipeline.lettering import write_line


def person(box: Box, years: float = 34) -> Person:
    return Person(Face(box, 0.9), bell(years))


def crowd(boxes: list[Box]) -> list[Person]:
    return [person(box, 25 + number % 40) for number, box in enumerate(boxes)]


@st.composite
def pictures(draw: st.DrawFn) -> tuple[int, int, list[Person]]:
    """Width and height of a picture, and people in it."""
    width = draw(st.integers(1, 3000))
    height = draw(st.integers(1, 3000))
    people = []
    for _ in range(draw(st.integers(0, 6))):
        left, top = draw(st.integers(0, width - 1)), draw(st.integers(0, height - 1))
        right, bottom = draw(st.integers(left + 1, width)), draw(st.integers(top + 1, height))
        people.append(person(Box(left, top, right, bottom), draw(st.integers(0, OLDEST))))
    return width, height, people


@given(pictures())
@settings(deadline=None)
def test_labels_lie_in_the_picture_and_have_their_own_size(
    picture: tuple[int, int, list[Person]],
) -> None:
    width, height, people = picture
    labels = arrange_labels(people, width=width, height=height)
    assert len(labels) == len(people)
    for placed in labels:
        if placed is None:
            assert min(width, height) < 3 * SMALLEST_TEXT
        else:
            label, place = placed
            assert place.right <= width
            assert place.bottom <= height
            assert (place.width, place.height) == (label.size.width, label.size.height)
            assert label.text_size >= SMALLEST_TEXT


@pytest.mark.parametrize(
    ("faces", "size"),
    [(solvay_faces(), SOLVAY_SIZE), (NASA_FACES, NASA_SIZE)],
    ids=["solvay", "nasa"],
)
@pytest.mark.parametrize("at_least", [None, 18])
def test_a_group_photograph(faces: list[Box], size: tuple[int, int], at_least: int | None) -> None:
    people = crowd(faces)
    labels = arrange_labels(people, width=size[0], height=size[1], at_least=at_least)
    said = [placed[0].lines for placed in labels if placed]
    places = [placed[1] for placed in labels if placed]
    assert said == [label_forms(person.age)[1] for person in people], "years and interval"
    assert not any(place.intersection(face) for place in places for face in faces)
    assert not any(one.intersection(other) for one, other in combinations(places, 2))
    assert labels == arrange_labels(people, width=size[0], height=size[1])


def test_a_lone_face_gets_the_whole_label_below_it() -> None:
    box = Box(179, 57, 271, 177)
    ((label, place),) = filter(None, arrange_labels([person(box)], width=512, height=512))
    assert label.lines == label_forms(bell(34))[0]
    assert place.top == box.bottom
    assert abs((place.left + place.right) - (box.left + box.right)) <= 1


def test_a_face_in_front_keeps_its_whole_label_before_a_crowd() -> None:
    front = Box(200, 150, 400, 420)
    back = [Box(x, 60, x + 24, 92) for x in range(20, 600, 35)]
    labels = arrange_labels(crowd([front, *back]), width=640, height=480)
    lengths = [len(label.lines) for label, _ in filter(None, labels)]
    assert lengths == [2] + [1] * len(back)


def test_a_face_that_fills_the_picture_carries_its_label_inside() -> None:
    ((_, place),) = filter(
        None, arrange_labels([person(Box(0, 0, 640, 480))], width=640, height=480)
    )
    assert place.bottom == 480
    assert place.height < 0.3 * 480


def test_a_dense_crowd_gets_numbers_measured_by_the_faces() -> None:
    boxes = [Box(x, y, x + 45, y + 60) for x in range(900, 1500, 60) for y in range(900, 1300, 80)]
    labels = arrange_labels(crowd(boxes), width=8000, height=6000)
    for (label, place), box, member in zip(filter(None, labels), boxes, crowd(boxes), strict=True):
        assert label.lines == label_forms(member.age)[-1]
        assert place.width < box.width


def test_people_cheek_to_cheek_have_their_labels_on_different_sides() -> None:
    left, right = Box(200, 200, 300, 330), Box(280, 190, 380, 320)
    (_, one), (_, other) = filter(None, arrange_labels(crowd([left, right]), width=640, height=480))
    assert one.right <= left.left
    assert other.left >= right.right


def test_text_is_shrunk_before_the_interval_goes() -> None:
    row = [Box(x, 400, x + 26, 440) for x in range(100, 1000, 36)]
    labels = [placed[0] for placed in arrange_labels(crowd(row), width=1200, height=1000) if placed]
    assert {label.text_size for label in labels} == {12}
    assert [label.lines for label in labels] == [label_forms(p.age)[1] for p in crowd(row)]


def test_a_label_hides_little_of_a_face_that_fills_a_flat_picture() -> None:
    box = Box(0, 0, 100, 40)
    ((_, place),) = filter(None, arrange_labels([person(box)], width=100, height=40))
    assert place.area < 0.3 * box.area


@pytest.mark.parametrize("size", [(5, 5), (3000, 5), (5, 3000)])
def test_no_label_where_none_fits(size: tuple[int, int]) -> None:
    width, height = size
    labels = arrange_labels([person(Box(0, 0, width, height))], width=width, height=height)
    assert labels == [None]


@pytest.mark.parametrize(("small", "large"), [(400, 4000), (1000, 8000)])
def test_text_grows_with_the_picture(small: int, large: int) -> None:
    sizes = []
    for side in (small, large):
        box = Box(side // 4, side // 4, side // 2, side // 2)
        ((label, _),) = filter(None, arrange_labels([person(box)], width=side, height=side))
        sizes.append(label.text_size)
    assert sizes[1] / sizes[0] == pytest.approx(large / small, rel=0.1)


def inked(label: Label, line: str, baseline: int) -> Box:
    """The pixels of a label that a line has ink on."""
    mask = np.zeros((label.size.height, label.size.width), np.uint8)
    write_line(mask, line, label.text_size, middle=label.size.width / 2, baseline=baseline)
    rows, columns = (np.flatnonzero(mask.any(axis=axis)).tolist() for axis in (1, 0))
    return Box(columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)


@pytest.mark.parametrize("text_size", [10, 11, 14, 19, 40, 151, 286])
def test_the_ink_stays_on_its_ground(text_size: int) -> None:
    for lines in label_forms(bell(94), at_least=100):
        label = Label(lines, text_size)
        for line, baseline in zip(lines, label.baselines, strict=True):
            ink = inked(label, line, baseline)
            assert ink.left >= 1
            assert ink.top >= 1
            assert ink.right <= label.size.width - 1
            assert ink.bottom <= label.size.height - 1


@pytest.mark.parametrize("text_size", [10, 14, 40, 151])
def test_lines_keep_apart(text_size: int) -> None:
    label = Label(("(60-100): 44.44%", "99 years (80-100)"), text_size)
    first, second = map(partial(inked, label), label.lines, label.baselines)
    assert first.bottom <= second.top


def briefest(people: list[Person], style: LabelStyle | None) -> int:
    """The most lines that a label of this frame has."""
    arranged = arrange_labels(people, width=640, height=480, style=style)
    return max(len(each[0].lines) for each in arranged if each is not None)


ALONE = [person(Box(280, 200, 340, 270))]
CROWD = crowd(
    [Box(left, top, left + 40, top + 50) for left in range(40, 600, 60) for top in (100, 180, 260)]
)


def test_the_labels_of_a_video_stay_as_brief_as_they_were() -> None:
    style = LabelStyle()
    assert briefest(ALONE, None) == 2
    assert briefest(CROWD, None) == 1
    told = []
    for number in range(100):
        style.next_frame(number / 25)
        told.append(briefest(CROWD if number < 10 else ALONE, style))
    assert told[:55] == [1] * 55
    assert told[63:] == [2] * 37


def test_labels_become_brief_at_once() -> None:
    style = LabelStyle()
    told = []
    for number in range(9):
        style.next_frame(number / 25)
        told.append(briefest(CROWD if number == 8 else ALONE, style))
    assert told == [2] * 8 + [1]


def test_a_video_that_begins_again_forgets_its_style() -> None:
    style = LabelStyle()
    style.next_frame(50)
    assert briefest(CROWD, style) == 1
    style.next_frame(0)
    assert briefest(ALONE, style) == 2


def test_neither_words_nor_size_flicker_where_a_face_does() -> None:
    style = LabelStyle()
    said = set()
    for number in range(60):
        style.next_frame(number / 25)
        height = 65 + number % 2
        jittering = Person(Face(Box(40, 300, 90, 300 + height), 0.9), bell(34), track=99)
        others = [replace(each, track=track) for track, each in enumerate(CROWD)]
        label, _ = next(
            filter(None, arrange_labels([jittering, *others], width=640, height=480, style=style))
        )
        said.add((label.lines, label.text_size))
    assert len(said) == 1


def test_text_grows_with_a_face_that_comes_near() -> None:
    style = LabelStyle()
    sizes = []
    for number in range(60):
        style.next_frame(number / 25)
        near = Person(Face(Box(200, 100, 240 + number, 150 + 2 * number), 0.9), bell(34), track=1)
        (placed,) = arrange_labels([near], width=640, height=480, style=style)
        assert placed is not None
        sizes.append(placed[0].text_size)
    assert sizes[-1] > 1.5 * sizes[0]
    assert sizes == sorted(sizes)
