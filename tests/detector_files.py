"""Where the tests find what a face detector needs that does not come with the program."""

from __future__ import annotations

from pathlib import Path

import cv2
import pytest

import face_detector
from age_pipeline.errors import ModelMissing
from age_pipeline.model_files import locate
from age_pipeline.model_packages import ModelPackage

SHARED = Path(__file__).resolve().parent.parent.parent / "shared" / "models"
"""Lies beside the clone where the project is developed; elsewhere the file may be fetched."""


def detector_folder(name: str) -> Path | None:
    """The folder to load a detector from; the test is skipped where it cannot be had."""
    if name == "haar" and not hasattr(cv2, "CascadeClassifier"):
        pytest.skip(f"OpenCV {cv2.__version__} has no cascades")
    model = face_detector.MODELS[name]
    if isinstance(model, ModelPackage):
        return None
    if (SHARED / model.file).is_file():
        return SHARED
    try:
        locate(model)
    except ModelMissing as error:
        pytest.skip(str(error))
    return None
