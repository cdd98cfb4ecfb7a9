"""From the names that a user gives to the inputs that they stand for; no picture is opened here."""

# pathlib rewrites names ("" becomes ".", "a.jpg/" "a.jpg"), and asking it about a file may raise
# where os.path answers no.
# ruff: noqa: PTH112, PTH114, PTH116, PTH118, PTH122, PTH207

from __future__ import annotations

import codecs
import errno
import glob
import itertools
import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from age_pipeline.annotated_copies import annotated_copies
from age_pipeline.errors import InputError, UsageError
from age_pipeline.file_reading import explain, read_standard_input, require_file
from age_pipeline.picture_formats import SUFFIXES

_SEPARATORS = re.escape(os.sep + (os.altsep or ""))
_DEEP = re.compile(rf"(?:^|(?<=[{_SEPARATORS}]))\*\*(?:[{_SEPARATORS}]+|$)")


@dataclass(frozen=True, slots=True)
class PictureInput:
    """One picture to read, or the reason why there is none.

    Attributes:
        name: As it is reported: as given, for a picture in a folder the folder's name joined with
            its own. File names that are not UTF-8 keep their bytes as surrogates.
        path: The file; None for standard input.
        relative: Its place below an output folder: never absolute, never with "..".
        error: What is known to be wrong without opening the file.
    """

    name: str
    path: Path | None
    relative: PurePath
    error: InputError | None = None


def list_pictures(
    names: Sequence[str], *, recursive: bool = False, output: str | None = None
) -> list[PictureInput]:
    """Find the inputs that names stand for, in the order of the names.

    What an earlier run annotated is never found again through a folder or a pattern: see
    `annotated_copies`.

    Args:
        names: Each is one of these; a name that is given twice counts twice.

            - A picture.
            - A folder: its pictures, by known suffix, hidden ones left out, in plain order of
              their names (capitals first, "10" before "9").
            - A pattern such as "a*.jpg" or "**/*.png", unless a file of that very name exists:
              the files that match, whatever their suffix, in plain order.
            - "-": the bytes of one picture on standard input.
        recursive: Take a folder's subfolders too, after its own pictures. Hidden ones and links to
            folders are left out.
        output: The folder that annotated copies go to, which need not exist.

    Returns:
        At least one input for each name; where there is no picture it says so as its `error`.

    Raises:
        UsageError: "-" is named twice: standard input can be read once.
    """
    if list(names).count("-") > 1:
        raise UsageError("- is given more than once; standard input can be read only once")
    return [found for name in names for found in _expand(name, recursive, output)]


def read_names(source: str) -> list[str]:
    """Read a list of names, one a line; blank lines are skipped.

    Args:
        source: A text file, or "-" for standard input. Lines end in LF or CRLF; a list that has
            zero bytes, as `find -print0` writes it, is split at those alone. Names are bytes to
            the file system, so what is not UTF-8 is kept.

    Raises:
        UsageError: It cannot be read.
    """
    try:
        data = read_standard_input() if source == "-" else Path(source).read_bytes()
    except (OSError, ValueError, InputError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"the list of names {source} cannot be read: {reason}") from None
    if b"\0" in data:
        return [os.fsdecode(name) for name in data.split(b"\0") if name]
    lines = data.removeprefix(codecs.BOM_UTF8).split(b"\n")
    return [os.fsdecode(line.removesuffix(b"\r")) for line in lines if line.strip()]


def _expand(name: str, recursive: bool, output: str | None) -> list[PictureInput]:
    if name == "-":
        return [PictureInput(name, None, PurePath("stdin"))]
    try:
        status = os.stat(name)
        if stat.S_ISDIR(status.st_mode):
            return _list_folder(name, recursive, output)
        require_file(status, name)
    except ValueError as error:  # a byte 0 in the name, or what no file system can encode
        return [_failed(name, explain(name, FileNotFoundError(errno.ENOENT, str(error))))]
    except OSError as error:
        if glob.has_magic(name) and not os.path.lexists(name):
            return _list_matches(name, output)
        return [_failed(name, explain(name, error))]
    except InputError as error:
        return [_failed(name, error)]
    return [_single(name)]


def _single(name: str) -> PictureInput:
    return PictureInput(name, Path(name), PurePath(Path(name).name))


def _failed(name: str, error: InputError) -> PictureInput:
    return PictureInput(name, Path(name), PurePath(), error)


def _list_folder(folder: str, recursive: bool, output: str | None) -> list[PictureInput]:
    found: list[PictureInput] = []
    passed_over = False

    def unlisted(error: OSError) -> None:
        found.append(_failed(error.filename, explain(error.filename, error)))

    for base, folders, files in os.walk(folder, onerror=unlisted):
        below = PurePath(base).relative_to(folder)
        links = {each for each in folders if os.path.islink(os.path.join(base, each))}
        entered = set(folders) - links if recursive else set()
        passed_over |= any(_is_visible(each) for each in folders)
        # A folder that is named like a picture is read like one unless entered, and so reported.
        for each in sorted({*files, *folders} - entered):
            if _is_visible(each) and _is_named_like_a_picture(each):
                path = Path(base, each)
                found.append(PictureInput(str(path), path, below / each))
        folders[:] = sorted(filter(_is_visible, entered))
    found = _originals(found, folder, output)
    if not found:
        hint = "; --recursive searches its subfolders" if passed_over and not recursive else ""
        message = f"{folder} holds no picture, by the names of its files{hint}"
        return [_failed(folder, InputError("no_input", message))]
    return found


def _is_visible(name: str) -> bool:
    return not name.startswith(".")


def _is_named_like_a_picture(name: str) -> bool:
    return os.path.splitext(name)[1].lower() in SUFFIXES


def _list_matches(pattern: str, output: str | None) -> list[PictureInput]:
    matches = sorted({str(PurePath(match)) for match in _matches(pattern)})
    # A pattern names files; a folder among them stands there, and so is reported, only where its
    # name promises a picture.
    found = [
        _single(match)
        for match in matches
        if _is_named_like_a_picture(match) or not os.path.isdir(match)
    ]
    fixed = itertools.takewhile(lambda part: not glob.has_magic(part), PurePath(pattern).parts)
    originals = _originals(found, str(PurePath(*fixed)), output)
    if not originals:
        if found:
            seen = "matches nothing but annotated copies"
        elif matches:
            seen = "matches nothing but folders"
        else:
            seen = "is no file and, as a pattern, matches none"
        return [_failed(pattern, InputError("no_input", f"{pattern} {seen}"))]
    return originals


def _matches(pattern: str) -> Iterator[str]:
    """What `glob` finds; "**" is walked here because glob follows links, and so may never end."""
    head, *rest = _DEEP.split(pattern, maxsplit=1)
    if not rest:
        yield from glob.iglob(pattern)
        return
    for base in glob.iglob(head) if glob.has_magic(head) else [head or os.curdir]:
        for folder, folders, _ in os.walk(base):
            folders[:] = filter(_is_visible, folders)
            yield from _matches(os.path.join(glob.escape(folder), rest[0] or "*"))


def _originals(
    found: Sequence[PictureInput], folder: str, output: str | None
) -> list[PictureInput]:
    copies = annotated_copies([each.name for each in found], folder, output)
    return [each for each in found if each.name not in copies]
