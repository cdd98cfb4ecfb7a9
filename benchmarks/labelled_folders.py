"""Pictures of faces whose ages are known: a folder or a .tar archive, read where it lies.

Labels come from a CSV file, else from a labels.csv among the pictures, else from their names; see
`age_labels`.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path, PurePosixPath
from typing import Literal

from age_pipeline.data import Box, Face, FailedInput, Image
from age_pipeline.errors import InputError, UsageError
from age_pipeline.sources import read_names
from benchmarks.age_labels import AgeLabel, label_from_name, labels_from_csv
from benchmarks.picture_stores import PictureStore, open_store, read_named

Half = Literal["first", "second"]

LABELS = "labels.csv"
"""The table of labels among the pictures."""

log = logging.getLogger("detect_age")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LabelledPicture(AgeLabel):
    """A label with the picture that it is of.

    Attributes:
        image: The whole picture, uint8, shape (height, width, 3), blue-green-red. Nobody writes
            into it: several labels of one picture share it.
    """

    image: Image


@dataclass(frozen=True, slots=True)
class LabelledPictures:
    """Labelled pictures, read one by one while they are iterated.

    There is one item for each label, in the order of the labels: a `LabelledPicture`, or a
    `FailedInput` where the file is missing or damaged. Labels of one picture come in a row, and the
    picture is read once for all of them.

    Attributes:
        labels: What is known of each face.
        store: Where the pictures are read from.
    """

    labels: tuple[AgeLabel, ...]
    store: PictureStore

    def __len__(self) -> int:
        return len(self.labels)

    def __iter__(self) -> Iterator[LabelledPicture | FailedInput]:
        for name, own in groupby(self.labels, key=lambda label: label.name):
            image = self.store.read(name)
            for label in own:
                if isinstance(image, InputError):
                    yield FailedInput(name, image)
                else:
                    yield LabelledPicture(
                        name=name,
                        first=label.first,
                        last=label.last,
                        groups=label.groups,
                        centre=label.centre,
                        image=image,
                    )

    def chosen(self, wanted: Callable[[AgeLabel], bool]) -> LabelledPictures:
        """Those whose labels are wanted."""
        return replace(self, labels=tuple(label for label in self.labels if wanted(label)))

    def spread(self, number: int) -> LabelledPictures:
        """At most so many, evenly spread: names are often in the order of the ages."""
        if number >= len(self.labels):
            return self
        places = (index * len(self.labels) // number for index in range(number))
        return replace(self, labels=tuple(self.labels[place] for place in places))


def open_labelled(
    path: Path, *, labels: Path | None = None, only: Path | None = None
) -> LabelledPictures:
    """Find labelled pictures; none of them is read yet.

    Args:
        path: A folder, with all below it, or an uncompressed .tar archive. Names in an archive
            count from the folder that all its files are in.
        labels: A CSV file; see `labels_from_csv`. None takes labels.csv of the folder or archive,
            or where there is none the names of the pictures; see `label_from_name`.
        only: A text file that names the pictures to take, one a line, with or without suffix.

    Raises:
        UsageError: Something named is not there or cannot be read, no label is recognised, or
            nothing is left.
    """
    store = open_store(path)
    found = store.table(LABELS) if labels is None else (read_named(labels), str(labels))
    known = _labels_from_names(store, path) if found is None else labels_from_csv(*found)
    order = {label.name: number for number, label in reversed(list(enumerate(known)))}
    pictures = LabelledPictures(tuple(sorted(known, key=lambda label: order[label.name])), store)
    return pictures if only is None else _listed(pictures, only)


def labelled_face(faces: Sequence[Face], picture: LabelledPicture) -> Face | None:
    """Which of the faces found is the one that the label is of; None where it was not found.

    That is the one whose box holds the label's centre, of several the one whose middle is nearest;
    without a centre, the large face in the middle of the picture.
    """
    height, width = picture.image.shape[:2]
    x, y = (width / 2, height / 2) if picture.centre is None else picture.centre

    def distance(face: Face) -> float:
        box = face.box
        across, down = (box.left + box.right) / 2 - x, (box.top + box.bottom) / 2 - y
        return (across**2 + down**2) / box.area

    if picture.centre is not None:
        faces = [face for face in faces if _holds(face.box, x, y)]
    return min(faces, key=distance, default=None)


def half_of(name: str) -> Half:
    """Which half of a set a picture belongs to, so that one is fitted on and the other reported.

    It depends on the picture's name alone, without folder and suffix: the first byte of its SHA-256
    is below 128 in the first half.
    """
    digest = hashlib.sha256(PurePosixPath(name).stem.encode("utf-8", "surrogateescape")).digest()
    return "first" if digest[0] < 128 else "second"


def _holds(box: Box, x: float, y: float) -> bool:
    return box.left <= x < box.right and box.top <= y < box.bottom


def _labels_from_names(store: PictureStore, path: Path) -> list[AgeLabel]:
    names = store.names()
    labels = {name: label_from_name(name) for name in names}
    known = [label for label in labels.values() if label is not None]
    if not known:
        raise UsageError(
            f"{path} has no {LABELS}, and no name tells an age as UTKFace (25_0_3_2017.jpg) or"
            " All-Age-Faces (00013A02.jpg) have it: name a CSV file of labels"
        )
    unknown = [name for name in names if labels[name] is None]
    if unknown:
        log.warning(
            "%s: %d of %d pictures are left out, their names tell no age: %s%s",
            path,
            len(unknown),
            len(names),
            ", ".join(unknown[:3]),
            ", ..." if len(unknown) > 3 else "",
        )
    return known


def _listed(pictures: LabelledPictures, only: Path) -> LabelledPictures:
    wanted = {PurePosixPath(name.strip()).stem for name in read_names(str(only))}
    chosen = pictures.chosen(lambda label: PurePosixPath(label.name).stem in wanted)
    absent = wanted - {PurePosixPath(label.name).stem for label in chosen.labels}
    if not chosen.labels:
        raise UsageError(f"{only} names none of the pictures that are labelled")
    if absent:
        log.warning(
            "%d of the %d pictures that %s names are not there, for example %s",
            len(absent),
            len(wanted),
            only,
            min(absent),
        )
    return chosen
