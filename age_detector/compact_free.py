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
    size=1_807_707,
    sha256="1b606a2e84fd8d68dc5914f1215104762bba73edd82de6273389316db8adedd3",
    licence="MIT, trained on FairFace, CC BY 4.0",
    home=Path(__file__).parent,
)


class CompactFreeAgeDetector(CompactAgeDetector):
    """Stage 2 with the network that nobody's terms restrict."""

    weights = WEIGHTS
