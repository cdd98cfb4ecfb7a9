from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
import pytest
from composed_clips import frames
from fakes import FACE, FakeAges, FakeFaces, bell

import face_detector
from age_detector.smoothing import SteadyAge, readability
from age_pipeline.data import Box, Face, Frame, Image
from age_pipeline.errors import InputError
from age_pipeline.tracking import Tracker
from age_pipeline.video_people import DETECT_EVERY_S, DOUBTFUL, MISSED_S, VideoPeople
from benchmarks.composed_clips import Clip, Pose, compose, line, textured
from benchmarks.sample_clips import sample_clips

RATE = 30


def scene(left: int = 40, seed: int = 1) -> Image:
    """A grey room with a textured square of 40 pixels, which is followed well."""
    rng = np.random.default_rng(seed)
    image = np.full((120, 240, 3), 90, np.uint8)
    patch = cv2.resize(rng.integers(0, 256, (10, 10, 3), np.uint8), (40, 40))
    image[40:80, left : left + 40] = patch
    return image


def square(left: int, confidence: float = 0.9) -> Face:
    return Face(Box(left, 40, left + 40, 80), confidence)


class ScriptedFaces(FakeFaces):
    """Sees what it is told to, one list of faces after the other, the last again and again."""

    def __init__(self, *scripts: Sequence[Face]) -> None:
        super().__init__()
        self._scripts = list(scripts)

    def detect(self, image: Image) -> list[Face]:
        super().detect(image)
        turn = min(len(self.seen), len(self._scripts)) - 1
        return list(self._scripts[turn])


def people_with(
    faces: FakeFaces, ages: FakeAges | None = None, detect_every: int | None = None
) -> VideoPeople:
    return VideoPeople(
        faces,
        ages or FakeAges(),
        SteadyAge,
        lambda crop, face: 0.5,  # noqa: ARG005
        detect_every=detect_every,
        remembers=True,
    )


def frame(image: Image, number: int, rate: float = RATE) -> Frame:
    return Frame(image, "film", index=number, time_s=number / rate)


def test_faces_are_looked_for_now_and_then_and_followed_in_between() -> None:
    faces = ScriptedFaces([square(40)])
    people = people_with(faces)
    moving = [people.find(frame(scene(40 + number), number)) for number in range(5)]
    assert len(faces.seen) == 1
    assert [found[0].face.box.left for found in moving] == pytest.approx(
        [40, 41, 42, 43, 44], abs=1
    )
    assert {found[0].track for found in moving} == {1}


def test_five_times_a_second() -> None:
    faces = ScriptedFaces([square(40)])
    people = people_with(faces)
    for number in range(2 * RATE):
        people.find(frame(scene(), number))
    assert len(faces.seen) == round(2 / DETECT_EVERY_S)


@pytest.mark.parametrize("every", [1, 4])
def test_as_often_as_asked_for(every: int) -> None:
    faces = ScriptedFaces([square(40)])
    people = people_with(faces, detect_every=every)
    for number in range(12):
        people.find(frame(scene(), number))
    assert len(faces.seen) == 12 // every


def test_faces_are_looked_for_at_once_where_somebody_is_lost() -> None:
    faces = ScriptedFaces([square(40)], [])
    people = people_with(faces)
    assert people.find(frame(scene(), 0))
    assert people.find(frame(np.full((120, 240, 3), 90, np.uint8), 1)) == []
    assert len(faces.seen) == 2


def test_an_age_is_made_of_many_looks() -> None:
    ages = FakeAges([bell(30), bell(40)])
    faces = ScriptedFaces([square(40)])
    people = people_with(faces, ages)
    for number in range(RATE):
        people.find(frame(scene(), number))
    assert ages.calls == [1] * 5
    summary = people.everybody()[0]
    assert (summary.track, summary.looks, summary.frames) == (1, 5, RATE)
    assert summary.first_s == 0
    assert summary.last_s == pytest.approx((RATE - 1) / RATE)


def test_no_look_is_wasted() -> None:
    ages = FakeAges()
    people = people_with(ScriptedFaces([square(40)]), ages, detect_every=1)
    for number in range(20 * RATE):
        people.find(frame(scene(), number))
    assert sum(ages.calls) < 20 * 5


def test_several_people_are_estimated_in_one_pass() -> None:
    ages = FakeAges([bell(20), bell(60)])
    found = people_with(ScriptedFaces([square(40), square(160)]), ages).find(frame(scene(), 0))
    assert ages.calls == [2]
    assert [round(each.age.years) for each in found] == [20, 60]
    assert [each.track for each in found] == [1, 2]


def test_a_doubtful_face_is_nobody_new_but_may_be_somebody_known() -> None:
    doubtful = square(40, confidence=0.4)
    assert people_with(ScriptedFaces([doubtful])).find(frame(scene(), 0)) == []
    people = people_with(ScriptedFaces([square(40)], [doubtful]), detect_every=1)
    people.find(frame(scene(), 0))
    found = people.find(frame(scene(), 1))
    assert [(each.track, each.face.confidence) for each in found] == [(1, 0.4)]


def test_a_box_does_not_blink_when_the_detector_does() -> None:
    people = people_with(ScriptedFaces([square(40)], []), detect_every=6)
    shown = [bool(people.find(frame(scene(), number))) for number in range(RATE)]
    assert all(shown[:7]), "missed once"
    assert not any(shown[round(MISSED_S * RATE) + 6 :]), "missed for good"


def test_nobody_is_shown_where_somebody_else_hides_them() -> None:
    before, after = [square(40), square(64)], [square(60)]
    people = people_with(ScriptedFaces(before, after), detect_every=1)
    assert len(people.find(frame(scene(), 0))) == 2
    assert [each.track for each in people.find(frame(scene(), 1))] == [2]


def test_faces_are_looked_for_at_once_where_following_is_unsure() -> None:
    faces = ScriptedFaces([square(40)])
    people = people_with(faces)
    partly_covered = scene()
    partly_covered[:, 74:80] = 0
    people.find(frame(scene(), 0))
    people.find(frame(partly_covered, 1))
    assert len(faces.seen) == 2


def test_who_leaves_the_picture_is_no_reason_to_look_for_faces() -> None:
    at_the_edge = Face(Box(0, 40, 30, 80), 0.9)
    faces = ScriptedFaces([at_the_edge, square(160)])
    people = people_with(faces)
    for number in range(6):
        image = scene(160)
        image[40:80, : max(0, 30 - 10 * number)] = scene(40)[40:80, 40 + 10 * number :][
            :, : max(0, 30 - 10 * number)
        ]
        found = people.find(frame(image, number))
        assert 2 in [each.track for each in found]
    assert len(faces.seen) == 1
    assert len(found) == 1


def test_where_a_missed_face_is_followed_to_says_nothing_of_the_person(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[set[int]] = []
    monkeypatch.setattr(Tracker, "follow", lambda _, boxes, __: told.append({*boxes}))
    people = people_with(ScriptedFaces([square(40)], []), detect_every=2)
    shown = [bool(people.find(frame(scene(), number))) for number in range(4)]
    assert shown == [True] * 4
    assert told == [set(), {1}, {1}, set()]


def test_numbers_stay_when_two_people_cross() -> None:
    clip = Clip(
        textured(480, 360),
        {
            "1.png": line(Pose(80, 150, 90), Pose(400, 190, 90), 0, 3),
            "2.jpg": line(Pose(400, 180, 90), Pose(80, 180, 90), 0, 3),
        },
        3,
    )
    frames = list(compose(clip, 30))

    class TrueFaces(FakeFaces):
        """Sees who can be seen; it is asked in every sixth frame."""

        def detect(self, image: Image) -> list[Face]:
            shown = next(each for each in frames if each.image is image)
            return [Face(box, 0.9) for name, box in shown.boxes.items() if shown.seen[name] > 0.6]

    people = people_with(TrueFaces(), detect_every=6)
    numbers: dict[str, set[int | None]] = {name: set() for name in clip.paths}
    for index, each in enumerate(frames):
        found = people.find(Frame(each.image, "film", index=index, time_s=each.time_s))
        for person in found:
            for name, box in each.boxes.items():
                if person.face.box.iou(box) > 0.5 and each.seen[name] > 0.9:
                    numbers[name].add(person.track)
    assert [len(each) for each in numbers.values()] == [1, 1]
    assert set.union(*numbers.values()) == {1, 2}


@pytest.mark.parametrize("name", ["behind a bar", "turning back behind a bar", "coming and going"])
def test_everybody_has_one_row(name: str) -> None:
    faces = face_detector.load(looks="single", min_confidence=DOUBTFUL)
    people = VideoPeople(faces, FakeAges(), SteadyAge, readability, remembers=True)
    for number, each in enumerate(frames(name, 8)):
        people.find(Frame(each.image, "film", index=number, time_s=each.time_s))
    assert len(people.everybody()) == len(sample_clips()[name].paths)


def test_a_ghost_is_nobody() -> None:
    people = people_with(ScriptedFaces([square(40), square(160)], [square(40)]), detect_every=1)
    for number in range(10):
        people.find(frame(scene(), number))
    assert [each.track for each in people.everybody()] == [1]
    assert people.nobodies() == [2]


def test_whose_number_is_never_needed_again_is_told_of() -> None:
    nobody: list[Face] = []
    script = [[square(40), square(160)], *[[square(40)]] * 30, *[nobody] * 60]
    people = people_with(ScriptedFaces(*script), detect_every=1)
    left = {}
    for number in range(90):
        people.find(frame(scene(), number))
        left[number] = people.left
    assert [each for each in left.values() if each] == [{2: False}, {1: True}]
    assert people.nobodies() == []


def test_who_is_seen_for_long_is_somebody_however_seldom_faces_are_looked_for() -> None:
    people = people_with(ScriptedFaces([], [square(40)], []), detect_every=30)
    for number in range(80):
        people.find(frame(scene(), number))
    assert [(each.track, each.frames) for each in people.everybody()] == [(1, 50)]


def test_the_row_tells_the_whole_video() -> None:
    ages = FakeAges([bell(30)])
    people = people_with(ScriptedFaces([square(40)]), ages, detect_every=1)
    for number in range(100):
        people.find(frame(scene(), number, 2))
    ages.become(bell(60))
    told = [people.find(frame(scene(), number, 2)) for number in range(100, 140)]
    assert told[-1][0].age.years > 55
    assert people.everybody()[0].age.years < 40


def test_once_missed_is_once_at_any_pace() -> None:
    people = people_with(ScriptedFaces([square(40)], [], [square(40)], []), detect_every=1)
    shown = [[each.track for each in people.find(frame(scene(), n, 1))] for n in range(6)]
    assert shown == [[1], [1], [1], [1], [], []]


def test_a_neighbour_who_hides_next_to_nothing_of_a_face_leaves_it_its_label() -> None:
    both, one = [square(40), square(79)], [square(79)]
    people = people_with(ScriptedFaces(both, one), detect_every=1)
    people.find(frame(scene(), 0))
    assert len(people.find(frame(scene(), 1))) == 2


def test_after_a_cut_another_person_in_the_same_place_has_another_number() -> None:
    # Two seats in one studio: other faces, in front of the same wall.
    first, second = scene(seed=1), scene(seed=2)
    people = people_with(ScriptedFaces([square(40)]))
    assert [each.track for each in people.find(frame(first, 0))] == [1]
    assert [each.track for each in people.find(frame(first, 1))] == [1]
    assert [each.track for each in people.find(frame(second, 2))] == [2]


def test_a_live_source_leaves_time_to_follow() -> None:
    clock = iter(range(1000))
    faces = ScriptedFaces([square(40)])
    people = VideoPeople(
        faces,
        FakeAges(),
        SteadyAge,
        lambda crop, face: 0.5,  # noqa: ARG005
        clock=lambda: float(next(clock)),
    )
    for number in range(round(8.1 * RATE)):
        people.find(frame(scene(), number))
    assert len(faces.seen) == 5, "each look takes a second"


def test_time_that_steps_back_stands_still() -> None:
    faces = ScriptedFaces([square(40)])
    people = people_with(faces)
    for number in (300, 301, 0, 1, 2, 306, 307):
        assert len(people.find(frame(scene(), number))) == 1
    assert len(faces.seen) == 2
    assert people.everybody()[0].last_s == pytest.approx(307 / RATE)


@pytest.mark.parametrize("size", [(1, 2000), (5000, 1), (1, 1)])
def test_a_picture_of_any_shape(size: tuple[int, int]) -> None:
    width, height = size
    image = np.full((height, width, 3), 90, np.uint8)
    whole = Face(Box(0, 0, width, height), 0.9)
    people = people_with(ScriptedFaces([whole]))
    for number in range(10):
        people.find(frame(image, number))


def test_half_a_face_counts_for_less_than_a_whole_one() -> None:
    people = people_with(ScriptedFaces([Face(Box(0, 40, 20, 80), 0.9), square(100)]))
    people.find(frame(scene(), 0))
    half, whole = people.best_looks
    assert (
        half.quality < 0.6 * whole.quality * (half.face.box.area / whole.face.box.area) ** 0.5 * 1.4
    )


def test_a_video_of_one_frame_has_people() -> None:
    people = people_with(ScriptedFaces([square(40)]))
    people.find(frame(scene(), 0))
    assert [each.looks for each in people.everybody()] == [1]


def test_who_has_left_is_told_of_in_the_end_and_the_number_is_never_given_again() -> None:
    nobody: list[Face] = []
    script = [[square(40)]] * 5 + [nobody] * 60 + [[square(160)]] * 5
    people = people_with(ScriptedFaces(*script), detect_every=1)
    for number in range(70):
        people.find(frame(scene(), number))
    assert [each.track for each in people.everybody()] == [1, 2]


def test_who_has_left_is_forgotten_where_nobody_asks() -> None:
    script = [[square(40)]] * 5 + [[]] * 60
    people = VideoPeople(ScriptedFaces(*script), FakeAges(), SteadyAge, readability, detect_every=1)
    for number in range(65):
        people.find(frame(scene(), number))
    assert people.everybody() == []


def test_the_best_look_is_told_of() -> None:
    worth = iter([0.3, 0.9, 0.5])
    people = VideoPeople(
        ScriptedFaces([square(40)]),
        FakeAges(),
        SteadyAge,
        lambda crop, face: next(worth),  # noqa: ARG005
        detect_every=1,
        remembers=True,
    )
    better = []
    for number in range(3):
        people.find(frame(scene(), number))
        better.append([look.time_s for look in people.best_looks])
    assert better == [[0], [pytest.approx(1 / RATE)], []]
    assert people.everybody()[0].best_s == pytest.approx(1 / RATE)


@pytest.mark.parametrize(
    ("stage", "error"), [("detect", MemoryError()), ("estimate", MemoryError())]
)
def test_too_little_memory_is_told(
    monkeypatch: pytest.MonkeyPatch, stage: str, error: Exception
) -> None:
    def fail(*_: object) -> Callable[[], None]:
        raise error

    faces, ages = ScriptedFaces([FACE]), FakeAges()
    monkeypatch.setattr(faces if stage == "detect" else ages, stage, fail)
    with pytest.raises(InputError, match="more memory") as caught:
        people_with(faces, ages).find(frame(scene(), 0))
    assert caught.value.kind == "too_large"
