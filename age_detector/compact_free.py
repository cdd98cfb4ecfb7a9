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
    size=2_399_368,
    sha256="19b9629dba201b29d62feab060789548cc1e58cbdc64cd96a92093473d799790",
    licence="MIT, trained on FairFace, CC BY 4.0",
    home=Path(__file__).parent,
)


class CompactFreeAgeDetector(CompactAgeDetector):
    """Stage 2 with the network that nobody's terms restrict."""

    weights = WEIGHTS
