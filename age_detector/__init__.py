"""Room 2: how old is this face?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from age_pipeline.errors import UsageError

if TYPE_CHECKING:
    from age_pipeline.model_files import ModelFile
    from age_pipeline.stages import AgeDetector

    MODELS: dict[str, ModelFile]
    """The file that each age model needs, by the model's name."""

__all__ = ["MODELS", "NAMES", "load"]

NAMES = ("compact", "levi-hassner")


def load(name: str | None = None, folder: Path | None = None) -> AgeDetector:
    """Make an age model ready.

    Args:
        name: Which one, of `NAMES`. None takes levi-hassner where its age_net.caffemodel lies in
            the folder, as the original program's instructions have it, else compact.
        folder: Where its file may lie; None for the project's own folder.

    Raises:
        UsageError: No such model, or no such folder.
        ModelMissing, ModelDamaged: Its file cannot be used.
    """
    if name not in (None, *NAMES):
        raise UsageError(f"no age model named {name!r}; there is: {', '.join(NAMES)}")
    from age_detector import levi_hassner
    from age_pipeline.model_files import places

    in_folder = places(levi_hassner.WEIGHTS, folder)[0]
    if name == "levi-hassner" or (name is None and in_folder.is_file()):
        return levi_hassner.LeviHassnerAgeDetector(folder)
    from age_detector import compact

    return compact.CompactAgeDetector(folder)


def __getattr__(name: str) -> object:
    if name != "MODELS":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # Only now: the networks load OpenCV, and whoever asks can say in one line that it is absent.
    from age_detector import compact, levi_hassner

    return {weights.name: weights for weights in (compact.WEIGHTS, levi_hassner.WEIGHTS)}
