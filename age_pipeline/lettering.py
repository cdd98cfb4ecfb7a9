"""Lines of text in Pillow's own scalable font, put together from letters that are drawn once."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from PIL import ImageFont

Mask = npt.NDArray[np.uint8]
"""How much of each pixel is ink, 0 to 255; shape (height, width)."""


_WORD = re.compile(r" +|[^ ]+ *")
"""A word, and the spaces that follow it."""


@dataclass(frozen=True, slots=True, eq=False)
class _Piece:
    """One letter or several in one size.

    Attributes:
        ink: What there is of it.
        left: From where the first letter begins to the ink, in pixels.
        top: From the line that letters stand on down to the ink, in pixels.
        advance: From where the first letter begins to where the next piece does, in pixels.
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
    words = _words(line, size)
    _write(mask, words, math.ceil(middle) - math.ceil(_advance(words) / 2), baseline)


def line_width(line: str, size: int) -> int:
    """How wide a text is, in pixels."""
    return _advance(_words(line, size))


def digit_height(size: int) -> int:
    """How tall a digit is, in pixels."""
    return -_letter("0", size).top


def _words(line: str, size: int) -> list[_Piece]:
    return [_word(each, size) for each in _WORD.findall(line)]


def _advance(pieces: Iterable[_Piece]) -> int:
    return sum(piece.advance for piece in pieces)


def _write(mask: Mask, pieces: Iterable[_Piece], place: int, baseline: int) -> None:
    """Write pieces one after another, the first of which begins at this place from the left."""
    for piece in pieces:
        left, top = place + piece.left, baseline + piece.top
        first_column, first_row = max(-left, 0), max(-top, 0)
        ink = piece.ink[first_row:, first_column:]
        part = mask[top + first_row :, left + first_column :][: ink.shape[0], : ink.shape[1]]
        np.maximum(part, ink[: part.shape[0], : part.shape[1]], out=part)
        place += piece.advance


@lru_cache(maxsize=128)
def _word(text: str, size: int) -> _Piece:
    """Much of what labels say is said again: of one person in a video, and of ages in general."""
    letters = [_letter(each, size) for each in text]
    top = min(letter.top for letter in letters)
    height = max(letter.top + letter.ink.shape[0] for letter in letters) - top
    # The ink of a letter may reach beyond what it advances.
    margin = size // 2
    ink = np.zeros((height, _advance(letters) + 2 * margin), np.uint8)
    _write(ink, letters, margin, -top)
    return _Piece(ink, -margin, top, _advance(letters))


@lru_cache(maxsize=2048)
def _letter(character: str, size: int) -> _Piece:
    font = _font(size)
    core, (left, top) = font.getmask2(character, "L", anchor="ls")
    width, height = core.size
    ink = np.array(core, np.uint8).reshape(height, width)
    # In the layout of this font every letter takes whole pixels, whichever stands beside it.
    return _Piece(ink, left, top, round(font.getlength(character)))


@lru_cache(maxsize=64)
def _font(size: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise TypeError(f"expected Pillow's scalable font, got {type(font).__name__}")
    return font
