"""What a Caffe network is, by its description: the layers of a .prototxt file, and what they say.

Such a file is protobuf's text format: https://protobuf.dev/reference/protobuf/textformat-spec/.
What layers there are and what may stand in them is in caffe.proto (BVLC/caffe), and for Permute,
Normalize, PriorBox and DetectionOutput in that of its SSD branch (weiliu89/caffe). Both forms of
it are read, the one with `layers` and names in capitals, and the newer one with `layer`.

Only what this program understands may stand there: what it skipped would give other numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

Shape = tuple[int, ...]

_WINDOW = "kernel_size kernel_h kernel_w stride stride_h stride_w pad pad_h pad_w"

_PARAMETERS = {
    "batchnorm": "use_global_stats eps moving_average_fraction",
    "concat": "axis",
    "convolution": f"num_output bias_term group dilation axis {_WINDOW}",
    "detectionoutput": "num_classes share_location background_label_id nms_param code_type"
    " keep_top_k confidence_threshold variance_encoded_in_target",
    "dropout": "dropout_ratio",
    "eltwise": "operation",
    "flatten": "axis end_axis",
    "innerproduct": "num_output bias_term axis",
    "lrn": "local_size alpha beta k norm_region",
    "normalize": "across_spatial channel_shared eps",
    "permute": "order",
    "pooling": f"pool global_pooling {_WINDOW}",
    "priorbox": "min_size max_size aspect_ratio flip clip variance step offset",
    "relu": "negative_slope",
    "reshape": "shape",
    "scale": "bias_term axis num_axes",
    "softmax": "axis",
}
"""The kinds of layers, and what may stand in the parameters of each."""

_DEEPEST = 20
"""How many braces may stand in each other; descriptions have four."""

_TOKEN = re.compile(
    r"""(?P<space> (?: \s | \#.* )+ )
    | "(?P<double> [^"\\\n]* )" | '(?P<single> [^'\\\n]* )'
    | (?P<word> [-+.\w]+ ) | (?P<mark> [{}:] )""",
    re.VERBOSE,
)


Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Message:
    """What stands between two braces: everything that each name was given, in order.

    Whoever asks for one value of a name that was given several gets a ValueError.
    """

    fields: Mapping[str, Sequence[str | Message]] = field(default_factory=dict)

    def texts(self, name: str) -> list[str]:
        """All that a name was given; none of it may be a message."""
        found = [value for value in self.fields.get(name, ()) if isinstance(value, str)]
        if len(found) != len(self.fields.get(name, ())):
            raise ValueError(f"expected values for {name}, not braces")
        return found

    def text(self, name: str, default: str) -> str:
        """What a name was given once."""
        return _single(name, self.texts(name), default)

    def messages(self, name: str) -> list[Message]:
        """All that a name was given, in braces each."""
        found = [value for value in self.fields.get(name, ()) if isinstance(value, Message)]
        if len(found) != len(self.fields.get(name, ())):
            raise ValueError(f"expected {name} to be followed by braces")
        return found

    def message(self, name: str) -> Message:
        """What a name was given once; empty where it is not there."""
        return _single(name, self.messages(name), Message())

    def numbers(self, name: str) -> list[float]:
        return [float(text) for text in self.texts(name)]

    def number(self, name: str, default: float) -> float:
        return float(_single(name, self.numbers(name), default))

    def integers(self, name: str) -> list[int]:
        return [int(text) for text in self.texts(name)]

    def integer(self, name: str, default: int) -> int:
        return _single(name, self.integers(name), default)

    def flag(self, name: str, default: bool) -> bool:
        text = self.text(name, str(default).lower())
        if text not in ("true", "false"):
            raise ValueError(f"expected true or false for {name}, not {text}")
        return text == "true"


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer.

    Attributes:
        name: By which its weights are found.
        type: As the description calls it, for example "InnerProduct" or "INNER_PRODUCT".
        bottoms: Names of what it reads.
        tops: Names of what it gives. One that reads and gives the same name replaces it.
        parameters: What its description says besides; empty where nothing.
    """

    name: str
    type: str
    bottoms: tuple[str, ...]
    tops: tuple[str, ...]
    parameters: Message

    @property
    def kind(self) -> str:
        """The same for both ways to write the type, for example "innerproduct"."""
        return _kind(self.type)

    def problem(self, what: str) -> ValueError:
        """An error that says which layer it is about."""
        return ValueError(f"layer {self.name} ({self.type}): {what}")


@dataclass(frozen=True, slots=True)
class Description:
    """A network with one input.

    Attributes:
        input: Name of what the first layer reads.
        shape: Of one batch of it: pictures, channels, height and width.
        layers: In the order in which they run.
    """

    input: str
    shape: Shape
    layers: tuple[Layer, ...]

    def up_to(self, outputs: Sequence[str]) -> Description:
        """The part of the network that is needed for these of its tops.

        Raises:
            ValueError: There is no such top.
        """
        kept: list[Layer] = []
        needed = set(outputs)
        for layer in reversed(self.layers):
            if needed.intersection(layer.tops):
                kept.append(layer)
                needed = needed.difference(layer.tops).union(layer.bottoms)
        if unknown := needed - {self.input}:
            raise ValueError(f"no layer gives {', '.join(sorted(unknown))}")
        return Description(self.input, self.shape, tuple(reversed(kept)))


def read_description(text: str) -> Description:
    """Read the content of a .prototxt file.

    Raises:
        ValueError: It is no description of a network with one input and layers known here; the
            message says which line or layer is wrong.
    """
    network = _message(_tokens(text), depth=0)
    unknown = network.fields.keys() - {
        "name", "input", "input_dim", "input_shape", "layer", "layers"
    }  # fmt: skip
    if unknown:
        raise ValueError(f"{', '.join(sorted(unknown))}: not understood")
    layers = [_layer(each) for each in network.messages("layer") + network.messages("layers")]
    shapes = [tuple(each.integers("dim")) for each in network.messages("input_shape")]
    if sides := network.integers("input_dim"):
        shapes.append(tuple(sides))
    is_one = len(network.texts("input")) == len(shapes) == 1
    if not is_one or len(shapes[0]) != 4 or min(shapes[0]) < 1 or not layers:
        raise ValueError("expected layers, and one input of four sides")
    return Description(network.text("input", ""), shapes[0], tuple(layers))


def _single(name: str, found: Sequence[Value], default: Value) -> Value:
    if len(found) > 1:
        raise ValueError(f"{name} stands more than once")
    return found[0] if found else default


def _kind(type_: str) -> str:
    return type_.replace("_", "").lower()


def _layer(message: Message) -> Layer:
    try:
        return _read_layer(message)
    except ValueError as error:
        name, type_ = (" ".join(map(str, message.fields.get(n, ()))) for n in ("name", "type"))
        raise ValueError(f"layer {name} ({type_}): {error}") from error


def _read_layer(message: Message) -> Layer:
    kind = _kind(message.text("type", ""))
    # Normalize has norm_param; all others are named in full.
    own = [
        name
        for name in message.fields
        if name.endswith("_param") and kind.startswith(_kind(name.removesuffix("_param")))
    ]
    layer = Layer(
        message.text("name", ""),
        message.text("type", ""),
        tuple(message.texts("bottom")),
        tuple(message.texts("top")),
        message.message(own[0]) if own else Message(),
    )
    if kind not in _PARAMETERS:
        raise ValueError("layers of this type are not understood")
    known = {"name", "type", "bottom", "top", *own}
    unknown = message.fields.keys() - known
    unknown |= layer.parameters.fields.keys() - set(_PARAMETERS[layer.kind].split())
    if unknown:
        raise ValueError(f"{', '.join(sorted(unknown))}: not understood")
    if not layer.bottoms or len(layer.tops) != 1:
        raise ValueError("expected a bottom or several, and one top")
    return layer


def _tokens(text: str) -> Iterator[tuple[int, str, str]]:
    """Each word or mark with its line, and whether it is a "word", a "string" or a "mark"."""
    position, line = 0, 1
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise ValueError(f"line {line}: {text[position : position + 20]!r} is not understood")
        group = match.lastgroup or ""
        if group != "space":
            yield line, {"double": "string", "single": "string"}.get(group, group), match[group]
        line += match[0].count("\n")
        position = match.end()


def _message(tokens: Iterator[tuple[int, str, str]], *, depth: int) -> Message:
    """Read names and what they are given, up to the closing brace, or outside of all to the end."""
    fields: dict[str, list[str | Message]] = {}
    for line, group, name in tokens:
        if depth and name == "}" and group == "mark":
            return Message(fields)
        if group != "word":
            raise ValueError(f"line {line}: expected a name, not {name!r}")
        _, group, value = next(tokens, (0, "mark", "the end"))
        has_colon = group == "mark" and value == ":"
        if has_colon:
            _, group, value = next(tokens, (0, "mark", "the end"))
        if group == "mark" and value == "{" and depth < _DEEPEST:
            fields.setdefault(name, []).append(_message(tokens, depth=depth + 1))
        elif group != "mark" and has_colon:
            fields.setdefault(name, []).append(value)
        else:
            raise ValueError(f"line {line}: expected a value for {name}, not {value!r}")
    if depth:
        raise ValueError("a brace is not closed")
    return Message(fields)
