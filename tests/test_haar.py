"""The Haar cascade: windows made faces, and what its file may be."""

from __future__ import annotations

import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from sample_pictures import picture

import face_detector
from age_pipeline.data import Box
from age_pipeline.errors import ModelDamaged, ModelMissing, PackageMissing
from age_pipeline.model_files import locate
from benchmarks.composed_clips import FACES
from face_detector import haar, ssd
from face_detector.haar import SCALE, WEIGHTS, HaarFaceDetector
from face_detector.native_faces import BoxFit

CURE = r"pip install 'opencv(-contrib)?-python(-headless)?>=4\.13,<5'"

has_cascades = pytest.mark.skipif(
    not hasattr(cv2, "CascadeClassifier"), reason="this OpenCV has no cascades"
)


def overlap(detector: HaarFaceDetector) -> float:
    """With the SSD's boxes of the portraits, on average."""
    parts = [detector.detect(picture(name))[0].box.iou(box) for name, box in FACES.items()]
    return sum(parts) / len(parts)


def test_half_is_what_opencv_takes_by_default() -> None:
    # minNeighbors=3 keeps what more than three windows found.
    assert SCALE.confidence(3) < 0.5 <= SCALE.confidence(4)


def test_without_cascades_the_error_names_the_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(cv2, "CascadeClassifier", raising=False)
    with pytest.raises(PackageMissing, match=CURE):
        face_detector.load("haar")


@pytest.mark.parametrize(
    "wheel",
    [
        "opencv-python",
        "opencv-python-headless",
        "opencv-contrib-python",
        "opencv-contrib-python-headless",
    ],
)
def test_the_cure_is_of_the_kind_that_is_installed(
    wheel: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(cv2, "CascadeClassifier", raising=False)
    monkeypatch.setattr("importlib.metadata.packages_distributions", lambda: {"cv2": [wheel]})
    cure = re.escape(f"run `python -m pip install '{wheel}>=4.13,<5'`")
    with pytest.raises(PackageMissing, match=rf"needs cv2\.CascadeClassifier .*{cure}"):
        face_detector.load("haar")


@has_cascades
def test_without_its_file_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("age_pipeline.model_files.find_spec", lambda _: None)
    with pytest.raises(ModelMissing, match=CURE):
        face_detector.load("haar", tmp_path)


@has_cascades
class TestCascade:
    def test_finds_a_face_where_the_ssd_does(self) -> None:
        [face] = HaarFaceDetector().detect(picture("1.png"))
        assert face.box.iou(Box(179, 57, 271, 177)) > 0.75

    def test_its_squares_become_boxes_like_the_ssd_s(self, monkeypatch: pytest.MonkeyPatch) -> None:
        mapped = overlap(HaarFaceDetector())
        monkeypatch.setattr(haar, "BOX", BoxFit(0, 0, 1, 1))
        assert mapped > overlap(HaarFaceDetector()) + 0.03

    def test_reports_more_where_less_is_asked_for(self) -> None:
        nasa = picture("nasa_group15.jpg")
        few, many = (len(HaarFaceDetector(None, asked).detect(nasa)) for asked in (0.9, 0.0))
        assert few < many

    def test_a_cascade_of_one_s_own_is_used_and_said_to_be_unknown(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        own = locate(WEIGHTS).read_bytes().replace(b"Rainer Lienhart", b"somebody")
        (tmp_path / WEIGHTS.file).write_bytes(own)
        assert len(HaarFaceDetector(tmp_path).detect(picture("1.png"))) == 1
        assert "is not the known haar file" in caplog.text

    @pytest.mark.parametrize(
        "content",
        [
            b'<?xml version="1.0"?><opencv_storage></opencv_storage>',
            b'<?xml version="1.0"?><opencv_storage><a>1</a></opencv_storage>',
            b'<?xml version="1.0"?><opencv_storage><a>1</b></opencv_storage>',
            b'<?xml version="1.0"?><opencv_storage>\xff\xfe</opencv_storage>',
            b"<!DOCTYPE html><html></html>",
            b"",
        ],
        ids=["empty", "another", "not well-formed", "no text", "web page", "nothing"],
    )
    def test_what_is_no_cascade_is_refused(self, content: bytes, tmp_path: Path) -> None:
        (tmp_path / WEIGHTS.file).write_bytes(content)
        with pytest.raises(ModelDamaged, match=WEIGHTS.file):
            HaarFaceDetector(tmp_path)

    @pytest.mark.parametrize(
        ("first_tree", "damaged"),
        [
            (b"0 1 0 4.3", b"-9999999 1 0 4.3"),
            (b"0 1 0 4.3", b"0 9999999 0 4.3"),
            (b"0 1 0 4.3", b"0 1 9999999 4.3"),
            (b"0 1 0 4.3", b"0 1 -1 4.3"),
            (b"0 1 0 4.3", b"0 1 0 4.3 0"),
        ],
        ids=["no leaf", "no node", "no feature", "less than none", "one too many"],
    )
    def test_trees_that_would_crash_opencv_are_refused(
        self, first_tree: bytes, damaged: bytes, tmp_path: Path
    ) -> None:
        own = locate(WEIGHTS).read_bytes().replace(first_tree, damaged, 1)
        (tmp_path / WEIGHTS.file).write_bytes(own)
        with pytest.raises(ModelDamaged, match=WEIGHTS.file):
            HaarFaceDetector(tmp_path)

    def test_a_network_is_no_cascade(self, tmp_path: Path) -> None:
        (tmp_path / WEIGHTS.file).write_bytes(locate(ssd.WEIGHTS).read_bytes())
        with pytest.raises(
            ModelDamaged, match=r"is a network, .*, not the haar cascade; delete it"
        ):
            HaarFaceDetector(tmp_path)

    def test_the_first_half_of_its_file_is_said_to_be_truncated(self, tmp_path: Path) -> None:
        whole = locate(WEIGHTS).read_bytes()
        (tmp_path / WEIGHTS.file).write_bytes(whole[: len(whole) // 2])
        with pytest.raises(ModelDamaged, match="truncated"):
            HaarFaceDetector(tmp_path)

    def test_a_strip_has_no_face(self) -> None:
        assert HaarFaceDetector().detect(np.full((1, 9000, 3), 9, np.uint8)) == []
