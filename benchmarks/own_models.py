"""The age models that come with the program, and candidates for their places."""

from __future__ import annotations

from pathlib import Path

import age_detector
from age_pipeline.model_files import ModelFile


def own_models() -> dict[str, ModelFile]:
    """The file of each age model that nobody has to fetch, by the model's name."""
    return {name: model for name, model in age_detector.MODELS.items() if model.url is None}


def folder_with(model: ModelFile, folder: Path | None) -> Path | None:
    """The folder, where it holds the model's file; else None, which means the usual places."""
    return folder if folder is not None and (folder / model.file).is_file() else None
