"""Everything between the camera and the file that is not a model: the nouns and the main path."""

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
