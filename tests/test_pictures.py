import struct
import subprocess
import sys
import threading
import warnings
import zlib
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from typing import get_args

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from picture_files import (
    BLUE,
    BOMBS,
    GREEN,
    RED,
    WHITE,
    bmp_header,
    corners,
    encode,
    gif,
    png,
    png_chunk,
    tiff,
)
from PIL import Image as PillowImage
from PIL import ImageFile
from PIL.Image import Image as Picture

from age_pipeline import pictures
from age_pipeline.data import Image, require_image
from age_pipeline.errors import InputError, InputErrorKind
from age_pipeline.picture_formats import recognise
from age_pipeline.pictures import decode

LOSSLESS = {"PNG": {}, "BMP": {}, "TIFF": {}, "GIF": {}, "WEBP": {"lossless": True}}
LOSSY = {"JPEG": {"quality": 95}, "WEBP": {"quality": 95}, "AVIF": {"quality": 95}, "HEIF": {}}


def kind_of(data: bytes) -> InputErrorKind:
    with pytest.raises(InputError) as caught:
        decode(data, "a.png", max_pixels=1_000_000)
    message = str(caught.value)
    assert message.startswith("a.png ")
    assert "\n" not in message
    return caught.value.kind


def outcome(data: bytes) -> str:
    """The kind of error, or "picture"; any other exception passes."""
    try:
        require_image(decode(data, "a", max_pixels=1_000_000))
    except InputError as error:
        return error.kind
    return "picture"


def corners_of(image: Image) -> list[tuple[int, ...]]:
    """Red-green-blue of top left, top right, bottom left and bottom right, not at the very edge."""
    inner = image[3:-3, 3:-3, ::-1]
    return [tuple(inner[row, column].tolist()) for row in (0, -1) for column in (0, -1)]


def is_near(image: Image, expected: list[tuple[int, ...]], tolerance: int = 12) -> bool:
    difference = np.array(corners_of(image)) - np.array(expected)
    return int(np.abs(difference).max()) <= tolerance


# Formats.


@pytest.mark.parametrize("file_format", LOSSLESS)
def test_colours_survive_exactly(file_format: str) -> None:
    image = decode(encode(corners(), file_format, **LOSSLESS[file_format]), "a")

    assert np.array_equal(image[..., ::-1], np.asarray(corners()))


@pytest.mark.parametrize("file_format", LOSSY)
def test_colours_survive_compression(file_format: str) -> None:
    image = decode(encode(corners(), file_format, **LOSSY[file_format]), "a")

    assert image.shape == (32, 48, 3)
    assert is_near(image, [RED, GREEN, BLUE, WHITE])


@pytest.mark.parametrize("size", [(1, 1), (1, 700), (700, 1), (3, 5)])
@pytest.mark.parametrize("file_format", LOSSLESS)
def test_any_size_gives_a_picture_of_ones_own(file_format: str, size: tuple[int, int]) -> None:
    data = encode(PillowImage.new("RGB", size, RED), file_format, **LOSSLESS[file_format])

    image = decode(data, "a")

    require_image(image)
    assert image.shape == (size[1], size[0], 3)
    assert image.flags.c_contiguous
    assert image.flags.writeable
    assert (image == RED[::-1]).all()


@pytest.mark.parametrize(
    "options",
    [
        {"compression": "tiff_lzw"},
        {"compression": "tiff_adobe_deflate"},
        {"compression": "packbits"},
        {"big_tiff": True},
    ],
    ids=str,
)
def test_tiff_of_several_kinds(options: dict[str, object]) -> None:
    image = decode(encode(corners(), "TIFF", **options), "a")

    assert corners_of(image) == [RED, GREEN, BLUE, WHITE]


def test_a_name_is_never_asked_for_the_format() -> None:
    assert decode(encode(corners(), "PNG"), "a.jpg").shape == (32, 48, 3)


@pytest.mark.parametrize("file_format", ["GIF", "PNG", "WEBP", "TIFF", "MPO"])
def test_the_first_of_several_pictures_counts(file_format: str) -> None:
    second = PillowImage.new("RGB", (48, 32), (9, 9, 9))
    data = encode(corners(), file_format, save_all=True, append_images=[second])

    assert is_near(decode(data, "a"), [RED, GREEN, BLUE, WHITE], tolerance=30)


def test_a_long_picture_is_put_together_from_strips(monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (41, 7, 4), np.uint8)
    data = encode(PillowImage.fromarray(pixels), "PNG")
    whole = decode(data, "a")

    for limit in (1, 7 * 3, 7 * 40):
        monkeypatch.setattr(pictures, "_STRIP_PIXELS", limit)
        assert np.array_equal(decode(data, "a"), whole)


# Channels and depths.


def grey(value: int, mode: str = "L") -> PillowImage.Image:
    return PillowImage.new(mode, (3, 2), value)


def numbers(value: float, kind: type[np.generic]) -> bytes:
    """A grey TIFF of these numbers."""
    return encode(PillowImage.fromarray(np.full((2, 3), value, kind)), "TIFF")


def sixteen(extension: str, *channels: int) -> bytes:
    """A file of 16 bits per channel, written by OpenCV; channels in its own order."""
    pixels = np.full((2, 3, len(channels)), channels, np.uint16)
    return cv2.imencode(extension, pixels)[1].tobytes()


def palette() -> PillowImage.Image:
    picture = grey(1, "P")
    picture.putpalette([0, 0, 0, *RED, *GREEN])
    return picture


ONE_COLOUR: dict[str, tuple[bytes, tuple[int, int, int]]] = {
    "grey PNG": (encode(grey(90), "PNG"), (90, 90, 90)),
    "grey JPEG": (encode(grey(90), "JPEG"), (90, 90, 90)),
    "black and white": (encode(grey(1, "1"), "PNG"), WHITE),
    "fax": (encode(grey(1, "1"), "TIFF", compression="group4"), WHITE),
    "palette PNG": (encode(palette(), "PNG"), RED),
    "palette TIFF": (encode(palette(), "TIFF"), RED),
    "palette BMP": (encode(palette(), "BMP"), RED),
    "CMYK TIFF": (encode(PillowImage.new("CMYK", (3, 2), (0, 255, 255, 0)), "TIFF"), (255, 0, 0)),
    "JPEG in TIFF": (encode(grey(90).convert("RGB"), "TIFF", compression="jpeg"), (90, 90, 90)),
    "16 bit grey PNG": (sixteen(".png", 0x80FF), (128, 128, 128)),
    "16 bit grey TIFF": (sixteen(".tiff", 0x80FF), (128, 128, 128)),
    "16 bit colour PNG": (sixteen(".png", 0x40FF, 0x8000, 0xC080), (0xC0, 0x80, 0x40)),
    "16 bit colour TIFF": (sixteen(".tiff", 0x40FF, 0x8000, 0xC080), (0xC0, 0x80, 0x40)),
    "16 bit alpha PNG": (sixteen(".png", 0, 0, 0xFFFF, 0x8000), (255, 127, 127)),
    "16 bit grey and alpha PNG": (png(1, 1, 16, 4, bytes(5)), WHITE),
    "32 bit whole numbers up to 255": (numbers(255, np.int32), WHITE),
    "32 bit whole numbers up to 65535": (numbers(25_700, np.int32), (100, 100, 100)),
    "32 bit whole numbers above": (numbers(1 << 30, np.int32), WHITE),
    "negative whole numbers": (numbers(-5, np.int32), (0, 0, 0)),
    "floats up to 1": (numbers(0.5, np.float32), (128, 128, 128)),
    "floats up to 255": (numbers(90.4, np.float32), (90, 90, 90)),
    "floats above": (numbers(1e30, np.float32), WHITE),
    "not a number": (numbers(np.nan, np.float32), (0, 0, 0)),
    "infinite": (numbers(np.inf, np.float32), (0, 0, 0)),
    "transparent PNG": (encode(PillowImage.new("RGBA", (3, 2), (9, 9, 9, 0)), "PNG"), WHITE),
    "half transparent": (
        encode(PillowImage.new("RGBA", (3, 2), (0, 0, 0, 128)), "WEBP", lossless=True),
        (127, 127, 127),
    ),
    "opaque": (encode(PillowImage.new("RGBA", (3, 2), (*BLUE, 255)), "PNG"), BLUE),
    "grey and alpha": (encode(PillowImage.new("LA", (3, 2), (9, 0)), "PNG"), WHITE),
    "palette and alpha TIFF": (encode(PillowImage.new("PA", (3, 2), (0, 0)), "TIFF"), WHITE),
    "one palette entry is clear": (encode(palette(), "PNG", transparency=1), WHITE),
    "another palette entry is clear": (encode(palette(), "PNG", transparency=2), RED),
    "one grey is clear": (encode(grey(90), "PNG", transparency=90), WHITE),
    "one colour is clear": (
        encode(PillowImage.new("RGB", (3, 2), RED), "PNG", transparency=RED),
        WHITE,
    ),
    "transparent GIF": (encode(palette(), "GIF", transparency=1), WHITE),
    "colour times alpha TIFF": (
        tiff(
            {256: [1], 257: [1], 258: [8] * 4, 262: [2], 277: [4], 338: [1]}, bytes([50, 0, 0, 100])
        ),
        (205, 155, 155),
    ),
    "channels apart TIFF": (
        tiff({256: [1], 257: [1], 258: [8] * 3, 262: [2], 277: [3], 284: [2]}, b"\1", b"\2", b"\3"),
        (1, 2, 3),
    ),
    "16 bit channels apart, compressed": (
        tiff(
            {256: [1], 257: [1], 258: [16] * 3, 259: [8], 262: [2], 277: [3], 284: [2]},
            *(zlib.compress(bytes([0, value])) for value in (1, 2, 3)),
        ),
        (1, 2, 3),
    ),
}


@pytest.mark.parametrize("variety", ONE_COLOUR)
def test_every_variety_becomes_three_channels_of_8_bits(variety: str) -> None:
    data, expected = ONE_COLOUR[variety]

    image = decode(data, "a")

    require_image(image)
    assert np.abs(image[..., ::-1].astype(int) - expected).max() <= 1


def test_the_scale_of_floats_is_that_of_the_whole_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "_STRIP_PIXELS", 1)
    values = np.array([[0.0], [50.6], [102.4]], np.float32)

    image = decode(encode(PillowImage.fromarray(values), "TIFF"), "a")

    assert image[:, 0, 0].tolist() == [0, 51, 102]


# Orientation.

STORED = {"TL": RED, "TR": GREEN, "BL": BLUE, "BR": WHITE}
# EXIF 2.32, tag 0x0112: which corner of the stored picture is seen at top left and at top right.
SEEN = {
    1: ("TL", "TR"),
    2: ("TR", "TL"),
    3: ("BR", "BL"),
    4: ("BL", "BR"),
    5: ("TL", "BL"),
    6: ("BL", "TL"),
    7: ("BR", "TR"),
    8: ("TR", "BR"),
}


def exif(orientation: object) -> bytes:
    written = PillowImage.Exif()
    written[0x0112] = orientation
    return written.tobytes()


@pytest.mark.parametrize("orientation", SEEN)
@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIF"])
def test_the_picture_is_turned_upright(file_format: str, orientation: int) -> None:
    data = encode(corners(), file_format, exif=exif(orientation))

    image = decode(data, "a")

    assert image.shape == ((32, 48, 3) if orientation < 5 else (48, 32, 3))
    assert image.flags.c_contiguous
    top_left, top_right = (STORED[corner] for corner in SEEN[orientation])
    seen = corners_of(image)
    assert is_near(image, [top_left, top_right, *seen[2:]], tolerance=30)


@pytest.mark.parametrize(
    "block",
    [exif(9), exif(0), b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0junk", b"Exif\0\0"],
    ids=["nine", "zero", "beyond the end", "no TIFF", "nothing"],
)
@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP"])
def test_damaged_exif_data_cost_nothing_but_the_orientation(file_format: str, block: bytes) -> None:
    image = decode(encode(corners(), file_format, exif=block), "a")

    assert is_near(image, [RED, GREEN, BLUE, WHITE], tolerance=30)


def test_a_damaged_colour_profile_is_passed_over() -> None:
    data = encode(corners(), "PNG", icc_profile=b"no profile")

    assert corners_of(decode(data, "a")) == [RED, GREEN, BLUE, WHITE]


# What is refused.


def test_nothing_is_empty() -> None:
    assert kind_of(b"") == "empty"


@pytest.mark.parametrize("data", [b"<!DOCTYPE html><title>Not found</title>", b"hello\n", b"\0"])
def test_text_is_no_picture(data: bytes) -> None:
    assert kind_of(data) == "not_an_image"


def test_a_format_that_is_not_read_is_unsupported() -> None:
    assert kind_of(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n") == "unsupported"


def test_heic_without_its_package_is_unsupported(monkeypatch: pytest.MonkeyPatch) -> None:
    data = encode(corners(), "HEIF")
    monkeypatch.setitem(sys.modules, "pillow_heif", None)

    with pytest.raises(InputError, match=r"^a\.heic is HEIC, .*pip install 'pillow-heif") as caught:
        decode(data, "a.heic")
    assert caught.value.kind == "unsupported"


JPEG_OF_12_BITS = b"\xff\xd8\xff\xc1" + struct.pack(">HBHHB", 11, 12, 8, 8, 1) + b"\1\x11\0"


@pytest.mark.parametrize(
    "data",
    [
        cv2.imencode(".tiff", np.ones((2, 2, 3), np.float32))[1].tobytes(),
        tiff({256: [1], 257: [1], 258: [16] * 3, 262: [2], 277: [3], 284: [2]}, b"\0\1" * 3),
        tiff({254: [1], 256: [1], 257: [1], 258: [8], 262: [1], 277: [1]}, b"\1"),
        tiff({256: [1], 257: [1], 258: [8, 8], 262: [1], 277: [2], 338: [1]}, bytes([50, 100])),
        JPEG_OF_12_BITS,
        bmp_header(2, 2)[:28] + b"\x07\0" + bmp_header(2, 2)[30:],
    ],
    ids=[
        "colour floats",
        "16 bit apart",
        "camera raw",
        "grey times alpha",
        "12 bit JPEG",
        "7 bit BMP",
    ],
)
def test_a_variety_that_is_not_read_is_unsupported(data: bytes) -> None:
    assert kind_of(data) == "unsupported"


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_refused(bomb: str) -> None:
    with pytest.raises(InputError, match=r"\d{5}") as caught:
        decode(BOMBS[bomb], "a.png")
    assert caught.value.kind == "too_large"


@pytest.mark.parametrize("file_format", [*LOSSLESS, "JPEG", "AVIF", "HEIF"])
def test_the_limit_is_on_pixels_and_comes_before_decoding(
    file_format: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = encode(corners(), file_format)
    decode(data, "a", max_pixels=48 * 32)
    monkeypatch.setattr(recognise(data).opener(), "load", lambda _: pytest.fail("decoded"))

    with pytest.raises(InputError, match=r"^a has 48 x 32 pixels, more than 1,535") as caught:
        decode(data, "a", max_pixels=48 * 32 - 1)
    assert caught.value.kind == "too_large"


def test_pillows_own_limit_is_not_asked_and_not_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PillowImage, "MAX_IMAGE_PIXELS", 100)
    monkeypatch.setattr(pictures, "_STRIP_PIXELS", 100)

    assert decode(encode(corners(), "PNG"), "a").shape == (32, 48, 3)
    assert decode(encode(corners(), "JPEG"), "a").shape == (32, 48, 3)
    assert PillowImage.MAX_IMAGE_PIXELS == 100
    assert kind_of(encode(corners(), "TIFF")) == "too_large"


def test_pixels_beyond_what_the_header_says_are_not_unpacked() -> None:
    data = png(2, 1, 8, 0, bytes([0, 7, 8]) + bytes(20_000_000))

    assert decode(data, "a")[..., 0].tolist() == [[7, 8]]


def test_text_that_unpacks_without_end_is_refused() -> None:
    text = png_chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(5_000_000)))

    assert kind_of(png(1, 1, 8, 0, bytes(2), text)) == "damaged"


def test_too_little_memory_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(_: ImageFile.ImageFile) -> None:
        raise MemoryError

    monkeypatch.setattr(ImageFile.ImageFile, "load", load)

    assert kind_of(encode(corners(), "PNG")) == "too_large"


@pytest.mark.parametrize(
    "raised",
    [
        *(OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, OverflowError),
        *(ZeroDivisionError, AttributeError, EOFError, RuntimeError, struct.error, zlib.error),
    ],
)
def test_whatever_pillow_raises_on_damage_is_named(
    monkeypatch: pytest.MonkeyPatch, raised: type[Exception]
) -> None:
    def load(_: ImageFile.ImageFile) -> None:
        raise raised

    monkeypatch.setattr(ImageFile.ImageFile, "load", load)

    with pytest.raises(InputError, match=r"^a is damaged \(PNG\): \w+") as caught:
        decode(encode(corners(), "PNG"), "a")
    assert caught.value.kind == "damaged"


@pytest.mark.parametrize("file_format", [*LOSSLESS, "JPEG", "AVIF", "HEIF"])
def test_half_a_file_is_damaged(file_format: str) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (32, 48, 3), np.uint8)
    data = encode(PillowImage.fromarray(pixels), file_format)

    assert kind_of(data[: len(data) // 2]) == "damaged"


@pytest.mark.parametrize(
    "data",
    [
        png(0, 1, 8, 2, bytes(4)),
        png(1, 0, 8, 2, bytes(4)),
        bmp_header(0, 0),
        gif((0, 0), (0, 0)),
        tiff({256: [0], 257: [0], 258: [8], 262: [1], 277: [1]}, b""),
    ],
    ids=["narrow PNG", "low PNG", "BMP", "GIF", "TIFF"],
)
def test_no_pixels_is_damaged(data: bytes) -> None:
    assert kind_of(data) == "damaged"


# Whatever the bytes are: a picture or one of our errors, and nothing on stderr.


def noise(mode: str = "RGB") -> PillowImage.Image:
    pixels = np.random.default_rng(1).integers(0, 256, (13, 17, 3), np.uint8)
    return PillowImage.fromarray(pixels).convert(mode)


SOUND = [
    encode(noise(), "PNG", exif=exif(6)),
    encode(noise("P"), "PNG", transparency=3),
    encode(noise("LA"), "PNG"),
    encode(noise(), "PNG", save_all=True, append_images=[noise().rotate(180)]),
    sixteen(".png", 1, 300, 40_000),
    encode(noise(), "JPEG", exif=exif(5)),
    encode(noise("CMYK"), "JPEG", progressive=True, icc_profile=bytes(99), comment=b"hello"),
    encode(noise(), "MPO", save_all=True, append_images=[noise()]),
    encode(noise(), "WEBP", exif=exif(8)),
    encode(noise("RGBA"), "WEBP", lossless=True),
    encode(noise(), "WEBP", save_all=True, append_images=[noise().rotate(180)]),
    encode(noise(), "BMP"),
    encode(noise("P"), "BMP"),
    encode(noise("P"), "GIF", transparency=2),
    encode(noise("P"), "GIF", save_all=True, append_images=[noise("P").rotate(180)]),
    encode(noise(), "TIFF", exif=exif(7)),
    encode(noise("P"), "TIFF"),
    encode(noise("F"), "TIFF"),
    encode(noise(), "TIFF", big_tiff=True),
    encode(noise(), "TIFF", compression="tiff_lzw"),
    encode(noise(), "TIFF", compression="tiff_adobe_deflate"),
    encode(noise(), "TIFF", compression="jpeg"),
    encode(noise("1"), "TIFF", compression="group4"),
    encode(noise(), "AVIF", exif=exif(6)),
    encode(noise(), "HEIF", exif=exif(6)),
]


@st.composite
def damage(draw: st.DrawFn) -> bytes:
    data = bytearray(draw(st.sampled_from(SOUND)))
    # The first bytes hold the header, where damage does the most.
    reach = draw(st.sampled_from([64, 256, len(data)]))
    places = st.integers(0, min(reach, len(data)) - 1)
    for place, value in draw(st.lists(st.tuples(places, st.integers(0, 255)), max_size=8)):
        data[place] = value
    if draw(st.booleans()):
        del data[draw(st.integers(0, len(data))) :]
    if draw(st.booleans()):
        place = draw(st.integers(0, len(data)))
        data[place:place] = draw(st.binary(max_size=6))
    return bytes(data)


@settings(max_examples=1500, deadline=None)
@given(data=damage())
def test_damaged_bytes_give_a_picture_or_an_input_error(data: bytes) -> None:
    assert outcome(data) in ("picture", *get_args(InputErrorKind))


@pytest.mark.parametrize("data", SOUND, ids=range(len(SOUND)))
def test_a_file_cut_anywhere_gives_a_picture_or_an_input_error(data: bytes) -> None:
    assert decode(data, "a").shape in {(13, 17, 3), (17, 13, 3), (2, 3, 3)}
    outcomes = {outcome(data[:end]) for end in range(0, len(data), max(len(data) // 60, 1))}
    assert {"empty", "damaged"} <= outcomes
    assert outcomes <= {"empty", "not_an_image", "unsupported", "damaged", "picture"}


def test_pillows_remarks_do_not_reach_the_user() -> None:
    # Without handlers, as here, Python prints errors that are logged; pytest always has handlers.
    many_samples = tiff({256: [1], 257: [1], 258: [8], 262: [1], 277: [999]}, b"\1")
    broken_exif = encode(corners(), "PNG", exif=b"Exif\0\0II*\0\x08\0\0\0\5\0" + bytes(9))
    program = (
        "from age_pipeline.errors import InputError\n"
        "from age_pipeline.pictures import decode\n"
        f"for data in ({many_samples!r}, {broken_exif!r}):\n"
        "    try:\n"
        "        decode(data, 'a')\n"
        "    except InputError as error:\n"
        "        print(error.kind)\n"
    )
    command = [sys.executable, "-c", program]
    run = subprocess.run(command, capture_output=True, text=True, check=True)

    assert run.stdout == "damaged\n"
    assert run.stderr == ""


def test_warnings_are_left_as_they_were() -> None:
    before = list(warnings.filters)
    decode(encode(corners(), "PNG"), "a")
    assert warnings.filters == before


def test_pillow_stays_quiet_while_any_thread_decodes(monkeypatch: pytest.MonkeyPatch) -> None:
    both, first_is_done = threading.Barrier(2), threading.Event()
    order = iter(("first", "second"))
    plain = pictures._to_blue_green_red

    def remarking(picture: Picture) -> Image:
        mine = next(order)
        both.wait(20)
        if mine == "second":
            assert first_is_done.wait(20)
        warnings.warn("an odd file", stacklevel=1)
        return plain(picture)

    monkeypatch.setattr(pictures, "_to_blue_green_red", remarking)
    data = encode(corners(), "PNG")
    before = warnings.filters
    with ThreadPoolExecutor(2) as pool:
        decoding = [pool.submit(decode, data, "a") for _ in range(2)]
        wait(decoding, 20, FIRST_COMPLETED)
        first_is_done.set()
        # Here, a warning is an error.
        assert [each.result(20).shape for each in decoding] == [(32, 48, 3)] * 2
    assert warnings.filters is before
    with pytest.raises(UserWarning, match="an odd file"):
        warnings.warn("an odd file", stacklevel=1)
