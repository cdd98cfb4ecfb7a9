"""Where pictures and their tables lie: a folder, or a .tar archive, read without unpacking it."""

from __future__ import annotations

import tarfile
from dataclasses import dataclass
from pathlib import Path, PurePath, PurePosixPath
from typing import Protocol

from age_pipeline.data import FailedInput, Image
from age_pipeline.errors import InputError, UsageError
from age_pipeline.file_reading import explain, read_file
from age_pipeline.picture_formats import SUFFIXES
from age_pipeline.picture_reading import read_picture
from age_pipeline.pictures import decode
from age_pipeline.sources import PictureInput, list_pictures


class PictureStore(Protocol):
    """Where the pictures lie."""

    def names(self) -> list[str]:
        """The picture files in it, told by their suffixes, in plain order.

        Raises:
            UsageError: There is none.
        """
        ...

    def table(self, name: str) -> tuple[bytes, str] | None:
        """The content of a file beside the pictures and what messages call that file; None where
        it is not there.
        """
        ...

    def read(self, name: str) -> Image | InputError:
        """One picture, or why it cannot be read."""
        ...


def open_store(path: Path) -> PictureStore:
    """Open a folder, with all below it, or an uncompressed .tar archive.

    Names in an archive count from the folder that all its files are in.

    Raises:
        UsageError: There is no such thing, or it cannot be read.
    """
    if path.is_dir():
        return Folder(path)
    try:
        return Archive.opened(path)
    except tarfile.TarError as error:
        expected = "expected a folder or an uncompressed .tar archive"
        raise UsageError(f"{path} cannot be read ({error}): {expected}") from error
    except OSError as error:
        raise UsageError(str(explain(str(path), error))) from error


def read_named(path: Path) -> bytes:
    """The content of a file that the user named.

    Raises:
        UsageError: It is not there or cannot be read.
    """
    try:
        return read_file(path, str(path))
    except InputError as error:
        raise UsageError(str(error)) from error
    except OSError as error:
        raise UsageError(str(explain(str(path), error))) from error


@dataclass(frozen=True, slots=True)
class Folder:
    """Pictures in a folder and below it."""

    path: Path

    def names(self) -> list[str]:
        found = list_pictures([str(self.path)], recursive=True)
        for each in found:
            if each.error is not None:
                raise UsageError(str(each.error))
        return [each.relative.as_posix() for each in found]

    def table(self, name: str) -> tuple[bytes, str] | None:
        file = self.path / name
        return (read_named(file), str(file)) if file.exists() else None

    def read(self, name: str) -> Image | InputError:
        file = self.path / name
        found = read_picture(PictureInput(str(file), file, PurePath(name)))
        return found.error if isinstance(found, FailedInput) else found.image


@dataclass(frozen=True, slots=True)
class Archive:
    """Pictures in an uncompressed tar archive.

    Attributes:
        path: The archive.
        places: Where the content of each file begins, and how many bytes it has.
    """

    path: Path
    places: dict[str, tuple[int, int]]

    @classmethod
    def opened(cls, path: Path) -> Archive:
        """Look through the archive once.

        Raises:
            TarError, OSError: It is not one, or cannot be read.
        """
        with tarfile.open(path, "r:") as tar:
            files = {PurePosixPath(each.name.lstrip("/")): each for each in tar if each.isreg()}
        if not files:
            return cls(path, {})
        shared = next(
            folder
            for folder in min(files).parents
            if all(name.is_relative_to(folder) for name in files)
        )
        places = {
            str(name.relative_to(shared)): (file.offset_data, file.size)
            for name, file in files.items()
        }
        return cls(path, places)

    def names(self) -> list[str]:
        names = [name for name in self.places if _is_picture(PurePosixPath(name))]
        if not names:
            raise UsageError(f"{self.path} holds no picture, by the names of its files")
        return sorted(names)

    def table(self, name: str) -> tuple[bytes, str] | None:
        source = f"{name} in {self.path}"
        return (self._content(name), source) if name in self.places else None

    def read(self, name: str) -> Image | InputError:
        shown = f"{name} in {self.path}"
        if name not in self.places:
            return InputError("missing", f"{shown} does not exist; check the name")
        try:
            return decode(self._content(name), shown)
        except InputError as error:
            # A new one: the traceback of this one holds on to the file's bytes and pixels.
            return InputError(error.kind, str(error))
        except OSError as error:
            return explain(shown, error)

    def _content(self, name: str) -> bytes:
        offset, size = self.places[name]
        with self.path.open("rb") as file:
            file.seek(offset)
            return file.read(size)


def _is_picture(name: PurePosixPath) -> bool:
    return name.suffix.lower() in SUFFIXES and not name.name.startswith(".")
