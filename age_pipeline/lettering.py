"""Lines of text in Pillow's own scalable font, put together from letters drawn once each."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from PIL import ImageFont

Mask = npt.NDArray[np.uint8]
"""How much of each pixel is ink, 0 to 255; shape (height, width)."""


@dataclass(frozen=True, slots=True, eq=False)
class _Letter:
    """One letter in one size.

    Attributes:
        ink: What there is of it.
        left: From where the letter begins to its ink, in pixels.
        top: From the line that letters stand on down to its ink, in pixels.
        advance: From where it begins to where the next one does, in pixels.
    """

    ink: Mask
    left: int
    top: int
    advance: int


def write_line(mask: Mask, line: str, size: int, *, middle: float, baseline: int) -> None:
    """Write text into a mask; what does not fit is cut off.

    Args:
        mask: Is written into.
        line: The text.
        size: Of the font, in pixels.
        middle: Of the text, in pixels from the mask's left.
        baseline: Where letters stand, in pixels from the mask's top.
    """
    letters = [_letter(each, size) for each in line]
    place = math.ceil(middle) - math.ceil(sum(letter.advance for letter in letters) / 2)
    for letter in letters:
        left, top = place + letter.left, baseline + letter.top
        first_column, first_row = max(-left, 0), max(-top, 0)
        ink = letter.ink[first_row:, first_column:]
        part = mask[top + first_row :, left + first_column :][: ink.shape[0], : ink.shape[1]]
        np.maximum(part, ink[: part.shape[0], : part.shape[1]], out=part)
        place += letter.advance


def line_width(line: str, size: int) -> int:
    """How wide a text is, in pixels."""
    return sum(_letter(each, size).advance for each in line)


def digit_height(size: int) -> int:
    """How tall a digit is, in pixels."""
    return -_letter("0", size).top


@lru_cache(maxsize=2048)
def _letter(character: str, size: int) -> _Letter:
    font = _font(size)
    core, (left, top) = font.getmask2(character, "L", anchor="ls")
    width, height = core.size
    ink = np.array(core, np.uint8).reshape(height, width)
    # In the layout of this font every letter takes whole pixels, whichever stands beside it.
    return _Letter(ink, left, top, round(font.getlength(character)))


@lru_cache(maxsize=64)
def _font(size: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise TypeError(f"expected Pillow's scalable font, got {type(font).__name__}")
    return font
