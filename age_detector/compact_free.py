"""The compact network trained on FairFace alone, which anyone may use for anything.

README.md beside this file is its model card.
"""

from __future__ import annotations

from pathlib import Path

from age_detector.compact import CompactAgeDetector
from age_pipeline.model_files import ModelFile

WEIGHTS = ModelFile(
    name="compact-free",
    file="compact_free.onnx",
    size=3_618_363,
    sha256="d32650340b681f9a46d9afc74e22644c1e77a872b0fe9830d099974efcda06cd",
    licence="MIT, trained on FairFace, CC BY 4.0",
    home=Path(__file__).parent,
)


class CompactFreeAgeDetector(CompactAgeDetector):
    """Stage 2 with the network that nobody's terms restrict."""

    weights = WEIGHTS
