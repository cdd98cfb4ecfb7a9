"""The seam to the engines, with networks that a line of numpy computes too."""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import NoReturn

import caffe_networks
import cv2
import numpy as np
import onnx
import pytest
from caffe_cases import layer
from caffe_networks import prototxt
from installed_engines import EACH_ENGINE, needs
from tiny_networks import PROTOTXT, SHAPE, FloatArray, caffe_file, onnx_file

from age_pipeline.errors import ModelDamaged, PackageMissing
from age_pipeline.model_files import LoadedModel, ModelFile
from age_pipeline.network_engines import ENGINES, Engine
from age_pipeline.networks import Network, caffe_network, onnx_network, try_out

MIX = np.array([[0.25, 0.5, -2], [3, 1, 0.125]], np.float32)

Load = Callable[[bytes, Path], Network]


def model(path: Path, data: bytes, *, verified: bool = True) -> LoadedModel:
    return LoadedModel(path, data, "0" * 64, verified)


def from_caffe(data: bytes, folder: Path, engine: Engine = "opencv") -> Network:
    prototxt = folder / "tiny.prototxt"
    prototxt.write_text(PROTOTXT)
    return caffe_network(prototxt, model(folder / "tiny.caffemodel", data), ["mix"], engine)


def from_onnx(data: bytes, folder: Path, engine: Engine = "opencv") -> Network:
    return onnx_network(model(folder / "tiny.onnx", data), engine)


EACH = pytest.mark.parametrize(
    ("load", "data"),
    [
        pytest.param(partial(load, engine=each), data, id=f"{name}-{each}", marks=needs(each))
        for name, load, data in (
            ("caffe", from_caffe, caffe_file(MIX)),
            ("onnx", from_onnx, onnx_file(MIX)),
        )
        for each in ENGINES
    ],
)


@pytest.fixture
def pictures() -> FloatArray:
    return np.random.default_rng(0).standard_normal((5, *SHAPE), dtype=np.float32)


@EACH
def test_a_batch_gets_what_each_of_it_gets_alone(
    load: Load, data: bytes, tmp_path: Path, pictures: FloatArray
) -> None:
    network = load(data, tmp_path)
    together = network.run(pictures)
    assert together.dtype == np.float32
    expected = np.einsum("oc,bchw->bohw", MIX, pictures)
    np.testing.assert_allclose(together, expected, rtol=1e-5, atol=1e-5)
    for picture, output in zip(pictures, together, strict=True):
        np.testing.assert_allclose(network.run(picture[None])[0], output, rtol=1e-5, atol=1e-5)


@EACH
def test_what_it_gave_stays_as_it_was(
    load: Load, data: bytes, tmp_path: Path, pictures: FloatArray
) -> None:
    network = load(data, tmp_path)
    first = network.run(pictures)
    before = first.copy()
    network.run(pictures * 2)
    np.testing.assert_array_equal(first, before)


@EACH
def test_threads_may_share_it(
    load: Load, data: bytes, tmp_path: Path, pictures: FloatArray
) -> None:
    network = load(data, tmp_path)
    alone = [network.run(picture[None]) for picture in pictures]
    with ThreadPoolExecutor(8) as threads:
        asked = [picture[None] for picture in pictures] * 200
        for number, answer in enumerate(threads.map(network.run, asked)):
            np.testing.assert_array_equal(answer, alone[number % len(pictures)])


def test_an_opencv_without_caffe_gets_the_network_as_onnx(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pictures: FloatArray
) -> None:
    expected = from_caffe(caffe_file(MIX), tmp_path).run(pictures)
    monkeypatch.delattr(cv2.dnn, "readNetFromCaffe", raising=False)
    found = from_caffe(caffe_file(MIX), tmp_path).run(pictures)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


STRIDED = layer("Convolution", "convolution_param { num_output: 4 kernel_size: 7 stride: 2 }")


@pytest.mark.parametrize(
    ("engine", "kernels"),
    [
        # Colours as channels of blocks, and then these.
        pytest.param("opencv", [[2, 2], [4, 4]]),
        pytest.param("onnxruntime", [[7, 7]], marks=needs("onnxruntime")),
        pytest.param("openvino", [[7, 7]], marks=needs("openvino")),
    ],
)
def test_what_opencv_reads_colours_by(
    tmp_path: Path,
    cache: Path,
    monkeypatch: pytest.MonkeyPatch,
    engine: Engine,
    kernels: list[list[int]],
) -> None:
    monkeypatch.delattr(cv2.dnn, "readNetFromCaffe", raising=False)
    weights = np.random.default_rng(0).standard_normal((4, 3, 7, 7), dtype=np.float32)
    bias = np.ones(4, np.float32)
    (tmp_path / "a.prototxt").write_text(prototxt((1, 3, 30, 30), STRIDED))
    content = caffe_networks.caffe_file({"out": [weights, bias]})
    found = caffe_network(tmp_path / "a.prototxt", model(tmp_path / "a", content), ["out"], engine)
    pictures = np.random.default_rng(1).standard_normal((2, 3, 30, 30), dtype=np.float32)
    expected = caffe_networks.convolve(pictures, weights, bias, stride=(2, 2))
    np.testing.assert_allclose(found.run(pictures), expected, rtol=1e-4, atol=1e-4)
    [file] = (cache / "converted").iterdir()
    nodes = onnx.load(str(file)).graph.node
    says_each = [{each.name: list(each.ints) for each in node.attribute} for node in nodes]
    assert [each["kernel_shape"] for each in says_each] == kernels


@pytest.mark.parametrize("engine", EACH_ENGINE)
@pytest.mark.parametrize("outputs", [["mix", "positive"], ["positive", "mix"]])
def test_several_outputs_come_in_the_order_asked_for(
    outputs: list[str], engine: Engine, tmp_path: Path, pictures: FloatArray
) -> None:
    prototxt = tmp_path / "two.prototxt"
    prototxt.write_text(
        PROTOTXT
        + 'layers { name: "positive" type: RELU bottom: "mix" top: "positive" }\n'
        + 'layers { name: "later" type: DROPOUT bottom: "positive" top: "later" }\n'
    )
    network = caffe_network(prototxt, model(tmp_path / "a", caffe_file(MIX)), outputs, engine)
    mixed = np.einsum("oc,bchw->bohw", MIX, pictures)
    expected = {"mix": mixed, "positive": np.maximum(mixed, 0)}
    found = network.run_all(pictures)
    before = [output.copy() for output in found]
    network.run_all(pictures * 2)
    assert len(found) == 2
    for name, output, was in zip(outputs, found, before, strict=True):
        assert output.dtype == np.float32
        np.testing.assert_allclose(output, expected[name], rtol=1e-5, atol=1e-5)
        np.testing.assert_array_equal(output, was)


@EACH
def test_a_path_may_have_any_name(
    load: Load, data: bytes, tmp_path: Path, pictures: FloatArray
) -> None:
    folder = tmp_path / "modèles ネット"
    folder.mkdir()
    np.testing.assert_array_equal(
        load(data, folder).run(pictures), load(data, tmp_path).run(pictures)
    )


@EACH
@pytest.mark.parametrize("spoil", ["other bytes", "cut"])
def test_what_is_no_network_is_refused_in_one_short_line(
    load: Load, data: bytes, spoil: str, tmp_path: Path
) -> None:
    folder = tmp_path / "modèles"
    folder.mkdir()
    with pytest.raises(ModelDamaged) as raised:
        load(b"abc" if spoil == "other bytes" else data[:-7], folder)
    message = str(raised.value)
    assert message.startswith(f"{folder / 'tiny'}.")
    assert " cannot load this network (" in message
    assert message.isprintable()
    assert message.endswith("; delete it, and the next run says how to get it")
    assert len(message) - len(str(folder)) < 330
    assert isinstance(raised.value.__cause__, (cv2.error, ValueError))


@pytest.mark.parametrize("engine", EACH_ENGINE)
def test_a_description_that_is_none_is_refused(tmp_path: Path, engine: Engine) -> None:
    (tmp_path / "a.prototxt").write_text("no layers")
    weights = model(tmp_path / "a", caffe_file(MIX))
    with pytest.raises(ModelDamaged, match="cannot load this network"):
        caffe_network(tmp_path / "a.prototxt", weights, ["mix"], engine)


@pytest.mark.parametrize("engine", ENGINES[1:])
def test_an_engine_that_is_not_installed_says_how_to_install_it(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, engine, None)
    with pytest.raises(PackageMissing, match=rf"run `python -m pip install '{engine}>=[^']*'`"):
        from_onnx(onnx_file(MIX), tmp_path, engine)


class TestTryOut:
    MODEL = ModelFile(
        name="tiny",
        file="tiny.onnx",
        licence="none",
        home=Path("age_detector"),
        url="https://example.org/tiny.onnx",
        sha256="0" * 64,
    )

    def test_a_known_file_need_not_answer(self) -> None:
        def answer() -> NoReturn:
            raise AssertionError

        try_out(answer, self.MODEL, model(Path("tiny.onnx"), b"", verified=True))

    def test_another_answers_once(self) -> None:
        answers: list[None] = []
        loaded = model(Path("tiny.onnx"), b"", verified=False)
        try_out(lambda: answers.append(None), self.MODEL, loaded)
        assert len(answers) == 1

    @pytest.mark.parametrize("error", [cv2.error("no weights"), ValueError("no numbers")])
    def test_what_fails_at_it_is_refused(self, error: Exception) -> None:
        def answer() -> NoReturn:
            raise error

        with pytest.raises(ModelDamaged) as raised:
            try_out(answer, self.MODEL, model(Path("my/tiny.onnx"), b"", verified=False))
        assert str(raised.value) == (
            "my/tiny.onnx does not hold the weights of the tiny network; delete it, then: "
            "python -m age_detector fetch tiny"
        )
        assert raised.value.__cause__ is error

    def test_a_bug_stays_one(self) -> None:
        def answer() -> NoReturn:
            raise KeyError("bug")

        with pytest.raises(KeyError, match="bug"):
            try_out(answer, self.MODEL, model(Path("tiny.onnx"), b"", verified=False))
