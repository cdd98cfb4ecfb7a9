"""The bytes of a file that a user named, and what it means where the system refuses them.

Never opens a pipe, a socket or a device, and never reads more than `MAX_BYTES`.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from pathlib import Path
from typing import BinaryIO

from age_pipeline.errors import InputError

MAX_BYTES = 2**30
"""The largest file that is read, 1 GiB: more than the largest picture that is decoded takes up
uncompressed, at 8 bits a channel."""

_CHUNK_BYTES = 2**20

_KINDS_OF_FILE = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def require_file(status: os.stat_result, name: str) -> None:
    """Raise InputError (not_a_file) unless `status` is that of an ordinary file."""
    if not stat.S_ISREG(status.st_mode):
        kind = _KINDS_OF_FILE.get(stat.S_IFMT(status.st_mode), "something else")
        raise InputError("not_a_file", f"{name} is {kind}, not a picture file")


def read_file(path: Path, name: str) -> bytes:
    """Read a whole file.

    Args:
        path: The file. It may grow or shrink meanwhile; what could be read counts.
        name: What error messages call it.

    Raises:
        InputError: Not an ordinary file (not_a_file), or larger than `MAX_BYTES` (too_large).
        OSError: Anything else; see `explain`.
    """
    # Opening alone can hang (a pipe) or act (a device), so the kind is asked first, and once more
    # of what was really opened; O_NONBLOCK covers an exchange in between.
    require_file(path.stat(), name)
    with open(path, "rb", opener=_open_unblocked) as file:
        status = os.fstat(file.fileno())
        require_file(status, name)
        if status.st_size > MAX_BYTES:
            raise _too_large(name)
        return _read_bounded(file, name, status.st_size)


def read_standard_input() -> bytes:
    """Read standard input to its end.

    Raises:
        InputError: It is not open (no_input), or gives more than `MAX_BYTES` (too_large).
        OSError: Anything else; see `explain`.
    """
    stream: BinaryIO | None = getattr(sys.stdin, "buffer", None)
    if stream is None:
        raise InputError("no_input", "standard input is not open: send the bytes of a file to it")
    return _read_bounded(stream, "standard input", 0)


def explain(name: str, error: OSError) -> InputError:
    """Say what the system's refusal to read a file means to the user.

    A failing disk or network counts as damaged: whatever was stored there is not to be had.
    """
    if isinstance(error, PermissionError):
        return InputError("permission", f"{name} may not be read: permission denied")
    gone = (FileNotFoundError, NotADirectoryError)
    if isinstance(error, gone) or error.errno in (errno.ELOOP, errno.ENAMETOOLONG):
        # Path.is_symlink raises where the name is too long.
        if os.path.islink(name):  # noqa: PTH114
            return InputError("missing", f"{name} is a dangling link: what it points to is gone")
        return InputError("missing", f"{name or 'the empty name'} does not exist; check the name")
    if isinstance(error, IsADirectoryError) or error.errno == errno.ENXIO:
        return InputError("not_a_file", f"{name} is not a picture file")
    return InputError("damaged", f"{name} cannot be read: {error.strerror or error}")


def _open_unblocked(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _read_bounded(stream: BinaryIO, name: str, expected: int) -> bytes:
    chunks: list[bytes] = []
    total = 0
    while chunk := stream.read(max(expected - total, _CHUNK_BYTES)):
        chunks.append(chunk)
        total += len(chunk)
        if total > MAX_BYTES:
            raise _too_large(name)
    return b"".join(chunks)


def _too_large(name: str) -> InputError:
    message = f"{name} is larger than {MAX_BYTES:,} bytes; make it smaller"
    return InputError("too_large", message)
