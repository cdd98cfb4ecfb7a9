"""Write a trained network as the program's file, and check the file against it.

    python -m training.export compact --temperature 0.98 --output compact.onnx

Every normalisation is folded into its convolution, the interpolation and the prior into the last
layer, and the weights are stored as float16: half the size, and no probability moves by more than
CLOSE.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from age_pipeline.data import OLDEST
from training.find_faces import RUNS
from training.network import PIXEL_MEAN, PIXEL_SCALE, CompactAgeNetwork
from training.recipes import RECIPES
from training.soft_labels import load_network

CLOSE = 1e-3
"""How much a probability of the file may differ from the network's, because of float16."""


class _Graph:
    """Nodes and weights in the making; each method returns the name of what it computes."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def constant(self, name: str, values: npt.NDArray[np.float32]) -> str:
        """A float32 constant; those of two dimensions or more are stored as float16."""
        if values.ndim < 2:
            self.weights.append(numpy_helper.from_array(values, name))
            return name
        half = f"{name}.half"
        self.weights.append(numpy_helper.from_array(values.astype(np.float16), half))
        return self.node("Cast", [half], name, to=TensorProto.FLOAT)

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
def write_onnx(network: CompactAgeNetwork, path: Path, temperature: float) -> None:
    """Write `network` to `path`, whole or not at all.

    The file's input "face" is float32, shape (faces, 3, side, side), blue-green-red, 0 to 255; its
    output "years" is float32, shape (faces, 101), probabilities that sum to 1.

    Args:
        network: What was trained.
        path: The file to write.
        temperature: What the logits are divided by; see `training.calibrate`.
    """
    graph, side = _Graph(), network.shape.side
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
    weight = network.interpolation @ network.head.weight / temperature
    bias = (network.interpolation @ network.head.bias + network.log_prior) / temperature
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
            [helper.make_tensor_value_info("face", TensorProto.FLOAT, ["faces", 3, side, side])],
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


@torch.no_grad()
def largest_difference(network: CompactAgeNetwork, path: Path, temperature: float) -> float:
    """How far the file's probabilities, read by OpenCV, are from the network's, on seeded noise."""
    side = network.shape.side
    pixels = np.random.default_rng(1).uniform(0, 255, (16, 3, side, side)).astype(np.float32)
    # Blurred, because faces are: pure noise is alike to a network.
    pixels = np.stack([[cv2.blur(colour, (9, 9)) for colour in face] for face in pixels])
    in_file = cv2.dnn.readNetFromONNX(np.fromfile(path, np.uint8))
    in_file.setInput(pixels)
    expected = (network(torch.from_numpy(pixels))[0] / temperature).softmax(1).numpy()
    return float(np.abs(in_file.forward() - expected).max())


def main() -> None:
    """Write one recipe's network."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("recipe", choices=RECIPES)
    parser.add_argument("--temperature", type=float, default=1.0, help="see training/calibrate.py")
    parser.add_argument("--runs", type=Path, default=RUNS, help="folder of the checkpoint")
    parser.add_argument("--output", type=Path, required=True, help="ONNX file to write")
    options = parser.parse_args()
    network = load_network(options.runs / f"{options.recipe}.pt")
    path: Path = options.output
    write_onnx(network, path, options.temperature)
    difference = largest_difference(network, path, options.temperature)
    print(f"{path}: {path.stat().st_size} bytes, within {difference:.1e} of what was trained")
    if difference > CLOSE:
        raise SystemExit("the file does not say what the network says")


if __name__ == "__main__":
    main()
