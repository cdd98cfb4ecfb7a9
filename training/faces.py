"""Labelled faces in memory, for training and for choosing."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch.utils.data import Dataset

from age_detector.face_crop import square_crop
from age_pipeline.data import OLDEST, Box, Face, Image
from benchmarks.labelled_folders import LabelledPicture
from training.variety import degraded, varied_crop


@dataclass(frozen=True, slots=True, eq=False)
class LabelledFace:
    """One picture, where its face is, the years that its label allows, and what else it says."""

    name: str
    image: Image
    box: Box
    first: int
    last: int
    traits: Mapping[str, str] = field(default_factory=dict)


def with_boxes(pictures: Iterable[LabelledPicture], boxes: Path) -> list[LabelledFace]:
    """Join pictures with the boxes that `training.find_faces` found; those without are left out."""
    with boxes.open(newline="") as file:
        found = {
            row["file"]: Box(*(int(row[edge]) for edge in ("left", "top", "right", "bottom")))
            for row in csv.DictReader(file)
        }
    return [
        LabelledFace(
            name=picture.name,
            image=picture.image,
            box=found[picture.name],
            first=picture.first,
            last=picture.last,
            traits=picture.groups,
        )
        for picture in pictures
        if picture.name in found
    ]


def prior_of(faces: Sequence[LabelledFace]) -> npt.NDArray[np.float64]:
    """How common each year of age is among faces with group labels, shape (101,).

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


class VariedFaces(Dataset[tuple[torch.Tensor, int]]):
    """Crops of shape (side, side, 3), uint8, that differ every time, and the face's number."""

    def __init__(self, faces: Sequence[LabelledFace], side: int, strength: float) -> None:
        self._faces = faces
        self._side = side
        self._strength = strength

    def __len__(self) -> int:
        return len(self._faces)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        face = self._faces[index]
        rng = np.random.default_rng(int(torch.randint(2**31, ()).item()))
        crop = varied_crop(face.image, face.box, self._side, rng)
        return torch.from_numpy(np.ascontiguousarray(degraded(crop, self._strength, rng))), index


def plain_batches(
    faces: Sequence[LabelledFace], side: int, size: int = 256
) -> Iterator[torch.Tensor]:
    """The faces as prediction crops them: float32 batches of shape (faces, 3, side, side)."""
    for start in range(0, len(faces), size):
        crops = np.stack(
            [
                square_crop(face.image, Face(face.box, None), side)
                for face in faces[start : start + size]
            ]
        )
        yield torch.from_numpy(crops).permute(0, 3, 1, 2).float()
