"""Labelled faces in memory, and the variety that training shows them in."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch.utils.data import Dataset

from age_detector.face_crop import CROP_OF_BOX
from age_pipeline.data import OLDEST, Box, Image
from training.data_sets import fairface
from training.network import SIZE


@dataclass(frozen=True, slots=True)
class LabelledFace:
    """One training picture, where its face is, and the years that its label allows."""

    image: Image
    box: Box
    first: int
    last: int


def read_faces(archive: Path, boxes: Path) -> list[LabelledFace]:
    """Read a FairFace archive and the boxes that `training.find_faces` found in it.

    Pictures without a box are left out.
    """
    with boxes.open(newline="") as file:
        found = {
            row["file"]: Box(*(int(row[edge]) for edge in ("left", "top", "right", "bottom")))
            for row in csv.DictReader(file)
        }
    return [
        LabelledFace(picture.image, found[picture.name], picture.first, picture.last)
        for picture in fairface(archive)
        if picture.name in found
    ]


def prior_of(faces: list[LabelledFace]) -> npt.NDArray[np.float64]:
    """How common each year of age is among the faces, shape (101,), from their group labels.

    The counts per year of the groups are joined smoothly; the open last group falls off
    exponentially, ten years to the half.
    """
    spans = sorted({(face.first, face.last) for face in faces})
    counts = {span: sum((face.first, face.last) == span for face in faces) for span in spans}
    middles = [(first + min(last, first + 9)) / 2 for first, last in spans]
    densities = [
        math.log(counts[span] / (min(span[1], span[0] + 9) - span[0] + 1)) for span in spans
    ]
    years = np.arange(OLDEST + 1)
    logs = np.interp(years, middles, densities)
    tail = years > middles[-1]
    logs[tail] = densities[-1] - (years[tail] - middles[-1]) * math.log(2) / 10
    prior = np.exp(logs)
    return np.asarray(prior / prior.sum())


class Augmented(Dataset[tuple[torch.Tensor, int, int]]):
    """Each face in a new crop, light, colour and sharpness every time it is asked for."""

    def __init__(self, faces: list[LabelledFace]) -> None:
        self.faces = faces

    def __len__(self) -> int:
        return len(self.faces)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int, int]:
        face = self.faces[index]
        rng = np.random.default_rng(int(torch.randint(2**31, ()).item()))
        crop = _degraded(_varied_crop(face.image, face.box, rng), rng)
        return torch.from_numpy(crop.transpose(2, 0, 1).copy()), face.first, face.last


def _varied_crop(image: Image, box: Box, rng: np.random.Generator) -> Image:
    """The face's square, scaled, shifted, rolled and mirrored at random, SIZE x SIZE pixels."""
    side = math.sqrt(box.area) * CROP_OF_BOX * rng.uniform(0.85, 1.15)
    angle = math.radians(rng.normal(0, 7))
    stretch = math.exp(rng.normal(0, 0.03))
    x = (box.left + box.right) / 2 + rng.normal(0, 0.035) * side
    y = (box.top + box.bottom) / 2 + rng.normal(0, 0.035) * side
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    mirror = -1.0 if rng.random() < 0.5 else 1.0
    matrix = turn @ np.diag([mirror * side * stretch / SIZE, side / stretch / SIZE])
    shift = np.array([x, y]) - 0.5 - matrix @ np.full(2, (SIZE - 1) / 2)
    return np.asarray(
        cv2.warpAffine(
            image,
            np.column_stack([matrix, shift]),
            (SIZE, SIZE),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        ),
        np.uint8,
    )


def _degraded(crop: Image, rng: np.random.Generator) -> Image:
    """Other light, colour, sharpness and compression, and now and then something in front."""
    if rng.random() < 0.15:
        crop = np.repeat(cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY)[..., None], 3, axis=2)
    if rng.random() < 0.8:
        levels = np.linspace(0, 1, 256, dtype=np.float32)
        gains = rng.normal(1, 0.05, 3) if rng.random() < 0.6 else np.ones(3)
        contrast, light, gamma = rng.normal(1, 0.13), rng.normal(0, 0.06), rng.normal(0, 0.2)
        curve = (levels ** math.exp(gamma) - 0.5) * contrast + 0.5 + light
        table = np.clip(curve[:, None] * gains[None] * 255, 0, 255).astype(np.uint8)
        crop = np.asarray(cv2.LUT(crop, table[None]), np.uint8)
    chance = rng.random()
    if chance < 0.12:
        crop = np.asarray(cv2.GaussianBlur(crop, (0, 0), rng.uniform(0.4, 1.6)), np.uint8)
    elif chance < 0.3:
        small = int(rng.uniform(18, SIZE))
        shrunk = cv2.resize(crop, (small, small), interpolation=cv2.INTER_AREA)
        crop = np.asarray(
            cv2.resize(shrunk, (SIZE, SIZE), interpolation=cv2.INTER_LINEAR), np.uint8
        )
    if rng.random() < 0.12:
        noise = rng.normal(0, rng.uniform(2, 14), crop.shape)
        crop = np.clip(crop + noise, 0, 255).astype(np.uint8)
    if rng.random() < 0.2:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.uniform(25, 90))]
        crop = np.asarray(
            cv2.imdecode(cv2.imencode(".jpg", crop, quality)[1], cv2.IMREAD_COLOR), np.uint8
        )
    if rng.random() < 0.25:
        width, height = rng.integers(8, 28, 2)
        left, top = rng.integers(-6, SIZE - 6, 2)
        crop = crop.copy()
        crop[max(top, 0) : top + height, max(left, 0) : left + width] = rng.integers(0, 256, 3)
    return crop


def batches(crops: npt.NDArray[np.uint8], size: int = 256) -> Iterator[torch.Tensor]:
    """Crops of shape (faces, 64, 64, 3) as float32 batches of shape (faces, 3, 64, 64)."""
    for start in range(0, len(crops), size):
        yield torch.from_numpy(crops[start : start + size].transpose(0, 3, 1, 2).copy()).float()
