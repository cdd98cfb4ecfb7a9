"""What is to be seen in the pictures of benchmarks.speed, and where they lie."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

PICTURES = 3
"""How many different pictures of each scene there are."""

_SIZE = re.compile(r"([1-9][0-9]*)x([1-9][0-9]*)")


@dataclass(frozen=True, slots=True)
class Scene:
    """Pictures of one kind.

    Attributes:
        width: Of each picture, in pixels.
        height: Likewise.
        faces: How many people stand in each.
    """

    width: int
    height: int
    faces: int

    @property
    def size(self) -> str:
        """For example "640x480"."""
        return f"{self.width}x{self.height}"

    def folder(self, inputs: Path) -> Path:
        """Where its different pictures lie, below the folder of all."""
        return inputs / self.size / str(self.faces)


def picture_size(text: str) -> tuple[int, int]:
    """Width and height that a text such as "640x480" tells.

    Raises:
        ValueError: It tells none.
    """
    told = _SIZE.fullmatch(text)
    if told is None:
        raise ValueError(f"expected a size such as 640x480, not {text!r}")
    return int(told[1]), int(told[2])


def repeated(originals: Path, folder: Path, count: int) -> Path:
    """Fill a new folder with files that are the originals again and again, under other names.

    Args:
        originals: A folder of pictures.
        folder: Made here, on the same disk.
        count: How many files it is to hold.

    Returns:
        The new folder.
    """
    folder.mkdir(parents=True)
    for number, path in enumerate(islice(cycle(sorted(originals.iterdir())), count)):
        (folder / f"{number:05}{path.suffix}").hardlink_to(path)
    return folder
