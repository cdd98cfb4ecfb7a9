"""What becomes of Caffe's layers, beside plain numpy and, where OpenCV has one, its importer."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import onnx
import pytest
from caffe_cases import CASES, SHAPE, SIX, Case, layer
from caffe_networks import caffe_file, pool, prototxt
from hypothesis import assume, given
from hypothesis import strategies as st
from installed_engines import EACH_ENGINE

from age_pipeline.caffe_description import read_description
from age_pipeline.caffe_to_onnx import caffe_to_onnx
from age_pipeline.model_files import LoadedModel
from age_pipeline.network_engines import Engine
from age_pipeline.networks import Network, onnx_network

FloatArray = npt.NDArray[np.float32]
Numbers = dict[str, list[FloatArray]]

HAS_IMPORTER = hasattr(cv2.dnn, "readNetFromCaffe")

each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)

each_convolution = pytest.mark.parametrize(
    "case", [case for case in CASES if "Convolution" in case.layers], ids=lambda case: case.id
)


def drawn(case: Case) -> Numbers:
    """Random numbers for the layers of a case."""
    random = np.random.default_rng(len(case.id))
    numbers = {
        name: [random.standard_normal(shape, dtype=np.float32) for shape in shapes]
        for name, shapes in case.blobs.items()
    }
    for name, shapes in case.blobs.items():
        if shapes is SIX:
            # A mean, a variance, and over how much both were summed up.
            batches = 0 if case.id == "batch-norm-without-batches" else 99.5
            _, variance, count = numbers[name]
            np.abs(variance, out=variance)
            count[:] = batches
    return numbers


def drawn_pictures(count: int, shape: Sequence[int] = SHAPE) -> FloatArray:
    return np.random.default_rng(count).standard_normal((count, *shape[1:]), dtype=np.float32)


def converted(
    layers: str,
    numbers: Numbers | None = None,
    shape: Sequence[int] = SHAPE,
    outputs: Sequence[str] = ("out",),
    **says: int,
) -> onnx.ModelProto:
    weights = {name: [array.reshape(-1) for array in own] for name, own in (numbers or {}).items()}
    return caffe_to_onnx(read_description(prototxt(shape, layers)), weights, outputs, **says)


def ready(network: onnx.ModelProto, engine: Engine = "opencv") -> Network:
    model = LoadedModel(Path("a.onnx"), network.SerializeToString(), "", verified=True)
    return onnx_network(model, engine)


def imported(layers: str, numbers: Numbers, pictures: FloatArray) -> FloatArray:
    """What OpenCV makes of the Caffe files."""
    text = prototxt(pictures.shape, layers).encode()
    assert hasattr(cv2.dnn, "readNetFromCaffe")
    network = cv2.dnn.readNetFromCaffe(
        np.frombuffer(text, np.uint8), np.frombuffer(caffe_file(numbers), np.uint8)
    )
    network.setInput(pictures)
    return np.array(network.forward(), np.float32)


def require_what_it_computes(
    network: onnx.ModelProto, case: Case, count: int, engine: Engine
) -> None:
    """Run a case as ONNX on so many pictures, beside numpy."""
    pictures = drawn_pictures(count)
    expected = case.expected(pictures, *(array for own in drawn(case).values() for array in own))
    found = ready(network, engine).run(pictures)
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


class TestEachLayer:
    @pytest.mark.parametrize("engine", EACH_ENGINE)
    @pytest.mark.parametrize("count", [1, 3])
    @each_case
    def test_gives_what_it_computes(self, case: Case, count: int, engine: Engine) -> None:
        require_what_it_computes(converted(case.layers, drawn(case)), case, count, engine)

    @pytest.mark.parametrize("engine", EACH_ENGINE)
    @pytest.mark.parametrize("count", [1, 3])
    @each_convolution
    def test_does_so_where_channels_are_few(self, case: Case, count: int, engine: Engine) -> None:
        network = converted(case.layers, drawn(case), least_channels=8)
        onnx.checker.check_model(network, full_check=True)
        require_what_it_computes(network, case, count, engine)

    @pytest.mark.skipif(not HAS_IMPORTER, reason="this OpenCV has no Caffe importer")
    @each_case
    def test_gives_what_opencvs_importer_gives(self, case: Case) -> None:
        if not case.is_imported:
            pytest.skip("OpenCV's importer reads this otherwise")
        pictures, numbers = drawn_pictures(1), drawn(case)
        expected = imported(case.layers, numbers, pictures)
        found = ready(converted(case.layers, numbers)).run(pictures)
        assert found.shape == expected.shape
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)

    @each_case
    def test_is_what_onnx_itself_finds_right(self, case: Case) -> None:
        onnx.checker.check_model(converted(case.layers, drawn(case)), full_check=True)


@pytest.mark.parametrize(
    ("says", "least_channels", "strides"),
    [
        ("kernel_size: 3 stride: 2", 1, [[2, 2]]),
        ("kernel_size: 3 stride: 2", 6, [[2, 2]]),
        ("kernel_size: 3 stride: 2", 7, [[2, 2], []]),
        ("kernel_size: 5 stride_h: 1 stride_w: 3", 7, [[1, 3], []]),
        ("kernel_size: 3", 7, [[1, 1]]),
        ("kernel_size: 3 stride: 2 dilation: 2", 7, [[2, 2]]),
        ("kernel_size: 3 stride: 2 group: 2", 7, [[2, 2]]),
    ],
)
def test_channels_are_few_below_the_least(
    says: str, least_channels: int, strides: list[list[int]]
) -> None:
    layers = layer("Convolution", f"convolution_param {{ num_output: 4 {says} }}")
    window = [3, 3] if "size: 3" in says else [5, 5]
    inputs = 3 if "group" in says else 6
    numbers = {"out": [np.ones((4, inputs, *window), np.float32), np.ones(4, np.float32)]}
    nodes = converted(layers, numbers, least_channels=least_channels).graph.node
    says_each = [{each.name: list(each.ints) for each in node.attribute} for node in nodes]
    assert [each.get("strides", []) for each in says_each] == strides


@given(st.data())
def test_pooling_takes_the_windows_that_caffe_takes(data: st.DataObject) -> None:
    kernel, stride, sides = (
        data.draw(st.tuples(*[st.integers(1, most)] * 2), name)
        for name, most in (("kernel", 4), ("stride", 4), ("sides", 12))
    )
    padding = data.draw(st.tuples(*(st.integers(0, side - 1) for side in kernel)), "padding")
    kind = data.draw(st.sampled_from(["MAX", "AVE"]), "kind")
    for reach, step, side, edge in zip(kernel, stride, sides, padding, strict=True):
        assume(reach <= side + 2 * edge)
        # What Caffe makes of a window with nothing in it means nothing.
        assume(edge or -((reach - side) // step) * step < side)
    says = (
        f"pooling_param {{ pool: {kind} kernel_h: {kernel[0]} kernel_w: {kernel[1]}"
        f" stride_h: {stride[0]} stride_w: {stride[1]} pad_h: {padding[0]} pad_w: {padding[1]} }}"
    )
    pictures = drawn_pictures(1, (1, 2, *sides))
    expected = pool(pictures, kind, kernel, stride, padding)
    layers = layer("Pooling", says)
    found = ready(converted(layers, shape=pictures.shape)).run(pictures)
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)
    if HAS_IMPORTER:
        np.testing.assert_allclose(imported(layers, {}, pictures), expected, rtol=1e-5, atol=1e-5)


TWO = (
    layer("ReLU", top="first")
    + layer("Scale", "", "first", "second")
    + layer("ReLU", "", "second", "second", "last")
)
FACTORS = np.array([2, -1, 1, 0.5, -3, 1], np.float32)


@pytest.mark.parametrize("outputs", [["first", "second"], ["second", "first"]])
def test_outputs_come_in_the_order_asked_for(outputs: list[str]) -> None:
    graph = converted(TWO, {"second": [FACTORS]}, outputs=outputs).graph
    assert [each.name for each in graph.input] == ["data"]
    assert [each.name for each in graph.output] == outputs


def test_layers_that_the_outputs_do_not_need_are_left_out() -> None:
    # Nor are their weights missed.
    [node] = converted(TWO, outputs=["first"]).graph.node
    assert (node.op_type, *node.output) == ("Relu", "first")


def test_tops_may_be_called_as_parts_are() -> None:
    # What a layer is made of gets names such as out/0 where the network has not taken them.
    layers = layer("ReLU", top="out/0")
    for before, top in pairwise(f"out/{number}" for number in range(9)):
        layers += layer("ReLU", "", before, top)
    layers += layer("Scale", "", "out/8", "out") + layer("Scale", "", "out", "out", "last")
    pictures = drawn_pictures(1)
    found = ready(converted(layers, {"out": [FACTORS], "last": [FACTORS]})).run(pictures)
    expected = np.maximum(pictures, 0) * FACTORS.reshape(1, -1, 1, 1) ** 2
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_the_input_may_be_called_as_parts_are() -> None:
    text = prototxt(SHAPE, layer("Scale", "", "out/0") + layer("Scale", "", "out", "out", "last"))
    description = read_description(text.replace('input: "data"', 'input: "out/0"'))
    weights = {"out": [FACTORS], "last": [FACTORS]}
    pictures = drawn_pictures(1)
    found = ready(caffe_to_onnx(description, weights, ["out"])).run(pictures)
    np.testing.assert_allclose(found, pictures * FACTORS.reshape(1, -1, 1, 1) ** 2, rtol=1e-5)


def test_an_output_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="no layer gives third"):
        converted(TWO, {"second": [FACTORS]}, outputs=["third"])


def test_the_same_again_is_the_same_file() -> None:
    once, again = (converted(TWO, {"second": [FACTORS]}, outputs=["second"]) for _ in range(2))
    assert once.SerializeToString() == again.SerializeToString()


CONVOLUTION = "convolution_param { num_output: 4 kernel_size: 3 "


@pytest.mark.parametrize(
    ("layers", "shapes", "message"),
    [
        (layer("Scale"), [], r"out \(Scale\): expected 6 weights, not 0"),
        (layer("Scale"), [5], r"out \(Scale\): expected 6 weights, not 5"),
        (layer("Scale", "scale_param { bias_term: true }"), [6], "expected 6 weights, not 0"),
        (layer("Scale", "scale_param { axis: 2 }"), [6], "axis: 2 is not supported"),
        (layer("BatchNorm"), [6, 6], "expected 1 weights, not 0"),
        (
            layer("BatchNorm", "batch_norm_param { use_global_stats: false }"),
            [6, 6, 1],
            "use_global_stats: false is not supported",
        ),
        (layer("Convolution", CONVOLUTION + "}"), [215, 4], "expected 216 weights, not 215"),
        (layer("Convolution", CONVOLUTION + "}"), [216, 3], "expected 4 weights, not 3"),
        (
            layer("Convolution", CONVOLUTION + "group: 5 }"),
            [216, 4],
            "6 and 4 channels do not make 5 groups",
        ),
        (layer("Convolution", CONVOLUTION + "group: 3 }"), [72, 4], "do not make 3 groups"),
        (layer("Convolution", CONVOLUTION + "group: 0 }"), [], "do not make 0 groups"),
        (layer("Convolution", CONVOLUTION + "axis: 2 }"), [], "axis: 2 is not supported"),
        (
            layer("InnerProduct", "inner_product_param { num_output: 2 axis: 2 }"),
            [],
            "axis: 2 is not supported",
        ),
        (
            layer("InnerProduct", "inner_product_param { num_output: 2 }"),
            [1055, 2],
            "expected 1056 weights, not 1055",
        ),
        (
            layer("Pooling", "pooling_param { kernel_size: 2 pool: STOCHASTIC }"),
            [],
            r"out \(Pooling\): pool: STOCHASTIC is not supported",
        ),
        (
            layer("LRN", "lrn_param { norm_region: WITHIN_CHANNEL }"),
            [],
            "norm_region: WITHIN_CHANNEL is not supported",
        ),
        (layer("Normalize"), [6], "expected 1 weights, not 6"),
        (
            layer("Convolution", CONVOLUTION + "bias_term: false }"),
            [216, 4],
            "its weights are 2 arrays, not 1",
        ),
        (layer("ReLU"), [6], "its weights are 1 arrays, not 0"),
        (
            layer("LRN", "lrn_param { alpha: 1 alpha: 2 }"),
            [],
            r"out \(LRN\): alpha stands more than once",
        ),
        (layer("Eltwise"), [], "SUM of 1 is not supported"),
        (
            layer("Eltwise", "eltwise_param { operation: MEAN }", "data data"),
            [],
            "MEAN of 2 is not supported",
        ),
        (layer("DetectionOutput"), [], "its results have no shape of their own"),
    ],
)
def test_what_is_not_supported_names_the_layer(
    layers: str, shapes: list[int], message: str
) -> None:
    numbers = {"out": [np.ones(count, np.float32) for count in shapes]}
    with pytest.raises(ValueError, match=message) as raised:
        converted(layers, numbers)
    assert str(raised.value).startswith("layer out (")


def test_the_input_is_no_output() -> None:
    with pytest.raises(ValueError, match="data is the network's input"):
        converted(layer("ReLU", top="data"), outputs=["data"])


def test_an_even_neighbourhood_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\(LRN\): expected an odd local_size"):
        converted(layer("LRN", "lrn_param { local_size: 4 }"))
