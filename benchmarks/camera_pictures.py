"""Still pictures with a known number of faces, as JPEG files of the kind that cameras write."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from io import BytesIO

import cv2
import numpy as np
from PIL import Image as PillowImage

from age_pipeline.data import Image
from benchmarks.composed_clips import FACES, Clip, Path, Pose, compose, line, textured

_WIDTH, _HEIGHT = 640, 480
"""Pictures are composed in this size: portraits are hardly larger."""

_TALLEST = 170
"""Of all faces, in pixels of that size."""

_NOISE = 5.0
"""Standard deviation of the brightness of pixels, of 255. It makes a file of 4000x3000 pixels 3.5
megabytes large, as those of telephones are; how long a file takes to decode depends on its size."""

_QUALITY = 92

_ORIENTATION = 0x0112
"""The EXIF tag that cameras write whichever way they are held; 1 is upright."""


def camera_picture(faces: int, width: int, height: int, seed: int) -> bytes:
    """A picture of people who stand in rows, as a JPEG file.

    Args:
        faces: How many people; up to 29 are found in one look with the SSD.
        width: In pixels. The faces keep their shape where it is to the height as 4 to 3.
        height: Likewise.
        seed: Of the background, the order of the people and the noise.
    """
    random = np.random.default_rng(seed)
    composed = _people(faces, seed, random)
    image = cv2.resize(composed, (width, height), interpolation=cv2.INTER_CUBIC)
    noise = _NOISE * random.standard_normal((height, width, 1), np.float32)
    pixels = (image + noise).clip(0, 255).astype(np.uint8)
    exif = PillowImage.Exif()
    exif[_ORIENTATION] = 1
    file = BytesIO()
    picture = PillowImage.fromarray(np.ascontiguousarray(pixels[..., ::-1]))
    picture.save(file, "JPEG", quality=_QUALITY, subsampling="4:2:0", exif=exif)
    return file.getvalue()


def _people(faces: int, seed: int, random: np.random.Generator) -> Image:
    image = textured(_WIDTH, _HEIGHT, seed)(0)
    poses = list(_rows(faces, random))
    # A clip shows each portrait once, so people come before what has been composed already.
    for start in range(0, faces, len(FACES)):
        names = random.permutation(list(FACES)).tolist()
        some = poses[start : start + len(FACES)]
        paths = {name: line(pose, pose, 0, 1) for name, pose in zip(names, some, strict=False)}
        image = _before(image, paths)
    return image


def _before(behind: Image, paths: Mapping[str, Path]) -> Image:
    return next(compose(Clip(lambda _: behind, paths, 1), 1)).image


def _rows(faces: int, random: np.random.Generator) -> Iterator[Pose]:
    """Places for so many faces, row by row from above, and each a little off its own."""
    across = max(1, round(math.sqrt(1.1 * faces)))
    cell_width, cell_height = _WIDTH / across, _HEIGHT / math.ceil(faces / across)
    # A face is less wide than high, and hair and shoulders may overlap.
    tallest = min(cell_width / 1.25, cell_height / 1.6, _TALLEST)
    for index in range(faces):
        row, column = divmod(index, across)
        in_row = min(across, faces - row * across)
        aside, down, smaller = random.uniform((-0.04, -0.04, 0.92), (0.04, 0.04, 1.0))
        yield Pose(
            (column + 0.5) * _WIDTH / in_row + aside * cell_width,
            (row + 0.46 + down) * cell_height,
            tallest * smaller,
        )
