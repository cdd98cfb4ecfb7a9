"""What can go wrong in the user's world, as one family.

    AgeDetectionError            exit code 1 unless stated
    |-- UsageError               the options contradict each other or name nothing (exit code 2)
    |-- InputError               one picture cannot be read; `kind` says why; the others are done
    |-- ModelError               a model file is ...
    |   |-- ModelMissing         ... nowhere; the message lists every place that was looked at
    |   |-- ModelDamaged         ... not what it should be (a web page, a pointer, truncated)
    |   `-- FetchFailed          ... not to be had from its source
    |-- OutputError              a result cannot be written
    |-- CameraError              a camera or stream gives no pictures
    |-- WindowError              there is no screen to open a window on
    `-- PackageMissing           a Python or system package is absent; the message names the cure

Every message says what, where, and what to do about it, in one line. A caller's mistake is a
ValueError or TypeError instead; a bug keeps its traceback.
"""

from __future__ import annotations

from typing import Literal, get_args

InputErrorKind = Literal[
    "missing",
    "permission",
    "empty",
    "not_an_image",
    "damaged",
    "too_large",
    "unsupported",
    "not_a_file",
    "no_input",
]


class AgeDetectionError(Exception):
    """Base of the family: catch it to catch everything the program says about the user's world."""

    exit_code = 1


class UsageError(AgeDetectionError):
    """The options contradict each other, or one names something that cannot be."""

    exit_code = 2


class InputError(AgeDetectionError):
    """One input cannot be read.

    Attributes:
        kind: Why, as one word that records carry: see `InputErrorKind`.
    """

    def __init__(self, kind: InputErrorKind, message: str) -> None:
        if kind not in get_args(InputErrorKind):
            raise ValueError(f"kind must be one of {get_args(InputErrorKind)}, not {kind!r}")
        super().__init__(message)
        self.kind: InputErrorKind = kind


class ModelError(AgeDetectionError):
    """A model file cannot be used."""


class ModelMissing(ModelError):
    """A model file is in none of the places where it is looked for."""


class ModelDamaged(ModelError):
    """A model file is not what it should be."""


class FetchFailed(ModelError):
    """A model file could not be fetched from its source."""


class OutputError(AgeDetectionError):
    """A result could not be written."""


class CameraError(AgeDetectionError):
    """A camera or stream cannot be opened, or stopped giving pictures."""


class WindowError(AgeDetectionError):
    """No window can be opened here."""


class PackageMissing(AgeDetectionError):
    """A Python or system package that this request needs is absent."""
