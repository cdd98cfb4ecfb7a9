"""The faces in a folder or archive of pictures, labelled or not, as a face detector finds them."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from age_pipeline.data import Face, FailedInput, Image
from age_pipeline.errors import InputError
from age_pipeline.progress import with_progress
from age_pipeline.stages import FaceDetector
from benchmarks.age_labels import label_from_name
from benchmarks.labelled_folders import LABELS, LabelledPictures, labelled_face, open_labelled
from benchmarks.picture_stores import PictureStore, open_store


@dataclass(frozen=True, slots=True, eq=False)
class SeenFace:
    """A face that somebody looked for.

    Attributes:
        image: The whole picture, uint8, shape (height, width, 3), blue-green-red.
        face: Where it was found; None where it was not.
        age: Its year of age, 0 to 100; None where it is not known to the year.
    """

    image: Image
    face: Face | None
    age: int | None


def seen_faces(
    path: Path, detector: FaceDetector, limit: int | None = None, only: Path | None = None
) -> Generator[SeenFace | FailedInput, None, None]:
    """Look for the labelled faces or, where no picture has a label, for all faces there are.

    A picture without a label and without a face counts as one face that was not found.

    Args:
        path: A folder, or an uncompressed .tar archive; see `labelled_folders.open_labelled`.
        detector: Looks once at each picture.
        limit: At most so many labels, or pictures without labels, evenly spread.
        only: A text file that names the labelled pictures to take; see `open_labelled`.

    Yields:
        Faces, in the order of the pictures, and the pictures that cannot be read.

    Raises:
        UsageError: There are no pictures, or the labels cannot be used.
    """
    store = open_store(path)
    has_labels = store.table(LABELS) is not None or any(map(label_from_name, store.names()))
    if only is None and not has_labels:
        yield from _unlabelled(store, detector, limit)
    else:
        pictures = open_labelled(path, only=only)
        yield from _labelled(pictures if limit is None else pictures.spread(limit), detector)


def _labelled(
    pictures: LabelledPictures, detector: FaceDetector
) -> Generator[SeenFace | FailedInput, None, None]:
    with closing(with_progress(pictures, len(pictures))) as bar:
        together = zip(pictures.labels, bar, strict=True)
        for _, group in groupby(together, key=lambda pair: pair[0].name):
            found: list[Face] | None = None
            for _, picture in group:
                if isinstance(picture, FailedInput):
                    yield picture
                    continue
                if found is None:
                    found = detector.detect(picture.image)
                age = picture.first if picture.first == picture.last else None
                yield SeenFace(picture.image, labelled_face(found, picture), age)


def _unlabelled(
    store: PictureStore, detector: FaceDetector, limit: int | None
) -> Generator[SeenFace | FailedInput, None, None]:
    names = store.names()
    count = len(names) if limit is None else min(limit, len(names))
    chosen = [names[index * len(names) // count] for index in range(count)]
    with closing(with_progress(chosen, count)) as bar:
        for name in bar:
            image = store.read(name)
            if isinstance(image, InputError):
                yield FailedInput(name, image)
                continue
            found = detector.detect(image)
            yield from (SeenFace(image, face, None) for face in found)
            if not found:
                yield SeenFace(image, None, None)
