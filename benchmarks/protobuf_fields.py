"""Protobuf's wire format, as far as network files need it: fields of numbers, bytes and text.

https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations


def number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def content(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def text(field: int, value: str) -> bytes:
    return content(field, value.encode())


def _varint(value: int) -> bytes:
    written = bytearray()
    while value > 0x7F:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*written, value])
