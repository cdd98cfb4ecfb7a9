"""The variety that training shows its faces in: another crop, light and sharpness every time."""

from __future__ import annotations

import math

import cv2
import numpy as np

from age_detector.face_crop import CROP_OF_BOX
from age_pipeline.data import Box, Image

_LEVELS = np.linspace(0, 1, 256, dtype=np.float32)


def varied_crop(image: Image, box: Box, side: int, rng: np.random.Generator) -> Image:
    """The face's square, scaled, shifted, rolled and mirrored at random.

    Returns:
        uint8, shape (side, side, 3), colours in the order of `image`.
    """
    length = math.sqrt(box.area) * CROP_OF_BOX * rng.uniform(0.80, 1.18)
    angle = math.radians(rng.normal(0, 8))
    stretch = math.exp(rng.normal(0, 0.04))
    # Mostly a little, now and then far: a detector's boxes are as a rule good.
    shift = (0.035 if rng.random() < 0.5 else 0.08) * length
    x = (box.left + box.right) / 2 + rng.normal(0, shift)
    y = (box.top + box.bottom) / 2 + rng.normal(0, shift)
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    mirror = -1.0 if rng.random() < 0.5 else 1.0
    matrix = turn @ np.diag([mirror * length * stretch / side, length / stretch / side])
    shift = np.array([x, y]) - 0.5 - matrix @ np.full(2, (side - 1) / 2)
    return np.asarray(
        cv2.warpAffine(
            image,
            np.column_stack([matrix, shift]),
            (side, side),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        ),
        np.uint8,
    )


def degraded(crop: Image, strength: float, rng: np.random.Generator) -> Image:
    """Other light, colour, sharpness and compression, and now and then something in front.

    Args:
        crop: uint8, shape (side, side, 3). Not modified.
        strength: What the chance of each change is multiplied by, 0 to 1.
        rng: Where chance comes from.
    """
    side = crop.shape[0]
    if rng.random() < 0.12 * strength:
        crop = np.repeat(cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY)[..., None], 3, axis=2)
    if rng.random() < 0.8 * strength:
        crop = _in_other_light(crop, rng)
    crop = _of_other_sharpness(crop, rng.random() / max(strength, 1e-9), side, rng)
    if rng.random() < 0.12 * strength:
        noise = rng.normal(0, rng.uniform(2, 14), crop.shape)
        crop = np.clip(crop + noise, 0, 255).astype(np.uint8)
    if rng.random() < 0.2 * strength:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.uniform(25, 90))]
        crop = np.asarray(
            cv2.imdecode(cv2.imencode(".jpg", crop, quality)[1], cv2.IMREAD_COLOR), np.uint8
        )
    if rng.random() < 0.25 * strength:
        width, height = rng.integers(side // 8, side * 28 // 64, 2)
        left, top = rng.integers(-side // 10, side - side // 10, 2)
        crop = crop.copy()
        crop[max(top, 0) : top + height, max(left, 0) : left + width] = rng.integers(0, 256, 3)
    return crop


def _in_other_light(crop: Image, rng: np.random.Generator) -> Image:
    gains = rng.normal(1, 0.05, 3) if rng.random() < 0.6 else np.ones(3)
    contrast, light, gamma = rng.normal(1, 0.14), rng.normal(0, 0.06), rng.normal(0, 0.2)
    curve = (_LEVELS ** math.exp(gamma) - 0.5) * contrast + 0.5 + light
    table = np.clip(curve[:, None] * gains[None] * 255, 0, 255).astype(np.uint8)
    return np.asarray(cv2.LUT(crop, table[None]), np.uint8)


def _of_other_sharpness(crop: Image, chance: float, side: int, rng: np.random.Generator) -> Image:
    """Blurred, of fewer pixels, sharpened, or mostly as it is; `chance` below 0.36 decides."""
    if chance < 0.12:
        sigma = side * math.exp(rng.uniform(math.log(0.005), math.log(0.1)))
        blurred = cv2.GaussianBlur(crop, (0, 0), sigma)
        return np.asarray(blurred, np.uint8)
    if chance < 0.3:
        few = int(side * math.exp(rng.uniform(math.log(0.12), 0)))
        shrunk = cv2.resize(crop, (few, few), interpolation=cv2.INTER_AREA)
        way = cv2.INTER_LINEAR if rng.random() < 0.5 else cv2.INTER_CUBIC
        return np.asarray(cv2.resize(shrunk, (side, side), interpolation=way), np.uint8)
    if chance < 0.36:
        blurred = cv2.GaussianBlur(crop, (0, 0), side / 64)
        more = rng.uniform(0.3, 1.2)
        return np.asarray(cv2.addWeighted(crop, 1 + more, blurred, -more, 0), np.uint8)
    return crop
