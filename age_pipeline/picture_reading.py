"""From the inputs that were listed to the frames that the stages look at.

What cannot be read becomes a `FailedInput` in its place and never stops the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from age_pipeline.data import FailedInput, Frame
from age_pipeline.errors import InputError
from age_pipeline.file_reading import explain, read_file, read_standard_input
from age_pipeline.picture_formats import recognise
from age_pipeline.pictures import MAX_PIXELS, decode, pixels_to_decode
from age_pipeline.sources import PictureInput

Done = TypeVar("Done")


@dataclass(frozen=True, slots=True)
class OpenedPicture:
    """One picture as its file holds it, not decoded yet.

    Attributes:
        wanted: Which input it is.
        content: The bytes of the file, or what is wrong with it.
    """

    wanted: PictureInput
    content: bytes | InputError

    @property
    def weight(self) -> int:
        """How many bytes of memory it takes at most until it is decoded, drawn into and encoded."""
        if isinstance(self.content, InputError):
            return 0
        pixels = pixels_to_decode(self.content)
        return len(self.content) + (pixels and pixels * recognise(self.content).bytes_a_pixel)

    def decode(self, max_pixels: int = MAX_PIXELS) -> Frame | FailedInput:
        """Make a frame of it.

        Args:
            max_pixels: See `pictures.decode`.
        """
        wanted, content = self.wanted, self.content
        if isinstance(content, InputError):
            return FailedInput(wanted.name, content)
        shown = "standard input" if wanted.path is None else wanted.name
        image = _or_error(wanted.name, lambda: decode(content, shown, max_pixels))
        if isinstance(image, InputError):
            return FailedInput(wanted.name, image)
        relative = wanted.relative
        if wanted.path is None:
            relative = relative.with_suffix(recognise(content).suffixes[0])
        return Frame(image, wanted.name, relative)


def read_picture(wanted: PictureInput, max_pixels: int = MAX_PIXELS) -> Frame | FailedInput:
    """Read one of the inputs that `list_pictures` found; nothing is kept of it.

    Args:
        wanted: The input. Standard input can be read once.
        max_pixels: See `pictures.decode`.
    """
    return open_picture(wanted).decode(max_pixels)


def open_picture(wanted: PictureInput) -> OpenedPicture:
    """Read the file of one of the inputs that `list_pictures` found, without decoding it.

    Args:
        wanted: The input. Standard input can be read once.
    """
    return OpenedPicture(wanted, _or_error(wanted.name, lambda: _content(wanted)))


def _content(wanted: PictureInput) -> bytes:
    if wanted.error is not None:
        raise wanted.error
    return read_standard_input() if wanted.path is None else read_file(wanted.path, wanted.name)


def _or_error(name: str, action: Callable[[], Done]) -> Done | InputError:
    """What is done, or what to tell the user of an input where it cannot be done."""
    try:
        return action()
    except InputError as error:
        # A new one: the traceback of this one holds on to the file's bytes and pixels.
        return InputError(error.kind, str(error))
    except OSError as error:
        return explain(name, error)
    except MemoryError:
        return InputError("too_large", f"{name} is larger than the memory that is left")
