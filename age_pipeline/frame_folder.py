"""Videos that lie as single pictures in a folder: `frames`, or by number, `frames/%04d.png`."""

from __future__ import annotations

import logging
import re
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path, PurePath

from age_pipeline.data import FailedInput, Frame
from age_pipeline.errors import InputError
from age_pipeline.file_reading import explain
from age_pipeline.letterbox import letterboxed
from age_pipeline.picture_reading import read_picture
from age_pipeline.reading_thread import ReadingThread
from age_pipeline.sources import PictureInput, list_pictures
from age_pipeline.video_source import WHOLE, Cut, Moment, VideoSource, nothing_left

FRAME_RATE = Fraction(25)
"""Pictures tell no times, so so many count for a second; FFmpeg takes them at the same rate."""

_NUMBER = re.compile(r"%(?:0[1-9][0-9]*)?d")
"""What C's printf makes a number of: `%d`, `%04d`."""

_AHEAD = 2

log = logging.getLogger("detect_age")


def is_pattern(name: str) -> bool:
    """Whether a name has one number in its last part for printf to fill in."""
    return len(_NUMBER.findall(PurePath(name).name)) == 1


class FrameFolder(VideoSource):
    """The pictures of a folder as the frames of a video, 25 a second.

    What cannot be read is logged as an error; its place in the video stays empty.

    Args:
        source: A folder: its pictures, by known suffix, in plain order of their names (capitals
            first, "10" before "9"; see `sources.list_pictures`). Or a pattern (see `is_pattern`):
            the files that it names, in order of their numbers, which may have gaps.
        cut: The part that is wanted.
    """

    def __init__(self, source: str, *, cut: Cut = WHOLE) -> None:
        self.name = source
        self._cut = cut

    def _open(self, stack: ExitStack) -> None:
        is_folder = Path(self.name).is_dir()
        pictures = _in_folder(self.name) if is_folder else _numbered(self.name)
        self.frame_rate = FRAME_RATE / self._cut.every
        self.frame_count = self._cut.count(len(pictures), FRAME_RATE)
        if not self.frame_count:
            raise nothing_left(self.name, self._cut)
        moments = (
            Moment(index, float(index / FRAME_RATE), each) for index, each in enumerate(pictures)
        )
        frames = self._frames(self._cut.taken_from(moments))
        self._thread = ReadingThread(frames, name=self.name, ahead=_AHEAD)
        stack.enter_context(self._thread)
        self._thread.wait_for_first()

    def __iter__(self) -> Iterator[Frame]:
        return self._thread.items(is_over=lambda: self.is_over())

    def _frames(self, moments: Iterable[Moment[PictureInput]]) -> Generator[Frame, None, None]:
        is_first, told = True, False
        for each in moments:
            found = read_picture(each.picture)
            if isinstance(found, FailedInput):
                log.error("%s", found.error)
                continue
            if is_first:
                self.width, self.height = found.width, found.height
                is_first = False
            elif not told and (found.width, found.height) != (self.width, self.height):
                told = True
                log.info(
                    "%s: pictures of other sizes are fitted into the first one's, %d x %d;"
                    " detect_age.py reads photographs",
                    self.name,
                    self.width,
                    self.height,
                )
            image = letterboxed(found.image, self.width, self.height)
            yield Frame(image, self.name, index=each.index, time_s=each.time_s)
        if is_first:
            raise InputError("no_input", f"{self.name}: none of its pictures can be read")


def _in_folder(name: str) -> Sequence[PictureInput]:
    pictures = list_pictures([name])
    # A folder that cannot be listed, or holds none, stands there itself.
    error = pictures[0].error
    if error is None:
        return pictures
    if error.kind == "no_input":
        raise InputError("no_input", f"{name} holds no picture, by the names of its files")
    raise error


def _numbered(name: str) -> Sequence[PictureInput]:
    path = Path(name)
    number = _NUMBER.search(path.name)
    assert number is not None
    head, tail = path.name[: number.start()], path.name[number.end() :]
    found = {}
    try:
        for each in path.parent.iterdir():
            digits = each.name.removeprefix(head).removesuffix(tail)
            if digits.isdecimal() and each.name == f"{head}{number[0] % int(digits)}{tail}":
                found[int(digits)] = str(each)
    except OSError as error:
        raise explain(str(path.parent), error) from error
    if not found:
        raise InputError("no_input", f"{name} is no file and, as a pattern, matches none")
    return list_pictures([found[key] for key in sorted(found)])
