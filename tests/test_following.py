"""Boxes that follow the picture between two looks for faces."""

from __future__ import annotations

import numpy as np
import pytest
from composed_clips import detected, frames
from group_photos import NASA_FACES
from sample_pictures import picture

from age_pipeline.data import Box, Image
from age_pipeline.following import Follower
from age_pipeline.tracking import Tracker
from benchmarks.composed_clips import ComposedFrame
from benchmarks.sample_clips import panned
from benchmarks.video_steadiness import Mistakes

STEPS = 6
"""Frames from one look for faces to the next."""


def patches(width: int = 200, height: int = 160) -> Image:
    """A picture with something to follow everywhere."""
    return np.kron(
        np.random.default_rng(0).integers(0, 256, (height // 5, width // 5, 3), np.uint8),
        np.ones((5, 5, 1), np.uint8),
    )


@pytest.mark.parametrize(
    ("name", "worst"),
    [
        ("moving", 0.85),
        ("near and far", 0.85),
        ("fast and small", 0.8),
        ("crossing", 0.85),
        ("noisy", 0.8),
        ("dimmed", 0.85),
        ("behind a bar", 0.5),
    ],
)
def test_boxes_stay_on_their_faces(name: str, worst: float) -> None:
    follower, seen = Follower(), 0
    names: list[str] = []
    for index, frame in enumerate(frames(name, 30)[:48]):
        if index % STEPS == 0:
            names = [name for name in frame.boxes if frame.seen[name] > 0.9]
            follower.start(frame.image, [frame.boxes[name] for name in names])
            continue
        for name, there in zip(names, follower.follow(frame.image), strict=True):
            if there is not None and there.certainty >= 0.7:
                assert there.box.iou(frame.boxes[name]) >= worst
                seen += 1
    assert seen > 30


def test_what_moves_by_whole_pixels_is_followed_to_the_pixel() -> None:
    image, box = patches(), Box(60, 50, 110, 110)
    follower = Follower()
    follower.start(image, [box])
    for step in range(1, 6):
        moved = np.roll(image, (2 * step, 3 * step), axis=(0, 1))
        (there,) = follower.follow(moved)
        assert there is not None
        assert there.box == Box(60 + 3 * step, 50 + 2 * step, 110 + 3 * step, 110 + 2 * step)
        assert there.certainty > 0.9


def test_large_pictures_are_reduced_and_boxes_are_not() -> None:
    image, box = np.kron(patches(), np.ones((8, 8, 1), np.uint8)), Box(480, 400, 880, 880)
    follower = Follower()
    follower.start(image, [box])
    (there,) = follower.follow(np.roll(image, (16, 24), axis=(0, 1)))
    assert there is not None
    assert there.box.iou(Box(504, 416, 904, 896)) > 0.98


def test_a_cut_loses_everybody_for_good() -> None:
    before, after = picture("1.png"), picture("2.jpg")[:512, :512]
    follower = Follower()
    follower.start(before, [Box(179, 57, 271, 177), Box(150, 300, 300, 420)])
    assert follower.follow(after) == [None, None]
    assert follower.follow(before) == [None, None]


def test_who_is_being_hidden_gets_less_certain_and_is_lost() -> None:
    image = patches()
    follower = Follower()
    follower.start(image, [Box(60, 50, 110, 110), Box(130, 50, 180, 110)])
    certainties = []
    for edge in range(60, 120, 6):
        hidden = image.copy()
        hidden[:, 50:edge] = 30
        first, second = follower.follow(hidden)
        certainties.append(0.0 if first is None else first.certainty)
        assert second is not None
        assert second.certainty == 1
    assert certainties == sorted(certainties, reverse=True)
    assert 0.4 <= certainties[2] < 1
    assert certainties[-1] == 0


def test_who_leaves_the_picture_is_lost() -> None:
    image = patches(400, 160)
    follower = Follower()
    follower.start(image[:, :200].copy(), [Box(10, 50, 60, 110)])
    there = [follower.follow(image[:, step : step + 200].copy())[0] for step in range(5, 90, 5)]
    assert there[0] is not None
    assert there[0].box.left == 5
    assert there[-1] is None


def test_nothing_is_certain_of_who_is_hidden() -> None:
    follower, hidden = Follower(), 0
    names: list[str] = []
    for index, frame in enumerate(frames("behind a bar", 30)[:60]):
        if index % (2 * STEPS) == 0:
            names = [name for name in frame.boxes if frame.seen[name] > 0.6]
            follower.start(frame.image, [frame.boxes[name] for name in names])
            continue
        for name, there in zip(names, follower.follow(frame.image), strict=True):
            if frame.seen[name] < 0.4:
                assert there is None or there.certainty < 0.7
                hidden += 1
    assert hidden


@pytest.mark.parametrize("gain", [0.4, 1.4])
def test_a_lamp_that_goes_on_or_off_loses_nobody(gain: float) -> None:
    image = patches()
    follower = Follower()
    follower.start(image, [Box(60, 40, 100, 90)])
    lit = np.clip(gain * (image * 0.6 + 20), 0, 255).astype(np.uint8)
    (followed,) = follower.follow(lit)
    assert followed is not None
    assert followed.box.iou(Box(60, 40, 100, 90)) > 0.9


def test_in_the_dark_nobody_can_be_followed() -> None:
    follower = Follower()
    follower.start(np.zeros_like(patches()), [Box(60, 50, 110, 110)])
    assert follower.follow(np.zeros_like(patches())) == [None]


def test_whoever_is_lost_stays_lost() -> None:
    image = patches(400, 160)
    follower = Follower()
    follower.start(image[:, :200].copy(), [Box(0, 50, 50, 110)])
    ways = [*range(0, 48, 4), 46, 48, 50, 52, *range(50, 0, -4)]
    there = [follower.follow(image[:, left : left + 200].copy())[0] for left in ways]
    lost = there.index(None)
    assert there[lost:] == [None] * (len(ways) - lost)


def test_with_nobody_there_is_nobody_to_follow() -> None:
    follower = Follower()
    assert follower.follow(patches()) == []
    follower.start(patches(), [])
    assert follower.follow(patches(40, 40)) == []


def test_a_new_start_forgets_the_faces_of_before() -> None:
    follower = Follower()
    follower.start(patches(), [Box(60, 50, 110, 110)])
    follower.start(patches(), [Box(10, 10, 50, 50), Box(100, 20, 150, 80)])
    boxes = [there and there.box for there in follower.follow(patches())]
    assert boxes == [Box(10, 10, 50, 50), Box(100, 20, 150, 80)]


def test_a_face_of_a_few_pixels_may_be_lost_but_breaks_nothing() -> None:
    follower = Follower()
    follower.start(patches(), [Box(0, 0, 1, 1), Box(199, 159, 200, 160), Box(60, 50, 62, 52)])
    assert len(follower.follow(patches())) == 3


def test_many_faces_are_followed_as_well() -> None:
    image = picture("nasa_group15.jpg")
    follower = Follower()
    follower.start(image, NASA_FACES)
    there = follower.follow(np.roll(image, 4, axis=1))
    followed = [each for each in there if each is not None]
    assert len(followed) >= len(NASA_FACES) - 1
    for box, each in zip(NASA_FACES, there, strict=True):
        if each is not None:
            shifted = Box(box.left + 4, box.top, box.right + 4, box.bottom)
            assert each.box.iou(shifted) > 0.85


def test_a_picture_of_another_size_is_refused() -> None:
    follower = Follower()
    follower.start(patches(), [Box(60, 50, 110, 110)])
    with pytest.raises(ValueError, match="same size"):
        follower.follow(patches(100, 100))


def test_a_picture_is_not_written_into() -> None:
    image = patches()
    image.flags.writeable = False
    follower = Follower()
    follower.start(image, [Box(60, 50, 110, 110)])
    follower.follow(image)
    np.testing.assert_array_equal(image, patches())


def test_in_a_group_that_a_camera_sweeps_over_nobody_is_taken_for_another() -> None:
    names = {str(index): box for index, box in enumerate(NASA_FACES)}
    clip: list[ComposedFrame] = list(
        panned(
            picture("nasa_group15.jpg"),
            names,
            (400, 240),
            duration_s=1.5,
            turn_s=6,
            frame_rate=30,
        )
    )
    tracker, follower, counted = Tracker(), Follower(), Mistakes()
    numbers: list[int | None] = []
    for index, (frame, sights) in enumerate(detected(clip, 0)):
        if index % STEPS == 0:
            numbers = tracker.update([face for _, face in sights], frame.time_s, frame.image)
            follower.start(frame.image, [face.box for _, face in sights])
            counted.add([name for name, _ in sights], numbers)
        else:
            there = follower.follow(frame.image)
            boxes = {
                number: each.box
                for number, each in zip(numbers, there, strict=True)
                if number is not None and each is not None and each.certainty >= 0.7
            }
            tracker.follow(boxes, frame.time_s)
    assert counted.count == 0
