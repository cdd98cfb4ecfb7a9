"""Write the trained network as ONNX, with every normalisation folded into its convolution."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from age_pipeline.data import OLDEST
from training.network import PIXEL_MEAN, PIXEL_SCALE, SIZE, CompactAgeNetwork

TEMPERATURE = 1.45
"""What the logits are divided by. Trained on one set alone, the network is surer of faces from
elsewhere than it may be: with this, the 80% interval holds 80% of UTKFace's validation part, as
benchmarks/accuracy.py prints."""


class _Graph:
    """Nodes and weights in the making; each method returns the name of what it computes."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def constant(self, name: str, values: npt.NDArray[np.generic]) -> str:
        self.weights.append(numpy_helper.from_array(values, name))
        return name

    def node(self, kind: str, inputs: list[str], output: str, **attributes: object) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [output], output, **attributes))
        return output

    def convolution(self, name: str, bottom: str, layer: nn.Module, norm: nn.Module) -> str:
        """A convolution with the batch normalisation that follows it."""
        assert isinstance(layer, nn.Conv2d)
        assert isinstance(norm, nn.BatchNorm2d)
        assert norm.running_mean is not None
        assert norm.running_var is not None
        scale = norm.weight / (norm.running_var + norm.eps).sqrt()
        weight = layer.weight * scale[:, None, None, None]
        bias = norm.bias - norm.running_mean * scale
        names = [
            self.constant(f"{name}.weight", weight.contiguous().numpy()),
            self.constant(f"{name}.bias", bias.numpy()),
        ]
        kernel, pad, stride = layer.kernel_size[0], int(layer.padding[0]), layer.stride[0]
        return self.node(
            "Conv",
            [bottom, *names],
            name,
            kernel_shape=[kernel, kernel],
            pads=[pad] * 4,
            strides=[stride, stride],
        )

    def relu(self, bottom: str) -> str:
        return self.node("Relu", [bottom], f"{bottom}.relu")


@torch.no_grad()
def write_onnx(network: CompactAgeNetwork, path: Path) -> None:
    """Write `network`, with its temperature, to `path`, whole or not at all.

    The file's input "face" is float32, shape (faces, 3, 64, 64), blue-green-red, 0 to 255; its
    output "years" is float32, shape (faces, 101), probabilities that sum to 1.
    """
    graph = _Graph()
    mean = graph.constant("mean", np.array(PIXEL_MEAN, np.float32))
    scale = graph.constant("scale", np.array(1 / PIXEL_SCALE, np.float32))
    x = graph.node("Mul", [graph.node("Sub", ["face", mean], "centred"), scale], "scaled")
    x = graph.relu(graph.convolution("stem", x, network.stem, network.stem_norm))
    for number, block in enumerate(network.blocks):
        name = f"block{number}"
        shortcut = x
        if block.shortcut is not None:
            shortcut = graph.convolution(f"{name}.shortcut", x, *block.shortcut)
        y = graph.relu(graph.convolution(f"{name}.conv1", x, block.conv1, block.norm1))
        y = graph.convolution(f"{name}.conv2", y, block.conv2, block.norm2)
        x = graph.relu(graph.node("Add", [y, shortcut], f"{name}.sum"))
    x = graph.node("Flatten", [graph.node("GlobalAveragePool", [x], "mean_map")], "features")
    weight = network.interpolation @ network.head.weight / TEMPERATURE
    bias = (network.interpolation @ network.head.bias + network.log_prior) / TEMPERATURE
    head = [
        graph.constant("head.weight", weight.contiguous().numpy()),
        graph.constant("head.bias", bias.numpy()),
    ]
    x = graph.node("Gemm", [x, *head], "logits", transB=1)
    graph.node("Softmax", [x], "years", axis=1)
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "compact_age_network",
            [helper.make_tensor_value_info("face", TensorProto.FLOAT, ["faces", 3, SIZE, SIZE])],
            [helper.make_tensor_value_info("years", TensorProto.FLOAT, ["faces", OLDEST + 1])],
            graph.weights,
        ),
        opset_imports=[helper.make_opsetid("", 13)],
        ir_version=8,
        producer_name="detect-age training",
    )
    onnx.checker.check_model(model)
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(model.SerializeToString())
    part.replace(path)
