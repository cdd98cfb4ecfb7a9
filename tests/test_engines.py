"""The comparison of engines, with one that answers as OpenCV does but for a known difference."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from fakes import FakeFaces
from tiny_networks import SHAPE, onnx_file

import age_detector
from age_pipeline.data import Face, Image
from age_pipeline.model_files import LoadedModel, ModelFile
from age_pipeline.network_engines import Engine
from age_pipeline.networks import Network, onnx_network
from benchmarks import engines
from benchmarks.engine_reference import Answers, Reference, read_reference, write_reference
from benchmarks.own_models import folder_with, own_models

FloatArray = npt.NDArray[np.float32]

HEIGHT, WIDTH = SHAPE[1:]
MIX = np.array([[0.002, -0.001, 0.0005], [0.004, 0, 0.001]], np.float32)
FETCHED = ModelFile(
    name="far", file="far.onnx", licence="", home=Path("far"), url="http://far", sha256="0" * 64
)


class TinyAges:
    """Cuts out crops of the size that the tiny network takes."""

    def crop(self, image: Image, face: Face) -> Image:
        return image[face.box.top :, face.box.left :][:HEIGHT, :WIDTH]


class OtherEngine:
    """An onnxruntime that is OpenCV, plus a difference in the very last number."""

    def __init__(self, difference: float) -> None:
        self.difference = difference
        self.batches: list[FloatArray] = []

    def network(self, model: LoadedModel, engine: Engine) -> Network:
        plain = onnx_network(model)
        if engine == "opencv":
            return plain

        def forward(batch: FloatArray) -> list[FloatArray]:
            self.batches.append(batch)
            output = plain.run(batch)
            output.flat[-1] += self.difference
            return [output]

        return Network(forward)


@pytest.fixture(autouse=True)
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModelFile:
    """The program has one network of its own, a tiny one, and one to fetch; every face is found."""
    home = tmp_path / "home"
    home.mkdir()
    data = onnx_file(MIX)
    (home / "tiny.onnx").write_bytes(data)
    sha256 = hashlib.sha256(data).hexdigest()
    model = ModelFile(name="tiny", file="tiny.onnx", licence="", home=home, sha256=sha256)
    monkeypatch.setattr(age_detector, "MODELS", {"tiny": model, "far": FETCHED}, raising=False)
    monkeypatch.setattr(age_detector, "load", lambda *_: TinyAges())
    monkeypatch.setattr("face_detector.load", FakeFaces)
    monkeypatch.setattr(engines, "other_engines", list)
    return model


@pytest.fixture
def reference(tmp_path: Path) -> Path:
    file = tmp_path / "reference.npz"
    assert engines.main(["--write-reference", str(file)]) == 0
    return file


def use(monkeypatch: pytest.MonkeyPatch, difference: float) -> OtherEngine:
    engine = OtherEngine(difference)
    monkeypatch.setattr(engines, "other_engines", lambda: ["onnxruntime"])
    monkeypatch.setattr(engines, "onnx_network", engine.network)
    monkeypatch.setattr(engines, "version", {"onnxruntime": "9.9"}.__getitem__)
    return engine


def altered(file: Path, difference: float) -> Path:
    """The reference with one output moved, as if by another OpenCV."""
    with np.load(file) as arrays:
        content = dict(arrays)
    content["engine"] = np.array("OpenCV 7")
    content["tiny/outputs"].flat[0] += difference
    np.savez(file, **content)
    return file


@pytest.mark.parametrize(("difference", "code"), [(5e-5, 0), (1.5e-4, 1), (float("nan"), 1)])
def test_the_largest_difference_decides(
    difference: float,
    code: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    use(monkeypatch, difference)
    assert engines.main([]) == code
    out, err = capsys.readouterr()
    # One face in each of the five pictures of images/, and the random crops.
    assert out.startswith(f"tiny: {5 + engines.RANDOM_CROPS} crops, OpenCV ")
    assert out.endswith(f" and onnxruntime 9.9 differ by {difference:.1e} at most\n")
    assert ("do not agree to 0.0001" in err) == bool(code)


def test_a_network_gets_the_pixels_of_the_crops(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = use(monkeypatch, 0)
    assert engines.main([]) == 0
    (batch,) = engine.batches
    crops = engines.sample_crops(["tiny"], None)["tiny"]
    assert batch.shape == (len(crops), *SHAPE)
    np.testing.assert_array_equal(batch[:, 2, 1, 3], crops[:, 1, 3, 2])
    # Real faces differ from each other, and random pixels fill the range.
    assert len(np.unique(crops.reshape(len(crops), -1), axis=0)) == len(crops)
    assert (int(crops[5:].min()), int(crops[5:].max())) == (0, 255)


@pytest.mark.parametrize(("difference", "code"), [(5e-5, 0), (1.5e-4, 1)])
def test_another_environment_compares_by_way_of_a_file(
    difference: float,
    code: int,
    reference: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    altered(reference, difference)
    # Where no detector can be had.
    monkeypatch.delattr("face_detector.load")
    assert engines.main(["--reference", str(reference)]) == code
    out = capsys.readouterr().out
    assert f"and OpenCV 7 differ by {difference:.1e} at most\n" in out
    assert "onnxruntime" not in out


def test_file_and_onnxruntime_are_both_compared(
    reference: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    use(monkeypatch, 2e-5)
    assert engines.main(["--reference", str(altered(reference, 4e-5))]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert "OpenCV 7 differ by 4.0e-05" in first
    assert "onnxruntime 9.9 differ by 2.0e-05" in second


def test_nothing_to_compare_with_says_what_to_install(capsys: pytest.CaptureFixture[str]) -> None:
    assert engines.main([]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "install onnxruntime or openvino, or give --reference" in err


def test_a_candidate_is_looked_at_in_the_place_of_the_own_file(
    reference: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "tiny.onnx").write_bytes(onnx_file(-MIX))
    arguments = ["--age", str(tmp_path), "--reference", str(reference)]
    assert engines.main(arguments) == 2
    assert "written with another file of tiny" in capsys.readouterr().err


@pytest.mark.parametrize("content", [None, b"", b"no archive", b"PK\x03\x04 cut", "array", "other"])
def test_what_is_no_reference_is_refused_in_one_line(
    content: bytes | str | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "reference.npz"
    if isinstance(content, bytes):
        file.write_bytes(content)
    elif content == "array":
        with file.open("wb") as opened:
            np.save(opened, np.zeros(3))
    elif content == "other":
        write_reference(file, Reference("OpenCV 7", {}))
    assert engines.main(["--reference", str(file)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert str(file) in line


def test_what_is_written_is_read(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    crops = random.integers(0, 256, (2, 4, 5, 3), np.uint8)
    outputs = random.random((2, 101), np.float32)
    file = tmp_path / "a reference"
    write_reference(file, Reference("OpenCV 7", {"tiny": Answers("ab", crops, outputs)}))
    read = read_reference(file, {"tiny": "ab"})
    assert read.engine == "OpenCV 7"
    np.testing.assert_array_equal(read.answers["tiny"].crops, crops)
    np.testing.assert_array_equal(read.answers["tiny"].outputs, outputs)


def test_own_models_are_those_that_nobody_fetches(tiny: ModelFile, tmp_path: Path) -> None:
    assert own_models() == {"tiny": tiny}
    assert folder_with(tiny, None) is None
    assert folder_with(tiny, tmp_path) is None
    assert folder_with(tiny, tiny.home) == tiny.home
    assert folder_with(replace(tiny, file="b.onnx"), tiny.home) is None
