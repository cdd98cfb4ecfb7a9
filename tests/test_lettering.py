"""Lines put together from letters, beside those that Pillow writes in one go."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont

from age_pipeline.lettering import Mask, digit_height, line_width, write_line

SIZES = [10, 11, 14, 19, 40, 151]

LINES = [
    "(60-100): 98.92%",
    "78 years (66-89)",
    "#12: 7",
    "18 or older: 0.04%",
    "1",
    " 100  (9-99) ",
    "  ",
]


def by_pillow(line: str, size: int, width: int, height: int, baseline: int) -> Mask:
    picture = Image.new("L", (width, height))
    font = ImageFont.load_default(size)
    ImageDraw.Draw(picture).text((width / 2, baseline), line, fill=255, font=font, anchor="ms")
    return np.asarray(picture)


@pytest.mark.parametrize("margin", [6, 7])
@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("size", SIZES)
def test_a_line_is_that_of_pillow(size: int, line: str, margin: int) -> None:
    mask = np.zeros((2 * size, line_width(line, size) + margin), np.uint8)
    height, width = mask.shape
    write_line(mask, line, size, middle=width / 2, baseline=round(1.4 * size))
    expected = by_pillow(line, size, width, height, round(1.4 * size))
    # But for single pixels where letters touch.
    assert np.count_nonzero(mask != expected) <= len(line) / 2
    assert mask.any() == bool(line.strip())


def test_letters_that_overlap_hide_none_of_each_other() -> None:
    # In this size the ink of a 4 reaches beyond what it advances.
    size, line = 11, "44"
    width = line_width(line, size) + 6
    mask, first, second = (np.zeros((2 * size, width), np.uint8) for _ in range(3))
    write_line(mask, line, size, middle=width / 2, baseline=15)
    advance = line_width("4", size)
    start = -(-width // 2) - advance
    for each, left in ((first, start), (second, start + advance)):
        write_line(each, "4", size, middle=left + -(-advance // 2), baseline=15)
    assert (np.minimum(first, second) > 0).any()
    assert np.array_equal(mask, np.maximum(first, second))


@pytest.mark.parametrize("size", SIZES)
def test_how_large_text_is(size: int) -> None:
    font = ImageFont.load_default(size)
    assert digit_height(size) == -font.getbbox("0", anchor="ls")[1]
    for line in LINES:
        assert line_width(line, size) == font.getlength(line)


@given(
    st.sampled_from(LINES),
    st.integers(1, 60),
    st.integers(1, 40),
    st.integers(-80, 140),
    st.integers(-40, 80),
)
def test_what_does_not_fit_is_cut_off(
    line: str, width: int, height: int, middle: int, baseline: int
) -> None:
    whole = np.zeros((height + 400, width + 400), np.uint8)
    write_line(whole, line, 20, middle=middle + 200, baseline=baseline + 200)
    part = np.zeros((height, width), np.uint8)
    write_line(part, line, 20, middle=middle, baseline=baseline)
    assert np.array_equal(part, whole[200 : 200 + height, 200 : 200 + width])


def test_a_font_that_does_not_scale_is_a_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ImageFont, "load_default", lambda _size: ImageFont.ImageFont())
    with pytest.raises(TypeError, match="scalable"):
        line_width("30", 997)
