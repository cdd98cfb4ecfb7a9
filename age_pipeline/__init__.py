"""Everything between the camera and the file that is not a model: the nouns and the main path.

The names below are imported when they are first asked for: `--help` need not wait for numpy, and
a command can say in one line that numpy is missing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from age_pipeline.data import (
        BRACKET_NAMES,
        BRACKETS,
        AgeEstimate,
        Box,
        Face,
        FailedInput,
        Frame,
        Image,
        Person,
    )
    from age_pipeline.errors import AgeDetectionError
    from age_pipeline.stages import AgeDetector, FaceDetector, ModelUse, find_people

__version__ = "1.0.0"

__all__ = [
    "BRACKETS",
    "BRACKET_NAMES",
    "AgeDetectionError",
    "AgeDetector",
    "AgeEstimate",
    "Box",
    "Face",
    "FaceDetector",
    "FailedInput",
    "Frame",
    "Image",
    "ModelUse",
    "Person",
    "find_people",
]


def __getattr__(name: str) -> object:
    if name in __all__:
        for home in ("errors", "data", "stages"):
            module = import_module(f"age_pipeline.{home}")
            if hasattr(module, name):
                return getattr(module, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
