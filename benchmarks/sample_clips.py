"""The clips that who-is-who is shown on: portraits that do what people do in front of a camera."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np

import face_detector
from age_pipeline.data import Box, Image
from benchmarks.composed_clips import (
    Clip,
    ComposedFrame,
    Path,
    Pose,
    gradient,
    line,
    textured,
    then,
)
from benchmarks.sample_pictures import read_sample

WIDTH, HEIGHT = 320, 240

_GROUP = "solvay_1927.jpg"

_COLLINS, _HOPPER, _EINSTEIN = "1.png", "2.jpg", "einstein_1947.jpg"


def sample_clips() -> dict[str, Clip]:
    """All of them, by what happens in them; frames have 320x240 pixels."""
    calm, restless = gradient(WIDTH, HEIGHT), textured(WIDTH, HEIGHT)
    to_and_fro = {
        _COLLINS: then(_walk(40, 170, 0, 1.5), _walk(170, 40, 1.5, 3)),
        _HOPPER: then(_walk(280, 150, 0, 1.5), _walk(150, 280, 1.5, 3)),
    }
    diagonal = {
        _COLLINS: line(Pose(40, 80, 40), Pose(280, 90, 45), 0, 3),
        _HOPPER: line(Pose(280, 190, 40), Pose(60, 180, 45), 0, 3),
    }
    across = {_COLLINS: _walk(40, 280, 0, 3), _HOPPER: _walk(280, 40, 0, 3)}
    behind_another = across | {_EINSTEIN: line(Pose(160, 60, 45), Pose(160, 180, 70), 0, 3)}
    coming = {
        _COLLINS: _walk(-30, 350, 0, 1.5, height=50),
        _HOPPER: _walk(-30, 350, 1, 2.5, height=50),
        _EINSTEIN: line(Pose(350, 70, 50), Pose(-30, 70, 50), 1.6, 3),
    }
    near_and_far = {
        _COLLINS: line(Pose(80, 100, 24), Pose(100, 120, 90), 0, 3),
        _HOPPER: line(Pose(240, 120, 90), Pose(250, 90, 24), 0, 3),
    }
    fast = {
        _COLLINS: line(Pose(20, 60, 24), Pose(300, 60, 24), 0, 1.5),
        _HOPPER: line(Pose(300, 150, 24), Pose(20, 150, 24), 0.3, 1.8),
    }
    hidden = {
        _COLLINS: _walk(40, 280, 0, 3, height=50),
        _EINSTEIN: _walk(300, 220, 0, 3, height=50),
    }
    turned_back = {
        _COLLINS: then(
            _walk(40, 145, 0, 1, height=50),
            _walk(145, 145, 1, 1.3, height=50),
            _walk(145, 40, 1.3, 3, height=50),
        )
    }
    each_alone = {
        _COLLINS: _walk(160, 165, 0, 0.999),
        _HOPPER: _walk(165, 160, 1, 1.999),
        _EINSTEIN: _walk(160, 160, 2, 3),
    }
    bar = [Box(120, 0, 170, HEIGHT)]
    return {
        "moving": Clip(restless, diagonal, 3),
        "near and far": Clip(calm, near_and_far, 3),
        "fast and small": Clip(calm, fast, 2),
        "crossing": Clip(calm, across, 3),
        "crossing behind another": Clip(restless, behind_another, 3),
        "meeting and parting": Clip(calm, to_and_fro, 3),
        "behind a bar": Clip(calm, hidden, 3, bars=bar),
        "turning back behind a bar": Clip(calm, turned_back, 3, bars=bar),
        "coming and going": Clip(calm, coming, 3),
        "noisy": Clip(restless, across, 3, noise=25),
        "dimmed": Clip(calm, diagonal, 3, light=lambda time_s: 0.5 if 1 <= time_s < 2 else 1.0),
        "cut": Clip(calm, each_alone, 3),
    }


def two_faces() -> Clip:
    """640x480, 4 seconds: two people who move a little."""
    paths = {
        _COLLINS: line(Pose(120, 200, 110), Pose(300, 220, 110), 0, 4),
        _HOPPER: line(Pose(520, 240, 120), Pose(420, 240, 120), 0, 4),
    }
    return Clip(textured(640, 480), paths, 4)


def group_photograph(frame_rate: float) -> Iterator[ComposedFrame]:
    """640x480, 8 seconds: a camera that sweeps over a group photograph and back.

    Who is where is what the face detector finds in the photograph as a whole: all of its people.
    """
    picture = read_sample(_GROUP)
    found = enumerate(face_detector.load().detect(picture))
    faces = {str(number): face.box for number, face in found}
    yield from panned(picture, faces, (640, 480), duration_s=8, turn_s=8, frame_rate=frame_rate)


def panned(
    picture: Image,
    faces: Mapping[str, Box],
    size: tuple[int, int],
    *,
    duration_s: float,
    turn_s: float,
    frame_rate: float,
) -> Iterator[ComposedFrame]:
    """A camera that sweeps over a picture and back.

    Args:
        picture: uint8, shape (height, width, 3), blue-green-red.
        faces: Around each face in it, by name.
        size: Width and height of the frames, no larger than the picture.
        duration_s: How long it lasts.
        turn_s: How long the camera takes to sweep there and back.
        frame_rate: In frames a second.

    Yields:
        Frames; their `boxes` are the faces of which at least half is inside.
    """
    width, height = size
    free = picture.shape[1] - width, picture.shape[0] - height
    for index in range(round(duration_s * frame_rate)):
        time_s = index / frame_rate
        part = (1 - math.cos(2 * math.pi * time_s / turn_s)) / 2
        left, top = round(part * free[0]), round(part * free[1])
        moved = {
            name: Box.clipped(
                face.left - left,
                face.top - top,
                face.right - left,
                face.bottom - top,
                width=width,
                height=height,
            )
            for name, face in faces.items()
        }
        boxes = {
            name: box
            for name, box in moved.items()
            if box is not None and box.area >= faces[name].area / 2
        }
        image = np.ascontiguousarray(picture[top : top + height, left : left + width])
        yield ComposedFrame(image, time_s, boxes, dict.fromkeys(boxes, 1.0))


def _walk(start: float, end: float, start_s: float, end_s: float, *, height: float = 60) -> Path:
    return line(Pose(start, 120, height), Pose(end, 120, height), start_s, end_s)
