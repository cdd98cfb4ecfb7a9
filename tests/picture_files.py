"""Bytes of picture files for tests: sound ones of every format, odd ones, bombs."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Sequence

import numpy as np
import pillow_heif
from PIL import Image as PillowImage
from PIL.Image import Image as Picture

RED, GREEN, BLUE, WHITE = (230, 30, 20), (20, 200, 40), (30, 40, 220), (255, 255, 255)
"""Red-green-blue. What `corners` shows at its top left, top right, bottom left, bottom right."""


def corners(width: int = 48, height: int = 32) -> Picture:
    """Four rectangles, so that every way to turn or mirror the picture looks different."""
    pixels = np.empty((height, width, 3), np.uint8)
    pixels[: height // 2, : width // 2] = RED
    pixels[: height // 2, width // 2 :] = GREEN
    pixels[height // 2 :, : width // 2] = BLUE
    pixels[height // 2 :, width // 2 :] = WHITE
    return PillowImage.fromarray(pixels)


def encode(picture: Picture, file_format: str, **options: object) -> bytes:
    """The bytes of a picture file, `file_format` and `options` as Pillow's `save` has them."""
    buffer = io.BytesIO()
    if file_format == "HEIF":
        pillow_heif.from_pillow(picture).save(buffer, **options)
    else:
        picture.save(buffer, file_format, **options)
    return buffer.getvalue()


def png(width: int, height: int, depth: int, colour: int, rows: bytes, *chunks: bytes) -> bytes:
    """A PNG made by hand; `colour` is its colour type, each row begins with its filter byte."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    parts = [png_chunk(b"IHDR", header), *chunks, png_chunk(b"IDAT", zlib.compress(rows))]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts) + png_chunk(b"IEND", b"")


def png_chunk(kind: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)


def tiff(tags: dict[int, Sequence[int]], *strips: bytes) -> bytes:
    """A little-endian TIFF made by hand; the tags of its strips are added."""
    tags = {**tags, 273: [0] * len(strips), 279: [len(strip) for strip in strips]}
    outside = 8 + 2 + 12 * len(tags) + 4
    first_strip = outside + sum(4 * len(values) for values in tags.values() if len(values) > 1)
    ends = np.cumsum([first_strip, *tags[279]])
    tags[273] = [int(start) for start in ends[:-1]]
    entries, values_outside = b"", b""
    for tag, values in sorted(tags.items()):
        packed = struct.pack(f"<{len(values)}I", *values)
        where = packed
        if len(values) > 1:
            where = struct.pack("<I", outside + len(values_outside))
            values_outside += packed
        entries += struct.pack("<HHI", tag, 4, len(values)) + where
    count = struct.pack("<H", len(tags))
    return b"II*\0\x08\0\0\0" + count + entries + bytes(4) + values_outside + b"".join(strips)


def bmp_header(width: int, height: int) -> bytes:
    """A BMP of 24 bits that ends after its header."""
    header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54, 0, 0, 54) + header


def gif(screen: tuple[int, int], frame: tuple[int, int]) -> bytes:
    """A GIF whose only frame may be larger than its screen, and has next to no content."""
    header = b"GIF89a" + struct.pack("<HH", *screen) + b"\x80\0\0" + b"\0\0\0\xff\xff\xff"
    return header + b"," + struct.pack("<HHHHB", 0, 0, *frame, 0) + b"\x02\x02\x44\x01\0;"


def webp_canvas(width: int, height: int) -> bytes:
    """An animated WebP that claims a canvas of this size around a picture of 8x8."""
    inner = encode(PillowImage.new("RGB", (8, 8)), "WEBP", lossless=True)[12:]

    def size(*edges: int) -> bytes:
        return b"".join(struct.pack("<I", edge - 1)[:3] for edge in edges)

    def chunk(kind: bytes, content: bytes) -> bytes:
        return kind + struct.pack("<I", len(content)) + content

    canvas = chunk(b"VP8X", b"\x02\0\0\0" + size(width, height)) + chunk(b"ANIM", bytes(6))
    frame = chunk(b"ANMF", bytes(6) + size(8, 8) + bytes(4) + inner)
    body = b"WEBP" + canvas + frame
    return b"RIFF" + struct.pack("<I", len(body)) + body


BOMBS = {
    "png": png(100_000, 100_000, 8, 2, bytes(99)),
    "bmp": bmp_header(60_000, 60_000),
    "gif": gif((60_000, 60_000), (1, 1)),
    "gif frame": gif((1, 1), (60_000, 60_000)),
    "webp": webp_canvas(60_000, 60_000),
    "tiff": tiff({256: [90_000], 257: [90_000], 258: [8], 262: [1], 277: [1]}, bytes(9)),
}
"""A few hundred bytes each that claim billions of pixels."""
