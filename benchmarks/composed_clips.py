"""Short videos composed from the portraits in images/: who is where in each frame is known.

A figure is a portrait's head and shoulders with soft edges. Figures follow paths over a background,
the later one in front; bars hide what is behind them. The same clip has the same frames every time,
at any frame rate.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from functools import cache

import cv2
import numpy as np
import numpy.typing as npt

from age_pipeline.data import Box, Image
from benchmarks.sample_pictures import read_sample

FACES: Mapping[str, Box] = {
    "1.png": Box(179, 57, 271, 177),
    "2.jpg": Box(182, 122, 349, 330),
    "einstein_1947.jpg": Box(259, 222, 615, 729),
}
"""Where the SSD finds the face of each portrait."""

_BESIDE, _ABOVE, _BELOW = 0.38, 0.4, 0.65
"""How far a figure reaches beyond its face, in heights of the face."""

_NOBODY = -1

_BAR = (40, 45, 50)
"""Blue, green and red of a bar."""

PORTRAIT_HEIGHT = 120
"""To what height of its face a portrait is shrunk for a clip, in pixels."""


@dataclass(frozen=True, slots=True)
class Pose:
    """Where a face is in a frame.

    Attributes:
        x: Of the middle of the face, in pixels from the left.
        y: Likewise, from the top.
        height: Of the face while it stands upright, in pixels.
        roll: How far it is turned in the picture, clockwise, in degrees.
        squeeze: How wide the face is, as a part of its own width.
    """

    x: float
    y: float
    height: float
    roll: float = 0.0
    squeeze: float = 1.0


Path = Callable[[float], Pose | None]
"""Where a face is at a time in seconds; None while it is not there."""

Background = Callable[[float], Image]
"""What is behind everybody, at a time in seconds."""


@dataclass(frozen=True, slots=True)
class Clip:
    """What is to be seen.

    Attributes:
        background: Its pictures have the size of the frames.
        paths: Of each person, by the name of the portrait; the last is in front.
        bars: Dark rectangles in front of everybody.
        duration_s: How long it lasts.
        light: By what the brightness is multiplied at a time in seconds.
        noise: Standard deviation of the noise in each pixel, of 255.
        portrait_height: Portraits are shrunk to this height of the face, in pixels, and painted
            from there at the size of each pose: larger poses are blurred, far smaller ones coarse.
    """

    background: Background
    paths: Mapping[str, Path]
    duration_s: float
    bars: Sequence[Box] = ()
    light: Callable[[float], float] = lambda _: 1.0
    noise: float = 0.0
    portrait_height: float = PORTRAIT_HEIGHT


@dataclass(frozen=True, slots=True, eq=False)
class ComposedFrame:
    """One frame, and the truth about it.

    Attributes:
        image: uint8, shape (height, width, 3), blue-green-red.
        time_s: From 0.
        boxes: Around each face that is at least partly inside the picture, by the person's name,
            whether something hides it or not; around the oval of one that is turned.
        seen: How much of each of these faces nothing hides, 0 to 1.
    """

    image: Image
    time_s: float
    boxes: Mapping[str, Box]
    seen: Mapping[str, float]


def compose(clip: Clip, frame_rate: float) -> Iterator[ComposedFrame]:
    """The frames of a clip, one after another."""
    random = np.random.default_rng(0)
    for index in range(round(clip.duration_s * frame_rate)):
        yield _frame(clip, index / frame_rate, random)


def line(start: Pose, end: Pose, start_s: float, end_s: float) -> Path:
    """There from one time to another only, on the way from one pose to the other."""

    def path(time_s: float) -> Pose | None:
        if not start_s <= time_s <= end_s:
            return None
        part = (time_s - start_s) / (end_s - start_s)
        ends = zip(astuple(start), astuple(end), strict=True)
        return Pose(*((1 - part) * a + part * b for a, b in ends))

    return path


def then(*paths: Path) -> Path:
    """The first of these that is anywhere."""
    return lambda time_s: next((pose for path in paths if (pose := path(time_s))), None)


def gradient(width: int, height: int) -> Background:
    """A calm room: brighter above than below, with a few soft stripes."""
    rows, columns = np.mgrid[:height, :width]
    grey = 170 - 70 * rows / height + 12 * np.sin(columns / width * 25)
    room = np.stack([grey, grey * 0.97, grey * 0.9], axis=2).astype(np.uint8)
    return lambda _: room


def textured(width: int, height: int, seed: int = 0) -> Background:
    """A restless one, of coloured patches."""
    patches = np.random.default_rng(seed).integers(
        40, 220, (height // 24, width // 24, 3), np.uint8
    )
    room = cv2.resize(patches, (width, height), interpolation=cv2.INTER_LINEAR)
    return lambda _: np.asarray(room, np.uint8)


def _frame(clip: Clip, time_s: float, random: np.random.Generator) -> ComposedFrame:
    canvas = clip.background(time_s).astype(np.float32)
    height, width = canvas.shape[:2]
    boxes: dict[str, Box] = {}
    in_front = np.full((height, width), _NOBODY)
    numbers = {name: number for number, name in enumerate(clip.paths)}
    for name, path in clip.paths.items():
        pose = path(time_s)
        if pose is not None:
            figure = _figure(name, clip.portrait_height)
            figure.paint(canvas, in_front, pose, numbers[name])
            box = figure.box(pose, width, height)
            if box is not None:
                boxes[name] = box
    for bar in clip.bars:
        canvas[bar.top : bar.bottom, bar.left : bar.right] = _BAR
        in_front[bar.top : bar.bottom, bar.left : bar.right] = _NOBODY
    canvas *= clip.light(time_s)
    if clip.noise:
        canvas += clip.noise * random.standard_normal(canvas.shape, np.float32)
    seen = {
        name: float((in_front[box.top : box.bottom, box.left : box.right] == numbers[name]).mean())
        for name, box in boxes.items()
    }
    return ComposedFrame(canvas.clip(0, 255).astype(np.uint8), time_s, boxes, seen)


@dataclass(frozen=True, slots=True, eq=False)
class _Figure:
    """A portrait's head and shoulders; `cover` says how much of what is behind each pixel hides."""

    image: Image
    cover: npt.NDArray[np.float32]
    face: Pose
    aspect: float

    def paint(
        self,
        canvas: npt.NDArray[np.float32],
        in_front: npt.NDArray[np.int_],
        pose: Pose,
        number: int,
    ) -> None:
        """Paint it into a frame, and its number where it hides what is behind."""
        turn = self._turn(pose)
        start = np.array([pose.x, pose.y]) - turn @ (self.face.x, self.face.y)
        height, width = self.image.shape[:2]
        corners = start + np.array([(0, 0), (width, 0), (0, height), (width, height)]) @ turn.T
        around = Box.clipped(
            *(corners.min(0) - 1),
            *(corners.max(0) + 2),
            width=canvas.shape[1],
            height=canvas.shape[0],
        )
        if around is None:
            return
        # OpenCV counts from the middle of the first pixel, a pose from its edge.
        start += turn @ (0.5, 0.5) - 0.5 - (around.left, around.top)
        move = np.column_stack([turn, start])
        size = around.width, around.height
        colour = cv2.warpAffine(self.image, move, size, flags=cv2.INTER_LINEAR)
        cover = cv2.warpAffine(self.cover, move, size, flags=cv2.INTER_LINEAR)
        inside = np.s_[around.top : around.bottom, around.left : around.right]
        canvas[inside] += (colour - canvas[inside]) * cover[..., None]
        in_front[inside][cover > 0.5] = number

    def box(self, pose: Pose, width: int, height: int) -> Box | None:
        """Around the face in a frame; None where it is outside."""
        half = pose.height * self.aspect * pose.squeeze / 2, pose.height / 2
        turn = math.radians(pose.roll)
        across = math.hypot(half[0] * math.cos(turn), half[1] * math.sin(turn))
        down = math.hypot(half[0] * math.sin(turn), half[1] * math.cos(turn))
        start = round(pose.x - across), round(pose.y - down)
        end = round(pose.x + across), round(pose.y + down)
        return Box.clipped(*start, *end, width=width, height=height)

    def _turn(self, pose: Pose) -> npt.NDArray[np.float64]:
        """What takes a step across and down in the figure to one in the frame: a 2x2 matrix."""
        scale, turn = pose.height / self.face.height, math.radians(pose.roll)
        across = scale * pose.squeeze * np.array([math.cos(turn), math.sin(turn)])
        down = scale * np.array([-math.sin(turn), math.cos(turn)])
        return np.column_stack([across, down])


@cache
def _figure(name: str, portrait_height: float) -> _Figure:
    picture, box = read_sample(name), FACES[name]
    beside, above, below = (round(part * box.height) for part in (_BESIDE, _ABOVE, _BELOW))
    top, left = box.top - above, box.left - beside
    whole = picture[top : box.bottom + below, left : box.right + beside]
    scale = min(1.0, portrait_height / box.height)
    cut = cv2.resize(whole, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    rows, columns = np.mgrid[-1 : 1 : cut.shape[0] * 1j, -1 : 1 : cut.shape[1] * 1j]
    distance = (np.abs(columns) ** 4 + np.abs(rows) ** 4) ** 0.25
    cover = np.clip((1 - distance) / 0.1, 0, 1).astype(np.float32)
    middle = Pose(
        scale * (beside + box.width / 2), scale * (above + box.height / 2), scale * box.height
    )
    return _Figure(np.asarray(cut, np.uint8), cover, middle, box.width / box.height)
