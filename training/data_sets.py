"""The labelled pictures that training takes from each archive; README.md lists the archives."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from age_pipeline.data import FailedInput, Image
from benchmarks.labelled_folders import LabelledPicture, open_labelled

VALIDATION_LISTS = {"utkface-dev": "utkface-val.txt"}
"""Archives of which a part is for validation, and the list of that part, which lies beside them."""

TWIN_BITS = 20
"""Two pictures are near twins when their 256-bit difference hashes differ in at most so many."""


def pictures(archive: Path, only: Path | None = None) -> Iterator[LabelledPicture]:
    """The labelled pictures of an archive, or those that the file `only` names.

    Raises:
        UsageError: There is no such archive, or its labels cannot be read.
        InputError: A picture is missing or damaged.
    """
    for picture in open_labelled(archive, only=only):
        if isinstance(picture, FailedInput):
            raise picture.error
        yield picture


def validation_pictures(archive: Path) -> Iterator[LabelledPicture]:
    """The pictures of an archive that may be validated on.

    Raises:
        UsageError, InputError: As `pictures`.
    """
    listed = VALIDATION_LISTS.get(archive.stem)
    return pictures(archive, None if listed is None else archive.with_name(listed))


def training_pictures(archive: Path) -> Iterator[LabelledPicture]:
    """The pictures of an archive that may be trained on.

    Those for validation are left out, and so are their near twins: the same photograph saved again.

    Raises:
        UsageError, InputError: As `pictures`.
    """
    if archive.stem not in VALIDATION_LISTS:
        yield from pictures(archive)
        return
    held_back = {
        picture.name: difference_hash(picture.image) for picture in validation_pictures(archive)
    }
    kept_away = np.array(list(held_back.values()))
    for picture in pictures(archive):
        own = difference_hash(picture.image)
        if picture.name not in held_back and not has_twin(own, kept_away):
            yield picture


def difference_hash(image: Image) -> npt.NDArray[np.uint8]:
    """Which of 16x16 places is darker than its left neighbour, as 32 bytes."""
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    small = np.asarray(cv2.resize(grey, (17, 16), interpolation=cv2.INTER_AREA), np.int16)
    return np.packbits(np.diff(small, axis=1) > 0)


def has_twin(own: npt.NDArray[np.uint8], others: npt.NDArray[np.uint8]) -> bool:
    """Whether a hash, shape (32,), is near one of others, shape (pictures, 32)."""
    apart = np.unpackbits(own ^ others, axis=1).sum(axis=1)
    return bool((apart <= TWIN_BITS).any())
