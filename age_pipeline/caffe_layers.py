"""What a Caffe layer of each kind is in ONNX.

What it computes is in https://caffe.berkeleyvision.org/tutorial/layers.html, and for Normalize and
Permute in the code of Caffe's SSD branch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from age_pipeline.caffe_description import Layer, Shape
from age_pipeline.caffe_shapes import axis_of, order_of, window_of
from age_pipeline.onnx_graph import Graph
from age_pipeline.space_to_depth import space_to_depth

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Step:
    """One layer on its way into the graph.

    Attributes:
        layer: What is to be converted.
        inputs: What the graph calls what it reads.
        output: What the graph is to call what it gives.
        shapes: Of the inputs.
        shape: Of the output.
        weights: Its numbers.
        graph: Gets the nodes.
        least_channels: Of what a convolution with a stride is to read.
        taken: Which of the weights the layer has asked for.
    """

    layer: Layer
    inputs: Sequence[str]
    output: str
    shapes: Sequence[Shape]
    shape: Shape
    weights: Sequence[FloatArray]
    graph: Graph
    least_channels: int = 1
    taken: set[int] = field(default_factory=set)

    def convert(self) -> None:
        """Add the layer's nodes to the graph.

        Raises:
            ValueError: The layer's numbers are others, or it says what is not supported.
        """
        try:
            _KINDS[self.layer.kind](self)
            given, taken = len(self.weights), len(self.taken)
            if given != taken:
                raise ValueError(f"its weights are {given} arrays, not {taken}")
        except ValueError as error:
            raise self.layer.problem(str(error)) from error

    def node(self, operator: str, *inputs: str, **says: Any) -> None:
        """Add the node that gives what the layer gives."""
        self.graph.node(operator, inputs, self.output, **says)

    def part(self, operator: str, *inputs: str, **says: Any) -> str:
        """Add a node before that one."""
        return self.graph.node(operator, inputs, self.graph.made_up(self.output), **says)

    def constant(self, values: npt.NDArray[Any]) -> str:
        return self.graph.constant(self.output, values)

    def own(self, place: int, shape: Shape) -> FloatArray:
        """Some of the layer's numbers, in this shape."""
        self.taken.add(place)
        count = self.weights[place].size if place < len(self.weights) else 0
        if count != prod(shape):
            raise ValueError(f"expected {prod(shape)} weights, not {count}")
        return self.weights[place].reshape(shape)

    def require(self, **supported: str | bool | int) -> None:
        """Refuse a layer that asks for something else."""
        for name, value in supported.items():
            asked = self.layer.parameters.text(name, str(value))
            if asked.lower() != str(value).lower():
                raise ValueError(f"{name}: {asked} is not supported")


def _batch_norm(step: Step) -> None:
    step.require(use_global_stats=True)
    channels = (step.shape[1],)
    # Mean and variance are sums over so many batches, each of which counts less than the next.
    [count] = step.own(2, (1,))
    scale = np.float32(1 / count if count else 0)
    step.node(
        "BatchNormalization",
        step.inputs[0],
        step.constant(np.ones(channels, np.float32)),
        step.constant(np.zeros(channels, np.float32)),
        step.constant(step.own(0, channels) * scale),
        step.constant(step.own(1, channels) * scale),
        epsilon=step.layer.parameters.number("eps", 1e-5),
    )


def _scale(step: Step) -> None:
    step.require(axis=1, num_axes=1)
    sides = (step.shape[1], *[1] * (len(step.shape) - 2))
    factors, offsets = step.own(0, sides), np.zeros(sides, np.float32)
    if step.layer.parameters.flag("bias_term", False):
        offsets = step.own(1, sides)
    last = step.graph.nodes[-1] if step.graph.nodes else None
    if (
        last is not None
        and (last.op_type, list(last.output)) == ("BatchNormalization", list(step.inputs))
        and step.layer.bottoms == step.layer.tops
    ):
        # Nobody else reads what is replaced, and that node has place for both.
        constants = step.graph.constants
        _, factor, offset, *_ = last.input
        constants[factor] = constants[factor] * factors.reshape(-1)
        constants[offset] = constants[offset] * factors.reshape(-1) + offsets.reshape(-1)
        last.output[0] = step.output
    else:
        scaled = step.part("Mul", step.inputs[0], step.constant(factors))
        step.node("Add", scaled, step.constant(offsets))


def _convolution(step: Step) -> None:
    step.require(axis=1)
    says = step.layer.parameters
    window = window_of(step.layer, step.shapes[0])
    inputs, outputs, groups = step.shapes[0][1], step.shape[1], says.integer("group", 1)
    if groups < 1 or inputs % groups or outputs % groups:
        raise ValueError(f"{inputs} and {outputs} channels do not make {groups} groups")
    weights = step.own(0, (outputs, inputs // groups, *window.kernel))
    bias = []
    if says.flag("bias_term", True):
        bias.append(step.constant(step.own(1, (outputs,))))
    is_plain = groups == 1 and window.dilation == (1, 1)
    if is_plain and inputs < step.least_channels and window.stride != (1, 1):
        split = space_to_depth(weights, window, step.shapes[0], step.shape)
        slides = {"kernel_shape": window.stride, "strides": window.stride, "pads": split.pads}
        blocks = step.part("Conv", step.inputs[0], step.constant(split.selection), **slides)
        kernel = split.weights.shape[2:]
        step.node("Conv", blocks, step.constant(split.weights), *bias, kernel_shape=kernel)
    else:
        step.node(
            "Conv",
            step.inputs[0],
            step.constant(weights),
            *bias,
            kernel_shape=window.kernel,
            strides=window.stride,
            pads=window.padding * 2,
            dilations=window.dilation,
            group=groups,
        )


def _pooling(step: Step) -> None:
    [(_, _, *sides)] = step.shapes
    window = window_of(step.layer, step.shapes[0])
    # How much of each window lies in the padded input, downwards and across. Where the last ones
    # reach beyond it is stated as padding too: engines think differently of a ceil_mode.
    reaches = [
        np.minimum(np.arange(count) * stride + kernel, side + 2 * padding)
        - np.arange(count) * stride
        for count, kernel, stride, padding, side in zip(
            step.shape[2:], window.kernel, window.stride, window.padding, sides, strict=True
        )
    ]
    below, beside = (
        int(kernel - reach[-1]) for kernel, reach in zip(window.kernel, reaches, strict=True)
    )
    down, across = window.padding
    pads = [down, across, down + below, across + beside]
    slides = {"kernel_shape": window.kernel, "strides": window.stride}
    kind = step.layer.parameters.text("pool", "MAX")
    if kind == "MAX":
        step.node("MaxPool", step.inputs[0], pads=pads, **slides)
    elif kind == "AVE":
        # The padding counts, and what lies beyond it does not. Padded apart, with every place
        # counted, because engines think differently of that too.
        edges = step.constant(np.array([0, 0, *pads[:2], 0, 0, *pads[2:]]))
        padded = step.part("Pad", step.inputs[0], edges)
        mean = step.part("AveragePool", padded, count_include_pad=1, **slides)
        share = prod(window.kernel) / np.outer(*reaches)
        step.node("Mul", mean, step.constant(share.astype(np.float32)))
    else:
        raise ValueError(f"pool: {kind} is not supported")


def _relu(step: Step) -> None:
    slope = step.layer.parameters.number("negative_slope", 0)
    if slope:
        step.node("LeakyRelu", step.inputs[0], alpha=slope)
    else:
        step.node("Relu", step.inputs[0])


def _lrn(step: Step) -> None:
    step.require(norm_region="ACROSS_CHANNELS")
    says = step.layer.parameters
    if says.integer("local_size", 5) % 2 == 0:
        raise ValueError("expected an odd local_size")
    step.node(
        "LRN",
        step.inputs[0],
        size=says.integer("local_size", 5),
        alpha=says.number("alpha", 1),
        beta=says.number("beta", 0.75),
        bias=says.number("k", 1),
    )


def _normalize(step: Step) -> None:
    says = step.layer.parameters
    axes = range(1, len(step.shape) if says.flag("across_spatial", True) else 2)
    channels = 1 if says.flag("channel_shared", True) else step.shape[1]
    total = step.part("Mul", step.inputs[0], step.inputs[0])
    for axis in axes:
        # One at a time: OpenCV 4 takes the wrong sum over several.
        total = step.part("ReduceSum", total, step.constant(np.array([axis])))
    least = step.constant(np.array([says.number("eps", 1e-10)], np.float32))
    length = step.part("Sqrt", step.part("Add", total, least))
    factors = step.own(0, (channels, *[1] * (len(step.shape) - 2)))
    step.node("Mul", step.part("Div", step.inputs[0], length), step.constant(factors))


def _eltwise(step: Step) -> None:
    operation = step.layer.parameters.text("operation", "SUM")
    operator = {"SUM": "Add", "PROD": "Mul", "MAX": "Max"}.get(operation)
    if operator is None or len(step.inputs) < 2:
        raise ValueError(f"{operation} of {len(step.inputs)} is not supported")
    *others, last = step.inputs
    result = others[0]
    for other in others[1:]:
        result = step.part(operator, result, other)
    step.node(operator, result, last)


def _inner_product(step: Step) -> None:
    step.require(axis=1)
    outputs, inputs = step.shape[1], prod(step.shapes[0][1:])
    flat = step.part("Flatten", step.inputs[0])
    operands = [flat, step.constant(step.own(0, (outputs, inputs)))]
    if step.layer.parameters.flag("bias_term", True):
        operands.append(step.constant(step.own(1, (outputs,))))
    step.node("Gemm", *operands, transB=1)


def _permute(step: Step) -> None:
    step.node("Transpose", step.inputs[0], perm=order_of(step.layer, step.shapes[0]))


def _flatten(step: Step) -> None:
    first = axis_of(step.layer, step.shapes[0])
    # 0 keeps a side as it is, also that of the pictures, which may have any length.
    sides = [*[0] * first, -1, *step.shape[first + 1 :]]
    step.node("Reshape", step.inputs[0], step.constant(np.array(sides)))


def _reshape(step: Step) -> None:
    sides = step.layer.parameters.message("shape").integers("dim")
    step.node("Reshape", step.inputs[0], step.constant(np.array(sides)))


def _concat(step: Step) -> None:
    step.node("Concat", *step.inputs, axis=axis_of(step.layer, step.shapes[0]))


def _softmax(step: Step) -> None:
    step.node("Softmax", step.inputs[0], axis=axis_of(step.layer, step.shapes[0]))


def _dropout(step: Step) -> None:
    # It drops something only while a network is trained.
    step.node("Identity", step.inputs[0])


_KINDS: dict[str, Callable[[Step], None]] = {
    "batchnorm": _batch_norm,
    "concat": _concat,
    "convolution": _convolution,
    "dropout": _dropout,
    "eltwise": _eltwise,
    "flatten": _flatten,
    "innerproduct": _inner_product,
    "lrn": _lrn,
    "normalize": _normalize,
    "permute": _permute,
    "pooling": _pooling,
    "relu": _relu,
    "reshape": _reshape,
    "scale": _scale,
    "softmax": _softmax,
}
