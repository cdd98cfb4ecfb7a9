"""The room's door: which detectors there are, and making one ready."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import cv2
import numpy as np
import pytest
from sample_pictures import picture

import face_detector
from age_pipeline.errors import ModelMissing, PackageMissing, UsageError
from age_pipeline.model_files import ModelFile
from age_pipeline.network_engines import ENGINES
from face_detector import ssd
from face_detector.looks import LookAgain
from face_detector.ssd import SsdFaceDetector


def test_it_looks_again_unless_told() -> None:
    assert isinstance(face_detector.load(), LookAgain)
    assert isinstance(face_detector.load("ssd", looks="again"), LookAgain)
    assert isinstance(face_detector.load(looks="single"), SsdFaceDetector)


def test_the_looks_that_are_asked_for_are_taken() -> None:
    group = picture("nasa_group15.jpg")
    assert len(face_detector.load(looks="single").detect(group)) == 21
    assert len(face_detector.load(looks="again").detect(group)) == 23

    # A portrait, and in the far corner a face too small for one look.
    image = np.full((900, 1200, 3), 127, np.uint8)
    image[:600, :512] = picture("2.jpg")
    image[620:840, 920:1140] = cv2.resize(picture("1.png"), (220, 220))
    assert len(face_detector.load(looks="again").detect(image)) == 1
    assert len(face_detector.load(looks="thorough").detect(image)) == 2


@pytest.mark.parametrize("looks", ["single", "again", "thorough"])
def test_the_least_confidence_filters_and_no_more(looks: face_detector.Looks) -> None:
    group = picture("nasa_group15.jpg")
    faces = face_detector.load(looks=looks).detect(group)
    sure = face_detector.load(min_confidence=0.997, looks=looks).detect(group)
    assert sure == [face for face in faces if (face.confidence or 0) >= 0.997]
    assert len(sure) < len(faces)
    more = face_detector.load(min_confidence=0.2, looks=looks).detect(group)
    assert len(more) >= len(faces)


def test_the_folder_reaches_the_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Path | None] = []

    def load(_: ModelFile, folder: Path | None) -> None:
        asked.append(folder)
        raise ModelMissing("nowhere")

    monkeypatch.setattr(ssd, "load", load)
    with pytest.raises(ModelMissing):
        face_detector.load(folder=tmp_path)
    assert asked == [tmp_path]


def test_the_engine_reaches_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def caffe_network(*arguments: object) -> None:
        asked.append(arguments[-1])
        raise PackageMissing("not installed")

    monkeypatch.setattr(ssd, "caffe_network", caffe_network)
    for engine in ENGINES:
        with pytest.raises(PackageMissing):
            face_detector.load(engine=engine)
    assert asked == list(ENGINES)


def test_a_name_or_a_folder_that_does_not_exist_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"'oracle'; there is: ssd"):
        face_detector.load("oracle")
    with pytest.raises(UsageError, match="no such folder"):
        face_detector.load(folder=tmp_path / "absent")


def test_what_one_look_sees_well_is_told_alike() -> None:
    for name, (module, detector) in face_detector._HOMES.items():
        look = getattr(import_module(module), detector)
        assert 0.5 <= look.certain <= 0.98, name
        assert 0.02 <= look.small <= 0.2, name


def test_the_models_are_listed_by_name() -> None:
    assert tuple(face_detector.MODELS) == face_detector.NAMES
    assert all(name == model.name for name, model in face_detector.MODELS.items())
    with pytest.raises(AttributeError, match="no attribute 'MODEL'"):
        face_detector.MODEL  # noqa: B018
