"""The pictures of images/; images/SOURCES.md tells of them, images/labels.csv of their people."""

from __future__ import annotations

from pathlib import Path

from age_pipeline.data import Image
from age_pipeline.pictures import decode

IMAGES = Path(__file__).resolve().parent.parent / "images"


def read_sample(name: str) -> Image:
    """One of the sample pictures."""
    return decode((IMAGES / name).read_bytes(), name)
