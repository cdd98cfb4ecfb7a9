"""The two stages, as Protocols, and the one main path through them that both scripts take."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

import cv2

from age_pipeline.data import AgeEstimate, Box, Face, Frame, Image, Person
from age_pipeline.errors import InputError


@dataclass(frozen=True, slots=True)
class ModelUse:
    """Which model answered: what a record says of it.

    Attributes:
        name: As the command line knows it, for example "ssd".
        file: The file of its weights; None where there is none.
        sha256: Of that file, in hexadecimal.
        licence: Under which it may be used, in words; None where unknown.
        version: Of the package that it is part of; None where it is a file.
    """

    name: str
    file: str | None
    sha256: str | None
    licence: str | None = None
    version: str | None = None

    def __str__(self) -> str:
        own = (self.file, self.version, self.licence)
        known = "; ".join(each for each in own if each is not None)
        return f"{self.name} ({known})" if known else self.name


class FaceDetector(Protocol):
    """Stage 1: where are the faces?"""

    @property
    def model(self) -> ModelUse: ...

    def detect(self, image: Image) -> list[Face]:
        """Find the faces in one picture, most confident first.

        Args:
            image: Colour picture, uint8, shape (height, width, 3), blue-green-red. Not modified.

        Returns:
            Faces at or above the detector's minimum confidence. Boxes are whole pixels of
            `image`, clipped to it and never empty. No face gives an empty list; that is not an
            error.

        Raises:
            TypeError, ValueError: `image` is not such a picture.
        """
        ...


class AgeDetector(Protocol):
    """Stage 2: how old is this face?"""

    @property
    def model(self) -> ModelUse: ...

    def crop(self, image: Image, face: Face) -> Image:
        """Cut out what the network wants to see of one face: upright, in the network's size.

        Args:
            image: The whole picture, uint8, shape (height, width, 3), blue-green-red. Not modified.
            face: One face in it.
        """
        ...

    def estimate(self, crops: Sequence[Image]) -> list[AgeEstimate]:
        """Estimate one age for each crop, in the same order, in as few passes as that takes.

        Args:
            crops: What `crop` returned, from one picture or from several.
        """
        ...


class SteadyAge(Protocol):
    """One person's age in a video: what many looks at the face say together."""

    @property
    def looks(self) -> int:
        """How many there were."""
        ...

    @property
    def age(self) -> AgeEstimate:
        """What they say now: of long ago little. Raises ValueError where there was none."""
        ...

    @property
    def overall(self) -> AgeEstimate:
        """What they say about the whole time. Raises ValueError where there was none."""
        ...

    def wants(self, readable: float, time_s: float) -> bool:
        """Whether one more look, as readable as that, would change anything."""
        ...

    def add(self, look: AgeEstimate, readable: float, time_s: float) -> None:
        """Take one look, `readable` by more than 0, at a time in seconds of the video."""
        ...


def find_people(frame: Frame, faces: FaceDetector | None, ages: AgeDetector) -> list[Person]:
    """Stage 1 then stage 2 on one frame; an empty list when nobody is there.

    Args:
        frame: The picture.
        faces: Finds the faces; None takes the whole picture as one face.
        ages: Estimates their ages.

    Returns:
        One person per face, most confident face first.

    Raises:
        InputError: A stage needs more memory than there is (too_large).
    """
    with enough_memory(frame):
        if faces is None:
            found = [Face(Box(0, 0, frame.width, frame.height), confidence=None)]
        else:
            found = faces.detect(frame.image)
        estimates = ages.estimate([ages.crop(frame.image, face) for face in found])
    return [Person(face, age) for face, age in zip(found, estimates, strict=True)]


@contextmanager
def enough_memory(frame: Frame) -> Iterator[None]:
    """Say what to do where the stages need more memory for a picture than there is.

    Raises:
        InputError: In the place of what OpenCV or Python raise (too_large).
    """
    try:
        yield
    except (MemoryError, cv2.error) as error:
        if isinstance(error, cv2.error) and not _is_lack_of_memory(error):
            raise
        message = f"{frame.name} needs more memory than is left; make it smaller"
        raise InputError("too_large", message) from error


def _is_lack_of_memory(error: cv2.error) -> bool:
    # What C++ itself raises carries no code of its own.
    return error.code == cv2.Error.StsNoMem or "std::bad_alloc" in str(error)
