"""FairFace's archives, as training takes them; training/README.md lists them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from age_pipeline.data import FailedInput
from benchmarks.age_labels import FAIRFACE_GROUPS
from benchmarks.labelled_folders import LabelledPicture, open_labelled

__all__ = ["FAIRFACE_GROUPS", "fairface"]


def fairface(archive: Path) -> Iterator[LabelledPicture]:
    """The pictures of a FairFace archive (fairface-train, -val or -photos).

    Raises:
        InputError: A picture is missing or damaged.
    """
    for picture in open_labelled(archive):
        if isinstance(picture, FailedInput):
            raise picture.error
        yield picture
