"""Pictures in which nobody is: patterns, printed text, and parts of the pictures in images/.

Whatever a detector reports in them is false.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import cv2
import numpy as np
import numpy.typing as npt

from age_pipeline.data import Box, Image
from benchmarks.composed_clips import gradient, textured
from benchmarks.sample_pictures import read_sample

Draw = Callable[[int, int], Image]
"""Draws a picture of so many pixels across and down; the same one every time."""

_Plane = npt.NDArray[np.float64]


def _room(width: int, height: int) -> Image:
    return gradient(width, height)(0)


def _patches(width: int, height: int) -> Image:
    return textured(width, height, seed=1)(0)


def _blotches(cell: int, width: int, height: int) -> Image:
    """Soft ones, of `cell` pixels."""
    size = height // cell, width // cell, 3
    noise = np.random.default_rng(1).integers(0, 256, size, np.uint8)
    return np.asarray(cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


def _noise(width: int, height: int) -> Image:
    return np.random.default_rng(2).integers(0, 256, (height, width, 3), np.uint8)


def _cloud(width: int, height: int) -> Image:
    """Grey noise whose spectrum falls like that of photographs: with the frequency."""
    down, across = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)
    frequency = np.maximum(np.hypot(down, across), 1 / width)
    noise = np.fft.rfft2(np.random.default_rng(3).standard_normal((height, width)))
    return _grey(np.fft.irfft2(noise / frequency, (height, width)))


def _grating(across: float, down: float, width: int, height: int) -> Image:
    """Stripes, of so many periods across the picture and down."""
    rows, columns = _places(width, height)
    return _grey(np.sin(2 * np.pi * (across * columns + down * rows)))


def _rings(width: int, height: int) -> Image:
    rows, columns = _places(width, height)
    return _grey(np.sin(60 * np.hypot((columns - 0.5) * width / height, rows - 0.5)))


def _chessboard(width: int, height: int) -> Image:
    rows, columns = _places(width, height)
    return _grey((np.floor(columns * 16) + np.floor(rows * 12)) % 2)


def _bricks(width: int, height: int) -> Image:
    wall = np.full((height, width, 3), (150, 160, 165), np.uint8)
    for row, top in enumerate(range(0, height, 40)):
        for left in range(-40 * (row % 2), width, 80):
            red = (60, 70, 150 + 17 * ((row + left // 40) % 4))
            cv2.rectangle(wall, (left + 3, top + 3), (left + 76, top + 36), red, cv2.FILLED)
    return wall


def _pebbles(width: int, height: int) -> Image:
    random = np.random.default_rng(4)
    ground = np.full((height, width, 3), 90, np.uint8)
    for _ in range(250):
        middle = random.integers(0, (width, height)).tolist()
        axes = random.integers(8, 45, 2).tolist()
        colour = random.integers(60, 230, 3).tolist()
        cv2.ellipse(ground, middle, axes, random.uniform(0, 180), 0, 360, colour, cv2.FILLED)
    return ground


def _twigs(width: int, height: int) -> Image:
    random = np.random.default_rng(5)
    ground = np.full((height, width, 3), (120, 150, 140), np.uint8)
    for _ in range(300):
        start = random.integers(0, (width, height))
        end = start + random.integers(-90, 90, 2)
        colour = random.integers(20, 140, 3).tolist()
        cv2.line(ground, start.tolist(), end.tolist(), colour, int(random.integers(1, 7)))
    return ground


def _print(scale: float, width: int, height: int) -> Image:
    """Lines of text, each letter about 20 * `scale` pixels high."""
    paper = np.full((height, width, 3), 245, np.uint8)
    words = "Nobody is to be seen on this page, but 8 and 0, o and B, (: and %) are. "
    for line, base in enumerate(range(round(35 * scale), height, round(40 * scale))):
        text = words[7 * line % len(words) :] + 2 * words
        font, ink = cv2.FONT_HERSHEY_SIMPLEX, (30, 30, 30)
        cv2.putText(paper, text, (10, base), font, scale, ink, max(round(2 * scale), 1))
    return paper


def _cut(name: str, box: Box, width: int, height: int) -> Image:
    """A part of one of the sample pictures."""
    part = read_sample(name)[box.top : box.bottom, box.left : box.right]
    method = cv2.INTER_AREA if box.width > width else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(part, (width, height), interpolation=method), np.uint8)


def _places(width: int, height: int) -> tuple[_Plane, _Plane]:
    """How far down and across each pixel is, 0 to 1."""
    rows, columns = np.mgrid[:height, :width]
    return rows / height, columns / width


def _grey(values: _Plane) -> Image:
    """As a picture: the least value black, the greatest white."""
    shades = (255 * (values - values.min()) / np.ptp(values)).astype(np.uint8)
    return np.repeat(shades[..., None], 3, axis=2)


FACELESS: Mapping[str, Draw] = {
    "a calm room": _room,
    "patches": _patches,
    "soft blotches": partial(_blotches, 40),
    "large soft blotches": partial(_blotches, 120),
    "noise": _noise,
    "a cloud": _cloud,
    "fine stripes": partial(_grating, 50, 0),
    "broad stripes": partial(_grating, 5, 7),
    "rings": _rings,
    "a chessboard": _chessboard,
    "bricks": _bricks,
    "pebbles": _pebbles,
    "twigs": _twigs,
    "printed text": partial(_print, 0.7),
    "large printed text": partial(_print, 3.0),
    "a space suit": partial(_cut, "1.png", Box(20, 242, 380, 512)),
    "a model of the shuttle": partial(_cut, "1.png", Box(320, 0, 512, 144)),
    "stars and stripes": partial(_cut, "2.jpg", Box(0, 0, 120, 90)),
    "a uniform": partial(_cut, "2.jpg", Box(130, 345, 470, 600)),
    "a jumper": partial(_cut, "einstein_1947.jpg", Box(0, 770, 418, 1084)),
    "trees and a wall": partial(_cut, "solvay_1927.jpg", Box(0, 0, 500, 375)),
    "a facade": partial(_cut, "solvay_1927.jpg", Box(640, 60, 1080, 390)),
    "suits": partial(_cut, "solvay_1927.jpg", Box(0, 740, 540, 1145)),
    "more suits": partial(_cut, "solvay_1927.jpg", Box(1040, 740, 1580, 1145)),
    "overalls": partial(_cut, "nasa_group15.jpg", Box(196, 220, 276, 280)),
}
"""By what they show."""
