"""How large everything is in a Caffe network. What each layer gives is tested where it runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from caffe_cases import CASES, Case, layer
from caffe_networks import prototxt

from age_pipeline.caffe_description import read_description
from age_pipeline.caffe_shapes import shapes_in, window_of

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_the_shape_is_that_of_the_result(case: Case) -> None:
    random = np.random.default_rng(0)
    numbers = [random.random(shape) for own in case.blobs.values() for shape in own]
    for pictures in (1, 4):
        shape = (pictures, 6, 11, 8)
        expected = case.expected(random.random(shape), *numbers).shape
        assert shapes_in(read_description(prototxt(shape, case.layers)))["out"] == expected


def test_a_map_has_the_sides_that_its_prior_boxes_expect() -> None:
    shapes = shapes_in(
        read_description((ROOT / "face_detector" / "deploy.prototxt").read_text()).up_to(
            ["mbox_loc", "conv4_3_norm", "fc7", "conv6_2_h", "conv7_2_h", "conv8_2_h", "conv9_2_h"]
        )
    )
    maps = ["conv4_3_norm", "fc7", "conv6_2_h", "conv7_2_h", "conv8_2_h", "conv9_2_h"]
    assert [shapes[each][2:] for each in maps] == [(s, s) for s in (38, 19, 10, 5, 3, 1)]
    assert shapes["mbox_loc"] == (1, 4 * 8732)


def test_a_window_reaches_over_its_gaps() -> None:
    says = "convolution_param { num_output: 1 kernel_h: 3 kernel_w: 1 dilation: 4 }"
    [one] = read_description(prototxt((1, 6, 11, 8), layer("Convolution", says))).layers
    window = window_of(one, (1, 6, 11, 8))
    assert (window.kernel, window.dilation, window.reach) == ((3, 1), (4, 4), (9, 1))


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        (layer("Convolution"), "expected sides of its window from 1"),
        (
            layer("Convolution", "convolution_param { num_output: 0 kernel_size: 1 }"),
            "nothing is left of its input of shape",
        ),
        (
            layer("Convolution", "convolution_param { num_output: 1 kernel_size: 12 }"),
            "nothing is left of its input of shape",
        ),
        (
            layer("Convolution", "convolution_param { num_output: 1 kernel_size: x }"),
            "invalid literal for int",
        ),
        (layer("Pooling", "pooling_param { kernel_size: 2 stride: 0 }"), "sides of its window"),
        (layer("Pooling", "pooling_param { kernel_size: 2 pad: -1 }"), "a padding from 0"),
        (
            layer("Pooling", "pooling_param { kernel_size: 2 kernel_size: 2 kernel_size: 2 }"),
            "expected kernel_size to be one or two numbers, not 3",
        ),
        (
            layer("Flatten", top="flat")
            + layer("Pooling", "pooling_param { kernel_size: 2 }", "flat"),
            "expected an input of four sides, not 2",
        ),
        (layer("ReLU", "", "data data"), "expected one bottom, not 2"),
        (
            layer("Flatten", top="flat") + layer("Eltwise", "", "data flat"),
            "expected the same for all",
        ),
        (
            layer("Pooling", "pooling_param { kernel_size: 2 }", top="half")
            + layer("Concat", "", "data half"),
            "expected the same for all",
        ),
        (layer("Softmax", "softmax_param { axis: 4 }"), "axis cannot be 4"),
        (layer("Softmax", "softmax_param { axis: -5 }"), "axis cannot be -5"),
        (layer("Concat", "concat_param { axis: 0 }", "data data"), "axis cannot be 0"),
        (layer("Flatten", "flatten_param { axis: -4 }"), "axis cannot be -4"),
        (layer("Flatten", "flatten_param { end_axis: 0 }"), "end_axis cannot be 0"),
        (layer("Flatten", "flatten_param { axis: 3 end_axis: 1 }"), "axis 3 is behind"),
        (
            layer("Permute", "permute_param { order: 1 order: 0 }"),
            "not an order of 4 sides that leaves the first",
        ),
        (layer("Permute", "permute_param { order: 0 order: 4 }"), "not an order of 4 sides"),
        (layer("Permute", "permute_param { order: 0 order: 0 }"), "not an order of 4 sides"),
        (layer("Reshape"), "expected dim: 0 in front"),
        (layer("Reshape", "reshape_param { shape { dim: 1 dim: -1 } }"), "expected dim: 0"),
        (layer("Reshape", "reshape_param { shape { dim: 0 dim: 5 } }"), "cannot become"),
        (layer("Reshape", "reshape_param { shape { dim: 0 dim: -1 dim: 7 } }"), "cannot become"),
        (layer("Reshape", "reshape_param { shape { dim: 0 dim: -1 dim: -1 } }"), "cannot become"),
        (
            layer("Reshape", f"reshape_param {{ shape {{ {'dim: 0 ' * 5} }} }}"),
            "out of range",
        ),
        (layer("PriorBox"), "its results have no shape of their own"),
    ],
)
def test_what_does_not_fit_names_the_layer(layers: str, message: str) -> None:
    with pytest.raises(ValueError, match=message) as raised:
        shapes_in(read_description(prototxt((1, 6, 11, 8), layers)))
    assert str(raised.value).startswith("layer out (")
