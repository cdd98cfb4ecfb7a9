"""An ONNX network, put together node by node. Operators: https://onnx.ai/onnx/operators/"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import count
from typing import Any

import numpy as np
import numpy.typing as npt
from onnx import ModelProto, NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

_OPERATORS, _FORMAT = 13, 8
"""Versions of the operators and of the file format: of 2021, which every engine knows."""

_PICTURES = "pictures"
"""What the first side of input and outputs is called, which may have any length."""


class Graph:
    """Nodes and constants, each under a name of its own.

    Args:
        taken: Names that are never made up.
    """

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self.nodes: list[NodeProto] = []
        self.constants: dict[str, npt.NDArray[Any]] = {}
        self._taken = frozenset(taken)
        self._numbers = count()

    def made_up(self, name: str) -> str:
        """A name that nothing else has, and that begins with this one."""
        names = (f"{name}/{number}" for number in self._numbers)
        return next(each for each in names if each not in self._taken)

    def node(self, operator: str, inputs: Sequence[str], output: str, **says: Any) -> str:
        """Add a node with one output; returns the output's name."""
        self.nodes.append(helper.make_node(operator, inputs, [output], name=output, **says))
        return output

    def constant(self, name: str, values: npt.NDArray[Any]) -> str:
        """Add numbers, of float32 or int64; returns their name, which begins with this one."""
        name = self.made_up(name)
        self.constants[name] = values
        return name

    def model(
        self, pictures: tuple[str, Sequence[int]], outputs: Iterable[tuple[str, Sequence[int]]]
    ) -> ModelProto:
        """Finish it.

        Args:
            pictures: Name and shape of the input, for any number of pictures.
            outputs: Likewise of what the network gives.
        """
        constants = [
            numpy_helper.from_array(np.ascontiguousarray(values), name)
            for name, values in self.constants.items()
        ]
        graph = helper.make_graph(
            self.nodes,
            "network",
            [_value(*pictures)],
            [_value(*each) for each in outputs],
            constants,
        )
        operators = helper.make_opsetid("", _OPERATORS)
        return helper.make_model(graph, ir_version=_FORMAT, opset_imports=[operators])


def _value(name: str, shape: Sequence[int]) -> ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, [_PICTURES, *shape[1:]])
