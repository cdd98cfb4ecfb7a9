"""Turns the bytes of one picture file into an `Image`.

Pillow decodes; this file decides what becomes of everything that is not three channels of 8 bits:

- Transparent parts show white, as viewers show them.
- 16 bits per channel become 8. Grey without a fixed range (32 bit whole numbers, floating point) is
  taken as 0 to 1, 0 to 255 or 0 to 65535, the smallest of these that holds the largest value, else
  as 0 to that value; what is negative, infinite or not a number is black.
- The EXIF orientation is applied. Colour profiles are not.
- Of several pictures in a file (animation, TIFF pages) the first counts.
- Not read: TIFF of colours in floating point, of grey multiplied by its alpha, of 16 bits with its
  channels apart and uncompressed, or with a preview first (camera raw files); JPEG of 12 bits.
"""

from __future__ import annotations

import logging
import re
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from io import BytesIO
from threading import Lock

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image as PillowImage
from PIL.Image import DecompressionBombError
from PIL.Image import Image as Picture

from age_pipeline.data import Image
from age_pipeline.errors import InputError
from age_pipeline.picture_formats import Opener, recognise

MAX_PIXELS = 200_000_000
"""The largest picture that is decoded: what the largest sensors of phones give. Decoding takes 7
bytes a pixel (1.4 GB here), for WebP and HEIC up to 16. TIFF, WebP and GIF are under Pillow's own
limit too: 178,956,970 pixels, unless `PIL.Image.MAX_IMAGE_PIXELS` was changed."""

# Pictures are converted in strips of this many pixels, so that the copies in between stay in the
# processor's cache and need no memory that is new: it takes less than half the time.
_STRIP_PIXELS = 64_000

# EXIF orientation -> quarter turns counter-clockwise, after mirroring left to right or not.
# CIPA DC-008 (EXIF), tag 0x0112; 1 is upright.
_ORIENTATION_TAG = 0x0112
_ORIENTATIONS = {
    2: (0, True),
    3: (2, False),
    4: (2, True),
    5: (1, True),
    6: (3, False),
    7: (3, True),
    8: (1, False),
}

# What damaged files make Pillow 11 to 13 raise, by fuzzing and by what it catches itself when it
# guesses a format: a bad number in a header may do anything to the code behind it.
_DAMAGE = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    AttributeError,
    EOFError,
    RuntimeError,
    struct.error,
    zlib.error,
)

# How Pillow words that a sound file is of a variety that it cannot read.
_UNSUPPORTED = re.compile(
    r"unknown pixel mode|cannot handle|unsupported|not (yet )?supported", re.IGNORECASE
)

_SILENT = logging.NullHandler()


def decode(data: bytes, name: str, max_pixels: int = MAX_PIXELS) -> Image:
    """Decode one picture.

    Args:
        data: The content of a PNG, JPEG, WebP, BMP, TIFF, GIF, AVIF or HEIC file; told from these
            bytes, not from the name.
        name: What error messages call it.
        max_pixels: A picture with more is refused before it is decoded; see `MAX_PIXELS`.

    Returns:
        A new picture, upright; see the module for how colours are converted.

    Raises:
        InputError: Of kind empty, not_an_image, damaged (truncated too), too_large (also where the
            memory does not suffice) or unsupported.
    """
    if not data:
        raise InputError("empty", f"{name} is empty: it has no bytes")
    try:
        found = recognise(data)
        opener = found.opener()
    except InputError as error:
        raise InputError(error.kind, f"{name} {error}") from None
    try:
        image, orientation = _load(opener, data, name, max_pixels)
        turns, mirrored = _ORIENTATIONS.get(orientation, (0, False))
        return np.ascontiguousarray(np.rot90(np.fliplr(image) if mirrored else image, turns))
    except (MemoryError, DecompressionBombError) as error:
        reason = " ".join(str(error).split()) or "it needs more memory than there is"
        raise InputError("too_large", f"{name} is too large: {reason}") from error
    except _DAMAGE as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        if _UNSUPPORTED.search(reason):
            message = f"{name} is {found.name} of a variety that is not read: {reason}"
            raise InputError("unsupported", message) from error
        raise InputError("damaged", f"{name} is damaged ({found.name}): {reason}") from error


def pixels_to_decode(data: bytes, max_pixels: int = MAX_PIXELS) -> int:
    """How many pixels `decode` would decode, by the file's header; 0 where that says why not."""
    try:
        with _QUIET, recognise(data).opener()(BytesIO(data)) as picture:
            _require_readable(picture, "", max_pixels)
            return picture.width * picture.height
    except (InputError, MemoryError, DecompressionBombError, *_DAMAGE):
        return 0


def _load(opener: Opener, data: bytes, name: str, max_pixels: int) -> tuple[Image, int]:
    """Decode without turning: that comes when Pillow's own copy of the pixels is gone."""
    with _QUIET, opener(BytesIO(data)) as picture:
        _require_readable(picture, name, max_pixels)
        picture.load()
        return _to_blue_green_red(picture), _orientation(picture)


def _require_readable(picture: Picture, name: str, max_pixels: int) -> None:
    """Refuse by the header alone what must not be decoded."""
    width, height = picture.size
    if width * height > max_pixels:
        message = f"{name} has {width} x {height} pixels, more than {max_pixels:,}: make it smaller"
        raise InputError("too_large", message)
    # TIFF 6.0, part 1: NewSubfileType, BitsPerSample, Compression, PlanarConfiguration.
    tags = getattr(picture, "tag_v2", {})
    if tags.get(254, 0) & 1:
        message = f"{name} begins with a preview of the real picture; export it as PNG or JPEG"
        raise InputError("unsupported", message)
    # Pillow reads such samples as if they had 8 bits and gives a wrong picture without a word.
    if tags.get(284) == 2 and max(tags.get(258, (1,))) > 8 and tags.get(259, 1) == 1:
        message = f"{name} is TIFF with 16 bit channels apart, uncompressed; save it compressed"
        raise InputError("unsupported", message)


class _Quiet:
    """Keeps Pillow's remarks on odd files off stderr: what matters of them is raised.

    What is warned of is the whole process's: the first thread that comes in sets it, the last that
    leaves sets it back.
    """

    def __init__(self) -> None:
        self._changing = Lock()
        self._inside = 0
        self._before = ExitStack()

    def __enter__(self) -> None:
        with self._changing:
            if not self._inside:
                # Without any handler, Python prints the errors of a log.
                logging.getLogger("PIL").addHandler(_SILENT)
                self._before.enter_context(warnings.catch_warnings())
                warnings.simplefilter("ignore")
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._changing:
            self._inside -= 1
            if not self._inside:
                self._before.close()


_QUIET = _Quiet()


def _orientation(picture: Picture) -> int:
    """The EXIF orientation, 1 to 8; 1 where EXIF data are absent or damaged, unlike the pixels."""
    try:
        value = picture.getexif().get(_ORIENTATION_TAG, 1)
    except _DAMAGE:
        return 1
    return value if isinstance(value, int) else 1


def _to_blue_green_red(picture: Picture) -> Image:
    full_scale = _full_scale(picture)
    image = np.empty((picture.height, picture.width, 3), np.uint8)
    top = 0
    for strip in _strips(picture):
        # Four bytes a pixel, as Pillow has them; OpenCV turns them round faster.
        rgb = np.frombuffer(_to_rgb(strip, full_scale).tobytes("raw", "RGBX"), np.uint8)
        below = top + strip.height
        cv2.cvtColor(rgb.reshape(strip.height, -1, 4), cv2.COLOR_RGBA2BGR, dst=image[top:below])
        top = below
    return image


def _strips(picture: Picture) -> Iterator[Picture]:
    rows = max(_STRIP_PIXELS // picture.width, 1)
    for top in range(0, picture.height, rows):
        yield picture.crop((0, top, picture.width, min(top + rows, picture.height)))


def _full_scale(picture: Picture) -> float | None:
    """The value that stands for white, in a grey picture of more than 8 bits; None in any other."""
    if picture.mode.startswith("I;16"):
        return 65535.0
    if picture.mode not in ("I", "F"):
        return None
    peak = max(float(_finite(strip).max()) for strip in _strips(picture))
    return next((scale for scale in (1.0, 255.0, 65535.0) if peak <= scale), peak)


def _finite(strip: Picture) -> npt.NDArray[np.float64]:
    return np.nan_to_num(np.asarray(strip, np.float64), nan=0.0, posinf=0.0, neginf=0.0)


def _to_rgb(strip: Picture, full_scale: float | None) -> Picture:
    if full_scale is not None:
        grey = np.clip(_finite(strip) * (255 / full_scale), 0, 255)
        return PillowImage.fromarray(np.rint(grey).astype(np.uint8)).convert("RGB")
    if strip.has_transparency_data:
        ground = PillowImage.new("RGBA", strip.size, "white")
        return PillowImage.alpha_composite(ground, strip.convert("RGBA")).convert("RGB")
    return strip if strip.mode == "RGB" else strip.convert("RGB")
