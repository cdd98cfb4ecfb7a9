"""Which file the annotated copy of a picture becomes."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path, PurePath
from typing import TypeVar

from age_pipeline.destinations import STDOUT
from age_pipeline.errors import UsageError
from age_pipeline.escaping import readable

PathKind = TypeVar("PathKind", bound=PurePath)

WRITTEN = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".jpe": "JPEG",
    ".jfif": "JPEG",
    ".webp": "WEBP",
    ".bmp": "BMP",
    ".dib": "BMP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
}
"""The format, as Pillow calls it, that a file's suffix in lower case stands for."""

# What is read but not written, and is photographs: these become the format of photographs.
_PHOTOGRAPHS = {".heic", ".heif", ".hif", ".avif"}


def is_one_file(output: str, *, one_picture: bool) -> bool:
    """Whether `--output` names a file rather than a folder.

    Args:
        output: What the user named. It is a file where it is `-` (standard output), or has a
            suffix, does not end in a slash and is no folder yet.
        one_picture: Whether one picture is the whole input; several always need a folder.

    Raises:
        UsageError: A file is named for several pictures, or one of a format that is not written.
    """
    if output == STDOUT:
        if not one_picture:
            raise UsageError("--output - takes one picture: several need a folder")
        return True
    path = Path(output)
    shown = readable(output)
    if path.is_dir() or output.endswith(("/", os.sep)) or not (path.suffix or path.exists()):
        return False
    if not one_picture:
        if path.exists() or path.suffix.lower() in WRITTEN:
            raise UsageError(f"--output {shown} names a file: several pictures need a folder")
        return False
    if path.suffix.lower() not in WRITTEN:
        formats = ", ".join(WRITTEN)
        raise UsageError(f"--output {shown} is of a format that is not written: use {formats}")
    return True


class OutputNames:
    """Gives each picture of a run its own file, which is never one of the inputs.

    Args:
        folder: Below which the files lie.
        inputs: The files that are read in this run.
    """

    def __init__(self, folder: Path, inputs: Iterable[Path]) -> None:
        self._folder = folder
        self._inputs = {os.path.realpath(path) for path in inputs}
        self._given: set[str] = set()
        self._next_number: dict[str, int] = {}

    def choose(self, relative: PurePath) -> Path:
        """The file for the next picture.

        Args:
            relative: The name that it should have below the folder.

        Returns:
            That name, made `writable`; with `.ages` where that, or the name itself, is an input's;
            with `-2` and so on where this run gave it away. A file of an earlier run may have it.
        """
        wanted = self._folder / writable(relative)
        beside = {os.path.realpath(self._folder / relative), os.path.realpath(wanted)}
        if beside & self._inputs:
            wanted = beside_original(wanted)
        first = os.path.realpath(wanted)
        chosen, place = wanted, first
        number = self._next_number.get(first, 2)
        while place in self._given or place in self._inputs:
            chosen = wanted.with_stem(f"{wanted.stem}-{number}")
            place = os.path.realpath(chosen)
            number += 1
        self._next_number[first] = number
        self._given.add(place)
        return chosen


def writable(name: PurePath) -> PurePath:
    """The name itself where its suffix is in `WRITTEN`; HEIC and AVIF become JPEG, others PNG.

    The new suffix comes behind the old one: a.heic and a.jpg beside it stay apart.
    """
    suffix = name.suffix.lower()
    if suffix in WRITTEN:
        return name
    return name.with_name(name.name + (".jpg" if suffix in _PHOTOGRAPHS else ".png"))


def beside_original(copy: PathKind) -> PathKind:
    """What a copy is named where it lies beside its original: `annotated_copies` knows it by it."""
    return copy.with_stem(f"{copy.stem}.ages")
