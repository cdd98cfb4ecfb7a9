"""File names as text that can be written anywhere: nothing is lost, nothing does harm."""

from __future__ import annotations

import re

_SURROGATE = re.compile("[\ud800-\udfff]")
# C0, delete, C1, and the two separators that end a line for some readers.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def readable(name: str) -> str:
    """Text that is valid UTF-8: a byte of a file's name that is not becomes, say, `\\xe9`."""
    return _SURROGATE.sub(_escape_surrogate, name)


def one_line(text: str) -> str:
    """The same for a terminal: a line feed, or what else would command it, becomes `\\n` or so."""
    return _CONTROL.sub(_escape_control, readable(text))


def _escape_surrogate(match: re.Match[str]) -> str:
    code = ord(match.group())
    # Python hides an undecodable byte in U+DC80 to U+DCFF (PEP 383).
    return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else f"\\u{code:04x}"


def _escape_control(match: re.Match[str]) -> str:
    return match.group().encode("unicode_escape").decode("ascii")
