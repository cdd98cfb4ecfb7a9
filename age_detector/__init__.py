"""Room 2: how old is this face?"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from age_pipeline.errors import UsageError

if TYPE_CHECKING:
    from age_pipeline.model_files import ModelFile
    from age_pipeline.network_engines import Engine
    from age_pipeline.stages import AgeDetector

    MODELS: dict[str, ModelFile]
    """The file that each age model needs, by the model's name."""

__all__ = ["DEFAULT", "MODELS", "NAMES", "load"]

_HOMES = {
    "compact": ("age_detector.compact", "CompactAgeDetector"),
    "compact-free": ("age_detector.compact_free", "CompactFreeAgeDetector"),
    "levi-hassner": ("age_detector.levi_hassner", "LeviHassnerAgeDetector"),
}
"""The module of each age model, which holds its WEIGHTS, and its class there."""

NAMES = tuple(_HOMES)

DEFAULT = "compact"
"""Who answers where nobody else is asked for. That it is not `compact-free` has one reason, which
the model card gives in numbers: single years of age teach what age groups cannot."""


def load(
    name: str | None = None, folder: Path | None = None, *, engine: Engine = "opencv"
) -> AgeDetector:
    """Make an age model ready.

    Args:
        name: Which one, of `NAMES`. None takes levi-hassner where its age_net.caffemodel lies in
            the folder, as the original program's instructions have it, else `DEFAULT`.
        folder: Where its file may lie; None for the project's own folder.
        engine: What runs its network.

    Raises:
        UsageError: No such model, or no such folder.
        ModelMissing, ModelDamaged: Its file cannot be used.
        PackageMissing: The engine is not installed.
    """
    if name not in (None, *NAMES):
        raise UsageError(f"no age model named {name!r}; there is: {', '.join(NAMES)}")
    module, detector = _HOMES[name or _usual(folder)]
    loaded: AgeDetector = getattr(import_module(module), detector)(folder, engine)
    return loaded


def _usual(folder: Path | None) -> str:
    from age_detector.levi_hassner import WEIGHTS
    from age_pipeline.model_files import places

    return WEIGHTS.name if places(WEIGHTS, folder)[0].is_file() else DEFAULT


def __getattr__(name: str) -> object:
    if name != "MODELS":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # Only now: the networks load OpenCV, and whoever asks can say in one line that it is absent.
    return {each: import_module(module).WEIGHTS for each, (module, _) in _HOMES.items()}
