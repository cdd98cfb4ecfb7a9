"""The labelled data sets, read straight from their archives.

training/README.md lists the archives; none of their pictures is in this tree.
"""

from __future__ import annotations

import csv
import io
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from age_pipeline.data import OLDEST, Image
from age_pipeline.pictures import decode

FAIRFACE_GROUPS: dict[str, tuple[int, int]] = {
    "0-2": (0, 2),
    "3-9": (3, 9),
    "10-19": (10, 19),
    "20-29": (20, 29),
    "30-39": (30, 39),
    "40-49": (40, 49),
    "50-59": (50, 59),
    "60-69": (60, 69),
    "70+": (70, OLDEST),
}
"""First and last year of FairFace's nine age groups."""


@dataclass(frozen=True, slots=True, eq=False)
class LabelledPicture:
    """A picture of one labelled face; a year of age is a group of one year."""

    name: str
    image: Image
    first: int
    last: int


def fairface(archive: Path) -> Iterator[LabelledPicture]:
    """The pictures of a FairFace archive (fairface-train, -val or -photos)."""
    with tarfile.open(archive) as tar:
        (labels,) = (name for name in tar.getnames() if name.endswith("/labels.csv"))
        groups = {
            row["file"]: FAIRFACE_GROUPS[row["age_group"]]
            for row in csv.DictReader(io.StringIO(_content(tar, labels).decode()))
        }
        for name, image in _pictures(tar):
            yield LabelledPicture(name, image, *groups[name])


def utkface_validation(archive: Path) -> Iterator[LabelledPicture]:
    """UTKFace's validation part: those of the archive that utkface-val.txt beside it names."""
    chosen = {
        Path(line.strip()).stem
        for line in archive.with_name("utkface-val.txt").read_text().splitlines()
    }
    with tarfile.open(archive) as tar:
        for name, image in _pictures(tar, chosen):
            age = min(int(name.split("_")[0]), OLDEST)
            yield LabelledPicture(name, image, age, age)


def all_age_faces(archive: Path) -> Iterator[LabelledPicture]:
    """The pictures of All-Age-Faces, whose names end in A and the age."""
    with tarfile.open(archive) as tar:
        for name, image in _pictures(tar):
            age = min(int(name.split("A")[1].split(".")[0]), OLDEST)
            yield LabelledPicture(name, image, age, age)


def _pictures(tar: tarfile.TarFile, stems: set[str] | None = None) -> Iterator[tuple[str, Image]]:
    for member in tar:
        path = Path(member.name)
        if path.suffix in {".jpg", ".webp"} and (stems is None or path.stem in stems):
            yield path.name, decode(_content(tar, member), path.name)


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo | str) -> bytes:
    file = tar.extractfile(member)
    assert file is not None, member
    return file.read()
