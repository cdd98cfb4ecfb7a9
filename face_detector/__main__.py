"""`python -m face_detector`: which face detectors there are, and fetching one."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from age_pipeline import model_commands

if TYPE_CHECKING:
    from age_pipeline.model_files import ModelFile
    from age_pipeline.model_packages import ModelPackage


def main(argv: Sequence[str] | None = None) -> int:
    """Run on these arguments, or on the command line's; returns the exit code."""
    return model_commands.main("face_detector", "face detectors", "--detector", _models, argv)


def _models() -> Mapping[str, ModelFile | ModelPackage]:
    from face_detector import MODELS

    return MODELS


if __name__ == "__main__":
    sys.exit(main())
