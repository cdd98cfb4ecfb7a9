"""Where results go: standard output, a device or pipe, or a file that appears whole."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BufferedWriter, RawIOBase, UnsupportedOperation
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO, Self

from age_pipeline.errors import OutputError
from age_pipeline.escaping import readable
from age_pipeline.progress import above_bars

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

STDOUT = "-"
"""The name of standard output, wherever a file may be named."""

_LONGEST_LINE = 1 << 20
"""Of what goes to a pipe, in bytes. What fits a buffer waits in it: a signal that breaks into the
writing leaves the rest there, and closing writes it. Of more than that, the rest would be lost."""


def open_destination(name: str) -> Destination:
    """Open what `--json`, `--csv` or `--output` names.

    Args:
        name: A file, which is replaced when the destination is closed; `-` for standard output; or
            a device or pipe that exists, which is written to as it is.

    Raises:
        OutputError: It cannot be opened.
    """
    if name == STDOUT:
        return StandardOutput()
    path = Path(name)
    with output_errors(name):
        # Renaming a file to the name of a device would take the device away.
        is_special = path.exists() and not path.is_file() and not path.is_dir()
        if is_special:
            return Destination(name, path.open("wb", buffering=_LONGEST_LINE))
        return GrowingFile(path)


def write_whole(path: Path, data: bytes) -> None:
    """Write a file that nobody ever sees in part, even if the program is interrupted.

    Raises:
        OutputError: It cannot be written; nothing is left of it.
    """
    file = WholeFile(path)
    try:
        file.write(data)
        file.close()
    except BaseException:
        file.discard()
        raise


def make_folder(folder: Path) -> None:
    """Make a folder, and those it lies in, where they do not exist.

    Raises:
        OutputError: It cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(f"cannot make the folder {readable(str(folder))} ({reason})") from error


@contextmanager
def output_errors(name: str, *others: type[Exception]) -> Iterator[None]:
    """Say what to do about a place that cannot be written. A BrokenPipeError comes through.

    Args:
        name: What the user calls it.
        others: Errors of a library that stand for an OSError.

    Raises:
        OutputError: In the place of an OSError and of `others`.
    """
    name = readable(name)
    known: tuple[type[Exception], ...] = (OSError, *others)
    try:
        yield
    except BrokenPipeError:
        raise
    except FileNotFoundError as error:
        raise OutputError(f"cannot write {name}: its folder does not exist") from error
    except known as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise OutputError(f"cannot write {name} ({reason}): choose another place") from error


class Destination:
    """Takes bytes, whole lines or a whole file at a time, until it is closed.

    Writing and closing raise OutputError where that fails; nothing more can be written then. A
    reader that has gone is a BrokenPipeError: no failure, but a reason to end.

    Attributes:
        is_empty: Whether nothing has been written.
    """

    def __init__(self, name: str, stream: BinaryIO) -> None:
        self.name = name
        self.is_empty = True
        self._stream = stream

    def write(self, data: bytes) -> None:
        """Write all of `data`, now."""
        self.is_empty = False
        with self._ended_by_errors():
            self._stream.write(data)
            self._stream.flush()

    def close(self) -> None:
        """Finish, also what a signal broke into; harmless a second time."""
        with self._ended_by_errors():
            self._stream.close()

    def discard(self) -> None:
        """Give up: close, and say nothing of what cannot be finished."""
        with suppress(OSError):
            self._stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @contextmanager
    def _ended_by_errors(self) -> Iterator[None]:
        try:
            with output_errors(self.name):
                yield
        except BrokenPipeError:
            self.discard()
            raise
        except OutputError as error:
            raise self._given_up(error) from error.__cause__

    def _given_up(self, error: OutputError) -> OutputError:
        """What to tell of an error that ended it."""
        self.discard()
        return error


class StandardOutput(Destination):
    """Standard output; it stays open. A progress bar on the terminal gives way to what is written.

    Raises:
        OutputError: The program was started without a standard output.
    """

    def __init__(self) -> None:
        if sys.stdout is None:
            raise OutputError("standard output is closed: name a file instead of -")
        super().__init__("standard output", _stdout())

    def write(self, data: bytes) -> None:
        with above_bars():
            super().write(data)


class WholeFile(Destination):
    """A file that is written under NAME.part and gets its name when it is closed.

    A file that had the name before is replaced then, and stays as it was if writing fails. A
    symbolic link is followed.
    """

    def __init__(self, path: Path) -> None:
        self._path = Path(os.path.realpath(path))
        self._part = Path(f"{self._path}.part")
        with output_errors(str(path)):
            if self._path.is_dir():
                raise IsADirectoryError("it is a folder")
            super().__init__(str(path), self._part.open("wb"))

    def close(self) -> None:
        if not self._stream.closed:
            super().close()
            with self._ended_by_errors():
                self._part.replace(self._path)

    def discard(self) -> None:
        """Forget what was written; the file of that name, if there is one, stays as it was."""
        super().discard()
        with suppress(OSError):
            self._part.unlink(missing_ok=True)


class GrowingFile(WholeFile):
    """A file that is written line by line, which may take hours.

    Where that fails, NAME.part keeps what was written before, and the error says so.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._whole_bytes = 0
        self._is_kept = False

    def write(self, data: bytes) -> None:
        super().write(data)
        self._whole_bytes += len(data)

    def discard(self) -> None:
        """Forget what was written, unless an error has told of it."""
        if not self._is_kept:
            super().discard()

    def _given_up(self, error: OutputError) -> OutputError:
        if not self._whole_bytes:
            return super()._given_up(error)
        self._is_kept = True
        with suppress(OSError):
            self._stream.close()
        with suppress(OSError):
            os.truncate(self._part, self._whole_bytes)
        return OutputError(f"{error}; {readable(str(self._part))} has what was written before")


def _stdout() -> BinaryIO:
    """A buffer of its own for standard output, which stays open when this one is closed."""
    try:
        number = sys.stdout.fileno()
    except UnsupportedOperation:
        return BufferedWriter(_LeftOpen(sys.stdout.buffer))
    return open(number, "wb", buffering=_LONGEST_LINE, closefd=False)


class _LeftOpen(RawIOBase):
    """Passes on what is written, and not that it is closed: for a standard output in memory."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def writable(self) -> bool:
        return True

    def write(self, data: ReadableBuffer, /) -> int:
        return self._stream.write(data)
