"""Which kinds of picture are read, how each is told from its first bytes, and who opens it.

A file's name is never asked: a JPEG named .png is a JPEG. Only these formats are ever tried, so no
rarely used reader (PostScript through Ghostscript, say) can be reached by a crafted file.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO

from PIL.ImageFile import ImageFile

from age_pipeline.errors import InputError
from age_pipeline.installed_packages import pip_install

Opener = Callable[[BytesIO], ImageFile]


def _pillow(module: str, name: str) -> Callable[[], Opener]:
    """One of Pillow's own; imported only when it is wanted."""

    def opener() -> Opener:
        found: Opener = getattr(importlib.import_module(f"PIL.{module}"), name)
        return found

    return opener


def _avif() -> Opener:
    try:
        plugin = importlib.import_module("PIL.AvifImagePlugin")
    except ImportError:
        plugin = None
    if plugin is None or not plugin.SUPPORTED:
        cure = pip_install("pillow>=11.3")
        raise InputError("unsupported", f"is AVIF, which needs Pillow 11.3 or newer: {cure}")
    opener: Opener = plugin.AvifImageFile
    return opener


def _heic() -> Opener:
    # Every release from 0.20 to 1.7 brought the whole process down (SIGSEGV) on some damaged files.
    try:
        package = importlib.import_module("pillow_heif")
    except ImportError:
        package = None
    if package is None or tuple(map(int, package.__version__.split(".")[:2])) < (1, 8):
        cure = pip_install("pillow-heif>=1.8")
        raise InputError("unsupported", f"is HEIC, which needs pillow-heif 1.8 or newer: {cure}")
    opener: Opener = package.HeifImageFile
    return opener


@dataclass(frozen=True, slots=True)
class PictureFormat:
    """One kind of picture file.

    Attributes:
        name: As messages call it.
        suffixes: What its files are named, in lower case, the usual one first.
        opener: Gives what opens its files: reads the header, decodes nothing yet. Called only when
            such a file is met, and raises InputError (unsupported) where a package is absent.
        bytes_a_pixel: Of memory, at most, until it is decoded, drawn into and encoded again.
    """

    name: str
    suffixes: tuple[str, ...]
    opener: Callable[[], Opener]
    bytes_a_pixel: int = 16


_BMP = PictureFormat("BMP", (".bmp", ".dib"), _pillow("BmpImagePlugin", "BmpImageFile"))
_WEBP = PictureFormat("WebP", (".webp",), _pillow("WebPImagePlugin", "WebPImageFile"), 40)
_TIFF = PictureFormat("TIFF", (".tif", ".tiff"), _pillow("TiffImagePlugin", "TiffImageFile"), 20)
_GIF = PictureFormat("GIF", (".gif",), _pillow("GifImagePlugin", "GifImageFile"))
_PNG = PictureFormat("PNG", (".png", ".apng"), _pillow("PngImagePlugin", "PngImageFile"))
# The first picture of an MPO, which many phones and stereo cameras write, is an ordinary JPEG.
_JPEG = PictureFormat(
    "JPEG", (".jpg", ".jpeg", ".jpe", ".jfif"), _pillow("JpegImagePlugin", "JpegImageFile")
)
_AVIF = PictureFormat("AVIF", (".avif",), _avif)
_HEIC = PictureFormat("HEIC", (".heic", ".heif", ".hif"), _heic)

FORMATS = (_PNG, _JPEG, _WEBP, _BMP, _TIFF, _GIF, _AVIF, _HEIC)

SUFFIXES = frozenset(suffix for each in FORMATS for suffix in each.suffixes)
"""What a folder's pictures are named, in lower case; see `PictureFormat.suffixes`."""

_SIGNATURES: tuple[tuple[bytes, PictureFormat], ...] = (
    (b"\x89PNG\r\n\x1a\n", _PNG),
    (b"\xff\xd8\xff", _JPEG),
    (b"GIF87a", _GIF),
    (b"GIF89a", _GIF),
    (b"II*\0", _TIFF),
    (b"MM\0*", _TIFF),
    (b"II+\0", _TIFF),
    (b"MM\0+", _TIFF),
)

# Brands of ISO 23008-12 (HEIF) and of the AVIF specification, as registered at mp4ra.org. An AVIF
# file names the general HEIF brands too, so its own are looked for first.
_AVIF_BRANDS = {b"avif", b"avis"}
_HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}
_HEIF_BRANDS |= {b"mif1", b"mif2", b"msf1"}

_OTHERS: tuple[tuple[bytes, str], ...] = (
    (b"\xff\x0a", "JPEG XL"),
    (b"\0\0\0\x0cJXL ", "JPEG XL"),
    (b"\0\0\0\x0cjP  ", "JPEG 2000"),
    (b"8BPS", "a Photoshop document"),
    (b"%PDF-", "a PDF document"),
    (b"%!PS", "PostScript"),
    (b"<svg", "SVG"),
    (b"\0\0\1\0", "a Windows icon"),
    (b"\x1aE\xdf\xa3", "a video"),
)


def recognise(data: bytes) -> PictureFormat:
    """Tell the format of a picture file from its first bytes.

    Args:
        data: The file's content, or its beginning (64 bytes are plenty); not empty.

    Raises:
        InputError: Not a picture (not_an_image), or one of a kind that this program does not read
            (unsupported). The message is the end of a sentence that begins with the file's name.
    """
    for signature, found in _SIGNATURES:
        if data.startswith(signature):
            return found
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _WEBP
    # Two letters would let in text: what follows is the header's size, a small 32 bit number.
    if data[:2] == b"BM" and data[15:18] == b"\0\0\0":
        return _BMP
    if data[4:8] == b"ftyp":
        return _recognise_brand(data)
    for signature, other in _OTHERS:
        if data.startswith(signature):
            raise InputError("unsupported", f"is {other}, which is not read; make it a PNG or JPEG")
    raise InputError("not_an_image", f"is not a picture: it begins with {data[:12]!r}")


def _recognise_brand(data: bytes) -> PictureFormat:
    box = data[8 : min(int.from_bytes(data[:4], "big"), 256)]
    brands = {box[start : start + 4] for start in range(0, len(box), 4)}
    if brands & _AVIF_BRANDS:
        return _AVIF
    if brands & _HEIF_BRANDS:
        return _HEIC
    raise InputError(
        "unsupported", "is a video or a camera's raw file; detect_age_video.py reads videos"
    )
