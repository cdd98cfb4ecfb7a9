"""Room 1: where are the faces?"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from age_pipeline.errors import UsageError

if TYPE_CHECKING:
    from age_pipeline.model_files import ModelFile
    from age_pipeline.model_packages import ModelPackage
    from age_pipeline.network_engines import Engine
    from age_pipeline.stages import FaceDetector
    from face_detector.looks import SingleLook

    MODELS: dict[str, ModelFile | ModelPackage]
    """The file or the package that each detector needs, by the detector's name."""

__all__ = ["MODELS", "NAMES", "Looks", "load"]

_HOMES = {
    "ssd": ("face_detector.ssd", "SsdFaceDetector"),
    "yunet": ("face_detector.yunet", "YunetFaceDetector"),
    "haar": ("face_detector.haar", "HaarFaceDetector"),
    "hog": ("face_detector.hog", "HogFaceDetector"),
}
"""The module of each detector, which holds its WEIGHTS, and its class there."""

NAMES = tuple(_HOMES)

_WITHOUT_ENGINE = {"yunet", "haar", "hog"}
"""Those that bring what runs them."""

Looks = Literal["again", "single", "thorough"]


def load(
    name: str = "ssd",
    folder: Path | None = None,
    *,
    min_confidence: float = 0.5,
    looks: Looks = "again",
    engine: Engine = "opencv",
) -> FaceDetector:
    """Make a face detector ready.

    Args:
        name: Which one, of `NAMES`.
        folder: Where its file may lie; None for the project's own folder.
        min_confidence: Faces below are not reported, 0 to 1. It filters; what is looked for does
            not depend on it.
        looks: "again" looks again where the first look may have been blind, "single" never does,
            "thorough" looks everywhere.
        engine: What runs the network, where the detector leaves that open: only the SSD does.

    Raises:
        UsageError: No such detector, or no such folder.
        ModelMissing, ModelDamaged: Its file cannot be used.
        PackageMissing: A package that it needs is absent here.
        ValueError: `min_confidence` is not from 0 to 1.
    """
    if name not in NAMES:
        raise UsageError(f"no face detector named {name!r}; there is: {', '.join(NAMES)}")
    from face_detector.looks import WORKING_POINT, LookAgain

    module, detector = _HOMES[name]
    make: Callable[..., SingleLook] = getattr(import_module(module), detector)
    if name not in _WITHOUT_ENGINE:
        make = partial(make, engine=engine)
    if looks == "single":
        return make(folder, min_confidence)
    once = make(folder, min(min_confidence, WORKING_POINT))
    return LookAgain(once, min_confidence=min_confidence, thorough=looks == "thorough")


def __getattr__(name: str) -> object:
    if name != "MODELS":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # Only now: the networks load OpenCV, and whoever asks can say in one line that it is absent.
    return {each: import_module(module).WEIGHTS for each, (module, _) in _HOMES.items()}
