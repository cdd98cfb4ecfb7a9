"""Clips composed from portraits: what they say of themselves must be true."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from sample_pictures import PORTRAITS, picture

import face_detector
from age_pipeline.data import Box
from benchmarks.composed_clips import (
    FACES,
    Clip,
    ComposedFrame,
    Pose,
    compose,
    gradient,
    line,
    textured,
    then,
)
from benchmarks.sample_clips import HEIGHT, WIDTH, panned, sample_clips


def still(clip: Clip) -> ComposedFrame:
    return next(compose(clip, 10))


def stay(x: float, y: float, height: float = 50) -> Pose:
    return Pose(x, y, height)


@pytest.mark.parametrize("name", PORTRAITS)
@pytest.mark.parametrize("height", [40, 61, 130])
def test_the_face_is_where_it_is_said_to_be(name: str, height: float) -> None:
    frame = still(Clip(gradient(320, 240), {name: lambda _: stay(150.5, 120.25, height)}, 1))
    (found,) = face_detector.load(looks="single").detect(frame.image)
    box = frame.boxes[name]
    assert box.height == pytest.approx(height, abs=1)
    assert (box.left + box.right) / 2 == pytest.approx(150.5, abs=1)
    # The detector sees another crop of the portrait than the one its box was taken from.
    assert found.box.iou(box) > 0.6
    assert frame.seen[name] == 1


def test_faces_are_where_the_detector_finds_them_in_the_portraits() -> None:
    detector = face_detector.load(looks="single")
    for name, box in FACES.items():
        assert detector.detect(picture(name))[0].box.iou(box) > 0.95


def test_who_is_hidden_is_known() -> None:
    paths = {name: lambda _: stay(100, 120) for name in PORTRAITS[:2]}
    frame = still(Clip(gradient(320, 240), paths, 1))
    assert frame.seen == {"1.png": 0, "2.jpg": 1}
    behind = still(Clip(gradient(320, 240), paths, 1, bars=[Box(0, 0, 100, 240)]))
    assert behind.seen["2.jpg"] == pytest.approx(0.5, abs=0.03)
    assert (behind.image[:, :100] == behind.image[0, 0]).all()


def test_who_is_partly_outside_has_a_box_inside() -> None:
    frame = still(Clip(gradient(320, 240), {"1.png": lambda _: stay(0, 120)}, 1))
    assert frame.boxes["1.png"].left == 0
    assert frame.boxes["1.png"].width == pytest.approx(19, abs=1)
    assert still(Clip(gradient(320, 240), {"1.png": lambda _: stay(-300, 120)}, 1)).boxes == {}


def test_paths_lead_from_pose_to_pose_and_end() -> None:
    path = then(line(stay(0, 0, 10), stay(10, 20, 30), 1, 2), line(stay(5, 5), stay(5, 5), 3, 4))
    assert path(0.9) is None
    assert path(1.5) == Pose(5, 10, 20)
    assert path(2.5) is None
    assert path(3.5) == Pose(5, 5, 50)


def test_light_and_noise_change_the_picture() -> None:
    room = textured(320, 240)
    plain = still(Clip(room, {}, 1)).image.astype(int)
    np.testing.assert_array_equal(plain, room(0))
    dark = still(Clip(room, {}, 1, light=lambda _: 0.5)).image
    np.testing.assert_allclose(dark, plain / 2, atol=1)
    noisy = still(Clip(room, {}, 1, noise=10)).image
    assert (noisy - plain).std() == pytest.approx(10, rel=0.1)


@pytest.mark.parametrize("name", sorted(sample_clips()))
def test_every_clip_is_the_same_every_time(name: str) -> None:
    first, again = (list(compose(sample_clips()[name], 2)) for _ in range(2))
    assert [frame.time_s for frame in first] == [index / 2 for index in range(len(first))]
    assert any(frame.boxes for frame in first)
    for one, other in zip(first, again, strict=True):
        assert one.image.shape == (HEIGHT, WIDTH, 3)
        np.testing.assert_array_equal(one.image, other.image)


def test_a_sweep_goes_there_and_back() -> None:
    wide = textured(240, 48)(0)
    faces = {"left": Box(0, 10, 20, 30), "right": Box(220, 10, 240, 30)}
    swept = list(panned(wide, faces, (120, 48), duration_s=2, turn_s=2, frame_rate=4))
    assert len(swept) == 8
    assert [set(frame.boxes) for frame in swept[::4]] == [{"left"}, {"right"}]
    assert swept[4].boxes["right"] == Box(100, 10, 120, 30)
    np.testing.assert_array_equal(swept[4].image, wide[:, 120:])
    np.testing.assert_array_equal(swept[1].image, swept[7].image)


def test_a_turned_face_lies_on_its_side() -> None:
    room, upright = gradient(320, 320), Pose(160, 160, 100)

    def turned(roll: float) -> ComposedFrame:
        return still(Clip(room, {"1.png": lambda _: replace(upright, roll=roll)}, 1))

    frames = {roll: turned(roll) for roll in (0, 45, 90, 180)}
    box = frames[0].boxes["1.png"]
    lying = Box(box.top, box.left, box.bottom, box.right)
    assert frames[90].boxes["1.png"] == lying
    assert frames[180].boxes["1.png"] == box
    assert frames[45].boxes["1.png"].width == frames[45].boxes["1.png"].height
    assert box.width < frames[45].boxes["1.png"].width < box.height
    # Clockwise: the forehead is to the right.
    shown = frames[90].image[lying.top : lying.bottom, lying.left : lying.right].astype(int)
    face = frames[0].image[box.top : box.bottom, box.left : box.right]
    assert np.abs(shown - np.rot90(face, -1)).mean() < 3
    assert np.abs(shown - np.rot90(face)).mean() > 20


def test_a_squeezed_face_is_narrower() -> None:
    room, plain = gradient(320, 240), stay(160, 120, 80)
    wide = still(Clip(room, {"1.png": lambda _: plain}, 1))
    narrow = still(Clip(room, {"1.png": lambda _: replace(plain, squeeze=0.5)}, 1))
    box, half = wide.boxes["1.png"], narrow.boxes["1.png"]
    assert (half.top, half.bottom) == (box.top, box.bottom)
    assert half.width == pytest.approx(box.width / 2, abs=1)
    face = wide.image[box.top : box.bottom, box.left : box.right]
    squeezed = cv2.resize(face, (half.width, half.height), interpolation=cv2.INTER_AREA)
    shown = narrow.image[half.top : half.bottom, half.left : half.right].astype(int)
    assert np.abs(shown - squeezed).mean() < 8


def test_a_larger_portrait_shows_more() -> None:
    def detail(portrait_height: float) -> float:
        pose = Pose(160, 160, 260)
        clip = Clip(
            gradient(320, 320),
            {"einstein_1947.jpg": lambda _: pose},
            1,
            portrait_height=portrait_height,
        )
        return float(cv2.Laplacian(still(clip).image, cv2.CV_64F).std())

    assert detail(260) > 1.5 * detail(120)


def test_a_line_leads_from_turn_to_turn() -> None:
    path = line(Pose(0, 0, 10, roll=0, squeeze=1), Pose(0, 0, 10, roll=90, squeeze=0.5), 0, 2)
    assert path(1) == Pose(0, 0, 10, roll=45, squeeze=0.75)
