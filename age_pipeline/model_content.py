"""What a file really is when it is not the network or cascade that its name promises.

Networks come as Caffe and ONNX files here; both are one protobuf message. Cascades are XML as
OpenCV writes it. What people save under such a name by mistake is a web page, a Git LFS pointer, or
the first half of the file.
"""

from __future__ import annotations

import codecs
from typing import Literal

Kind = Literal["network", "cascade"]

_LOOKED_AT = 512
"""How many bytes from the start tell a foreign format."""

_SIGNATURES = (
    (b"version https://git-lfs.github.com/spec/", "a Git LFS pointer, a note that stands for it"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file (Keras)"),
)

_STORAGE_BEGINS, _STORAGE_ENDS = b"<opencv_storage>", b"</opencv_storage>"
"""What XML that OpenCV writes has around all of its content."""

_LARGEST_FIELD = 100
"""Top-level field numbers go up to 26 in ONNX (ModelProto) and to 100 in Caffe (NetParameter)."""

_LARGEST_LENGTH = 2**31 - 1
"""No protobuf message is longer: https://protobuf.dev/programming-guides/proto-limits/"""

_NO_NETWORK = "neither a Caffe nor an ONNX file"
_NETWORK = "a network, a Caffe or ONNX file"
_CASCADE = "a cascade, XML as OpenCV writes it"
_NO_TEXT = "no text"


def foreign_format(start: bytes) -> str | None:
    """Name what a file is by its first bytes, where that is something else than a network.

    Args:
        start: The file's beginning, some hundred bytes or more.

    Returns:
        For example "an HTML page"; None where the beginning may be a network's.
    """
    start = start[:_LOOKED_AT]
    for signature, what in _SIGNATURES:
        if start.startswith(signature):
            return what
    if b"<html" in start.lower() or b"<!doctype html" in start.lower():
        return "an HTML page"
    try:
        # Incremental, because the last character may be cut.
        text = codecs.getincrementaldecoder("utf-8-sig")().decode(start).strip()
    except UnicodeDecodeError:
        return None
    if not text or not all(character.isprintable() or character in "\t\r\n" for character in text):
        return None
    return f"a text that begins with {text.splitlines()[0][:40]!r}"


def damage(data: bytes, wanted: Kind = "network") -> str | None:
    """Say what is wrong with the content of a model's file, as far as one can see from outside.

    Args:
        data: The whole file.
        wanted: What it should be.

    Returns:
        What the file is instead, to be read after "is", for example "an HTML page" or
        "truncated"; None where nothing is wrong with it. A file cut off exactly between two
        layers passes.
    """
    if not data:
        return "empty"
    if _STORAGE_BEGINS in data and data.lstrip().startswith(b"<?xml"):
        if wanted != "cascade":
            return _CASCADE
        is_whole = data.rstrip().endswith(_STORAGE_ENDS)
        return None if is_whole else f"truncated (it ends after {len(data):,} bytes)"
    foreign, wrong = foreign_format(data), _protobuf_damage(data)
    if wanted == "cascade":
        return foreign or (_NETWORK if wrong is None else _NO_TEXT)
    return foreign or wrong


def _protobuf_damage(data: bytes) -> str | None:
    """Walk over the top-level fields: https://protobuf.dev/programming-guides/encoding/"""
    position = 0
    try:
        while position < len(data):
            tag, position = _varint(data, position)
            field, wire_type = tag >> 3, tag & 7
            if not 1 <= field <= _LARGEST_FIELD:
                return _NO_NETWORK
            if wire_type == 0:
                _, position = _varint(data, position)
            elif wire_type == 1:
                position += 8
            elif wire_type == 2:
                length, position = _varint(data, position)
                if length > _LARGEST_LENGTH:
                    return _NO_NETWORK
                position += length
            elif wire_type == 5:
                position += 4
            else:
                return _NO_NETWORK
    except IndexError:
        return f"truncated (it ends after {len(data):,} bytes)"
    except ValueError:
        return _NO_NETWORK
    if position > len(data):
        return f"truncated (it ends after {len(data):,} of at least {position:,} bytes)"
    return None


def _varint(data: bytes, position: int) -> tuple[int, int]:
    """Read one number of 7 bits a byte; returns it and the position behind it.

    Raises:
        IndexError: The data end inside it.
        ValueError: It has more than the ten bytes that a 64-bit number takes.
    """
    value = 0
    for shift in range(0, 70, 7):
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
    raise ValueError("more than ten bytes")
