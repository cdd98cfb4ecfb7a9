"""YuNet: its rows made faces, and what its file does."""

from __future__ import annotations

from pathlib import Path
from threading import Thread
from typing import Any

import cv2
import numpy as np
import pytest
from detector_files import detector_folder
from sample_pictures import picture

import face_detector
from age_pipeline.data import Box
from age_pipeline.errors import ModelDamaged, ModelMissing
from face_detector.yunet import LONGER_SIDE, WEIGHTS, YunetFaceDetector

POINTS = [110, 130, 150, 130, 130, 150, 115, 170, 145, 170]


class ScriptedYunet:
    """Stands for OpenCV's class; gives the same rows for every picture."""

    def __init__(self, rows: list[list[float]] | None) -> None:
        self._rows = None if rows is None else np.array(rows, np.float32)
        self.sizes: list[tuple[int, int]] = []
        self.threshold = 0.0

    def setInputSize(self, size: tuple[int, int]) -> None:  # noqa: N802
        self.sizes.append(size)

    def create(self, *arguments: Any) -> ScriptedYunet:
        self.threshold = arguments[4]
        return self

    def detect(self, image: np.ndarray) -> tuple[int, Any]:
        assert self.sizes[-1] == image.shape[1::-1]
        return 1, self._rows


def scripted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, rows: list[list[float]] | None
) -> tuple[YunetFaceDetector, ScriptedYunet]:
    script = ScriptedYunet(rows)
    monkeypatch.setattr(cv2.FaceDetectorYN, "create", script.create)
    # Any protobuf message passes for a file of one's own.
    (tmp_path / WEIGHTS.file).write_bytes(b"\x08\x01")
    return YunetFaceDetector(tmp_path), script


def test_a_row_is_a_box_five_points_and_a_score(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    detector, _ = scripted(monkeypatch, tmp_path, [[100, 100, 60, 80, *POINTS, 0.7]])
    [face] = detector.detect(np.zeros((400, 500, 3), np.uint8))
    # The common box is a little larger and lies a little higher.
    assert face.box.iou(Box(100, 99, 160, 179)) > 0.95
    assert face.confidence == pytest.approx(0.65)
    assert face.landmarks == ((110, 130), (150, 130), (130, 150), (115, 170), (145, 170))


def test_a_large_picture_is_shown_smaller(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    detector, script = scripted(monkeypatch, tmp_path, [[100, 100, 60, 80, *POINTS, 0.9]])
    [face] = detector.detect(np.zeros((960, 2 * LONGER_SIDE, 3), np.uint8))
    assert script.sizes[-1] == (LONGER_SIDE, 480)
    assert face.box.iou(Box(200, 198, 320, 358)) > 0.95
    assert face.landmarks is not None
    assert face.landmarks[0] == (220, 260)


def test_numbers_that_are_none_are_no_face(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    rows = [[float("nan"), 1, 2, 3, *POINTS, 0.9], [0, 0, float("inf"), 3, *POINTS, 0.9]]
    detector, _ = scripted(monkeypatch, tmp_path, rows)
    assert detector.detect(np.zeros((40, 50, 3), np.uint8)) == []


def test_nobody_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    detector, _ = scripted(monkeypatch, tmp_path, None)
    assert detector.detect(np.zeros((40, 50, 3), np.uint8)) == []


def test_half_is_the_threshold_of_its_runner(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _, script = scripted(monkeypatch, tmp_path, None)
    assert script.threshold == pytest.approx(0.6)


def test_without_its_file_the_error_says_how_to_fetch_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DETECT_AGE_CACHE", str(tmp_path))
    with pytest.raises(ModelMissing, match="python -m face_detector fetch yunet"):
        face_detector.load("yunet")


def test_another_network_under_its_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / WEIGHTS.file).write_bytes(b"\x08\x01")
    with pytest.raises(ModelDamaged, match=WEIGHTS.file):
        YunetFaceDetector(tmp_path)


@pytest.fixture(scope="module")
def yunet() -> YunetFaceDetector:
    return YunetFaceDetector(detector_folder("yunet"))


def test_its_file_is_the_known_one(yunet: YunetFaceDetector) -> None:
    assert yunet.model.sha256 == WEIGHTS.sha256
    assert yunet.model.licence == "MIT (Shiqi Yu)"


def test_the_landmarks_are_where_the_face_has_them(yunet: YunetFaceDetector) -> None:
    [face] = yunet.detect(picture("1.png"))
    assert face.landmarks is not None
    seen_by_eye = ((202, 101), (249, 103), (225, 126), (204, 140), (243, 141))
    assert np.abs(np.array(face.landmarks) - seen_by_eye).max() <= 7


@pytest.mark.parametrize("size", [(1, 10_000), (10_000, 1), (20, 20), (32, 32), (641, 3)], ids=str)
def test_any_size_gives_the_same_answer_each_time(size: tuple[int, int]) -> None:
    everything = YunetFaceDetector(detector_folder("yunet"), 0.0)
    image = np.asarray(cv2.resize(picture("nasa_group15.jpg"), size[::-1]), np.uint8)
    first = everything.detect(image)
    for _ in range(5):
        everything.detect(picture("1.png"))
        assert everything.detect(image) == first


def test_further_looks_keep_the_landmarks(yunet: YunetFaceDetector) -> None:
    upright = yunet.detect(picture("1.png"))[0]
    lying = np.ascontiguousarray(np.rot90(picture("1.png")))
    [face] = face_detector.load("yunet", detector_folder("yunet")).detect(lying)
    assert face.quarter_turns == 3
    assert face.landmarks is not None
    assert upright.landmarks is not None
    expected = [(y, 512 - x) for x, y in upright.landmarks]
    assert np.abs(np.array(face.landmarks) - expected).max() <= 5


def test_threads_may_share_it(yunet: YunetFaceDetector) -> None:
    names = ("1.png", "2.jpg", "nasa_group15.jpg")
    alone = {name: yunet.detect(picture(name)) for name in names}
    wrong: list[str] = []

    def look(name: str) -> None:
        for _ in range(5):
            if yunet.detect(picture(name)) != alone[name]:
                wrong.append(name)

    threads = [Thread(target=look, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_no_confidence_is_asked_for_that_cannot_be() -> None:
    with pytest.raises(ValueError, match="0 to 1"):
        YunetFaceDetector(min_confidence=2)
