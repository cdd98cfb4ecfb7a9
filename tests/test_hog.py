"""dlib's detector: its areas made faces."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from sample_pictures import picture

import face_detector
from age_pipeline.copies import Copies
from age_pipeline.data import Box, Image
from age_pipeline.errors import PackageMissing
from face_detector.hog import BOXES, SCALE, HogFaceDetector


def test_half_is_dlib_s_own_threshold() -> None:
    assert SCALE.confidence(0) == 0.5


def test_without_dlib_the_error_names_the_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dlib", None)
    with pytest.raises(PackageMissing, match="pip install 'dlib-bin>=20,<21'"):
        face_detector.load("hog")


def test_another_package_of_that_name_is_not_dlib(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dlib", ModuleType("dlib"))
    with pytest.raises(PackageMissing, match="pip install"):
        face_detector.load("hog")


def test_left_and_right_are_alike() -> None:
    _, left, right, tilted_left, tilted_right = BOXES
    for one, other in ((left, right), (tilted_left, tilted_right)):
        assert one.across == -other.across
        assert (one.down, one.width, one.height) == (other.down, other.width, other.height)


@pytest.mark.parametrize(
    ("name", "box"),
    [
        ("1.png", Box(179, 57, 271, 177)),
        ("2.jpg", Box(182, 122, 349, 330)),
        ("einstein_1947.jpg", Box(259, 222, 615, 729)),
    ],
)
def test_finds_a_face_where_the_ssd_does(name: str, box: Box) -> None:
    [face] = HogFaceDetector().detect(picture(name))
    assert face.box.iou(box) > 0.65


class Area:
    """A rectangle as dlib has it: right and bottom are the last pixel inside."""

    def left(self) -> int:
        return 100

    def top(self) -> int:
        return 200

    def right(self) -> int:
        return 299

    def bottom(self) -> int:
        return 399


class ScriptedDetector:
    """Each of dlib's five filters finds the same square, surely."""

    def run(self, image: Image, upsamplings: int, threshold: float) -> tuple[list[Any], ...]:
        assert (image.shape, upsamplings, threshold) == ((640, 640, 3), 0, 0.0)
        # Red comes first.
        assert image[0, 0].tolist() == [30, 20, 10]
        return [Area()] * 5, [0.5] * 5, [0, 1, 2, 3, 4]


def test_each_filter_s_square_becomes_the_common_box_in_its_own_way() -> None:
    detector = HogFaceDetector()
    vars(detector)["_detectors"] = Copies(ScriptedDetector)
    faces = detector.detect(np.full((640, 640, 3), (10, 20, 30), np.uint8))
    expected = [fit.edges((100, 200, 300, 400)) for fit in BOXES]
    boxes = [Box(*map(int, edges)) for edges in expected]
    assert sorted(map(str, boxes)) == sorted(str(face.box) for face in faces)
    assert len(set(boxes)) == 5
    assert {face.confidence for face in faces} == {0.9}
    # The SSD's boxes begin an eighth of a face higher than this square, and end lower.
    assert boxes[0].top < 200 - 20
    assert boxes[0].bottom == pytest.approx(400, abs=10)


def test_reports_more_where_less_is_asked_for() -> None:
    picture_of_two = picture("1.png")[69:]
    sure, all_of_them = (HogFaceDetector(None, asked) for asked in (0.9, 0.1))
    assert len(sure.detect(picture_of_two)) < len(all_of_them.detect(picture_of_two))


def test_no_file_is_looked_for(tmp_path: Path) -> None:
    model = HogFaceDetector(tmp_path).model
    assert (model.name, model.file, model.sha256) == ("hog", None, None)
    assert re.fullmatch(r"\d+\.\d+\.\d+", model.version or "")
    assert model.licence == "Boost Software License 1.0"
