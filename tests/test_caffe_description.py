"""The reader of .prototxt files: both of Caffe's ways to write one, and nothing that it skips."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from age_pipeline.caffe_description import Description, Layer, Message, read_description

ROOT = Path(__file__).parent.parent

INPUT = 'input: "data" input_shape { dim: 1 dim: 3 dim: 8 dim: 9 }\n'
RELU = 'layer { name: "a" type: "ReLU" bottom: "data" top: "b" }\n'


def layer(text: str) -> Layer:
    """The one layer of a network."""
    [found] = read_description(INPUT + text).layers
    return found


class TestText:
    def test_both_forms_are_the_same_network(self) -> None:
        new = read_description(
            """
            name: "tiny"
            input: "data"
            input_shape { dim: 2 dim: 3 dim: 8 dim: 9 }
            layer { name: "one" type: "InnerProduct" bottom: "data" top: "one"
              inner_product_param { num_output: 4 } }
            layer { name: "two" type: "ReLU" bottom: "one" top: "one" }
            """
        )
        old = read_description(
            """
            name: "tiny"
            input: "data"
            input_dim: 2 input_dim: 3 input_dim: 8 input_dim: 9
            layers { name: "one" type: INNER_PRODUCT bottom: "data" top: "one"
              inner_product_param { num_output: 4 } }
            layers { name: "two" type: RELU bottom: "one" top: "one" }
            """
        )
        assert (new.input, new.shape) == (old.input, old.shape) == ("data", (2, 3, 8, 9))
        kinds = [each.kind for each in new.layers]
        assert kinds == [each.kind for each in old.layers] == ["innerproduct", "relu"]
        for one, other in zip(new.layers, old.layers, strict=True):
            assert (one.name, one.bottoms, one.tops) == (other.name, other.bottoms, other.tops)
            assert one.parameters == other.parameters
        assert new.layers[0].parameters.integer("num_output", 0) == 4

    def test_space_comments_quotes_and_colons_are_those_of_the_format(self) -> None:
        found = layer(
            "# nothing { here\n"
            'layer{name:\'a "b" # c\'type:"Convolution" # after\n'
            'bottom:"data"top :"b" convolution_param:{num_output:+5 pad : 0 bias_term:false}}'
        )
        assert found.name == 'a "b" # c'
        assert found.parameters.integer("num_output", 0) == 5
        assert found.parameters.integer("pad", 7) == 0
        assert found.parameters.flag("bias_term", True) is False

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("", "expected layers, and one input"),
            ("no layers", "line 1: expected a value for no, not 'layers'"),
            (INPUT, "expected layers, and one input"),
            (RELU, "expected layers, and one input"),
            (INPUT + INPUT + RELU, "expected layers, and one input"),
            (INPUT + INPUT[14:] + RELU, "expected layers, and one input"),
            (INPUT + "input_dim: 1 " * 4 + RELU, "expected layers, and one input"),
            (
                INPUT + RELU.replace("name", 'name: "z" name'),
                r"layer z a \(ReLU\): name stands more",
            ),
            (
                INPUT + RELU.replace("type", 'type: "LRN" type'),
                r"layer a \(LRN ReLU\): type stands",
            ),
            (
                INPUT + RELU.replace("bottom", "relu_param { } relu_param { } bottom"),
                r"layer a \(ReLU\): relu_param stands more than once",
            ),
            (INPUT.replace("dim: 9", "") + RELU, "one input of four sides"),
            (INPUT.replace("dim: 9", "dim: 0") + RELU, "one input of four sides"),
            (INPUT.replace("dim: 9", "dim: x") + RELU, "invalid literal for int"),
            ('state: "x"' + INPUT + RELU, "state: not understood"),
            (INPUT + RELU + "layer {", "a brace is not closed"),
            (INPUT + RELU + "}", "line 3: expected a name, not '}'"),
            (INPUT + RELU + '"x": 3', "line 3: expected a name, not 'x'"),
            (INPUT + RELU + "a: }", "line 3: expected a value for a, not '}'"),
            (INPUT + RELU + "a", "line 3: expected a value for a, not 'the end'"),
            (INPUT + RELU + "a:", "line 3: expected a value for a, not 'the end'"),
            (INPUT + RELU + 'a: "b', "line 3: '\"b' is not understood"),
            (INPUT + RELU + "a: [1, 2]", r"line 3: '\[1, 2\]' is not understood"),
            (INPUT + RELU + "a {" * 99, "line 3: expected a value for a, not '{'"),
            (INPUT + "layer: 3", "expected layer to be followed by braces"),
            ("input { }" + RELU, "expected values for input, not braces"),
        ],
    )
    def test_what_is_no_description_is_refused(self, text: str, message: str) -> None:
        with pytest.raises(ValueError, match=message):
            read_description(text)

    @given(st.text(alphabet=st.sampled_from('layer {}:"#\n\\ab1-.\x00é'), max_size=60))
    def test_whatever_it_is_given_it_raises_nothing_else(self, text: str) -> None:
        with pytest.raises(ValueError, match=r"."):
            read_description(text)


class TestMessage:
    SAYS = Message(
        {
            "a": ["1", "2"],
            "b": [Message({"c": ["true"]})],
            "d": ["maybe"],
            "e": ["3"],
            "f": [Message(), Message()],
        }
    )

    def test_what_is_there_is_given(self) -> None:
        assert self.SAYS.text("e", "") == "3"
        assert self.SAYS.integer("e", 9) == 3
        assert self.SAYS.number("e", 9) == 3.0
        assert self.SAYS.integers("a") == [1, 2]
        assert self.SAYS.numbers("a") == [1.0, 2.0]
        assert self.SAYS.message("b").flag("c", False) is True

    def test_one_of_several_is_not_chosen(self) -> None:
        # Nor does protobuf choose: it finds such a text wrong.
        for asked in (self.SAYS.text, self.SAYS.number, self.SAYS.integer, self.SAYS.flag):
            with pytest.raises(ValueError, match="a stands more than once"):
                asked("a", False)  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="f stands more than once"):
            self.SAYS.message("f")

    def test_what_is_not_there_is_the_default(self) -> None:
        assert self.SAYS.text("x", "y") == "y"
        assert self.SAYS.integer("x", 9) == 9
        assert type(self.SAYS.number("x", 9)) is float
        assert self.SAYS.flag("x", True) is True
        assert self.SAYS.message("x") == Message()
        assert self.SAYS.numbers("x") == []

    def test_what_is_none_is_refused(self) -> None:
        with pytest.raises(ValueError, match="expected true or false for d, not maybe"):
            self.SAYS.flag("d", True)
        with pytest.raises(ValueError, match="expected a to be followed by braces"):
            self.SAYS.message("a")
        with pytest.raises(ValueError, match="expected values for b, not braces"):
            self.SAYS.text("b", "")


class TestLayers:
    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ('type: "Deconvolution" bottom: "data" top: "b"', "layers of this type"),
            ('bottom: "data" top: "b"', "layers of this type"),
            ('type: "ReLU" top: "b"', "expected a bottom"),
            ('type: "ReLU" bottom: "data"', "one top"),
            ('type: "ReLU" bottom: "data" top: "b" top: "c"', "one top"),
            ('type: "ReLU" bottom: "data" top: "b" include { }', "include: not understood"),
            (
                'type: "ReLU" bottom: "data" top: "b" relu_param { engine: CUDNN }',
                "engine: not understood",
            ),
            (
                'type: "ReLU" bottom: "data" top: "b" relu_param { } lrn_param { }',
                "lrn_param: not understood",
            ),
        ],
    )
    def test_what_is_not_understood_is_refused_by_name_and_type(
        self, text: str, message: str
    ) -> None:
        with pytest.raises(ValueError, match=message) as raised:
            layer(f'layer {{ name: "it" {text} }}')
        [type_] = re.findall('type: "(.*?)"', text) or [""]
        assert str(raised.value).startswith(f"layer it ({type_}): ")


class TestNetwork:
    NETWORK = read_description(
        INPUT
        + """
        layer { name: "one" type: "ReLU" bottom: "data" top: "x" }
        layer { name: "two" type: "ReLU" bottom: "x" top: "x" }
        layer { name: "three" type: "ReLU" bottom: "x" top: "y" }
        layer { name: "four" type: "ReLU" bottom: "y" top: "y" }
        layer { name: "five" type: "Eltwise" bottom: "data" bottom: "x" top: "z" }
        """
    )

    @pytest.mark.parametrize(
        ("outputs", "names"),
        [
            (["x"], ["one", "two"]),
            (["y"], ["one", "two", "three", "four"]),
            (["z"], ["one", "two", "five"]),
            (["z", "y"], ["one", "two", "three", "four", "five"]),
        ],
    )
    def test_up_to_some_outputs_it_has_what_they_need(
        self, outputs: list[str], names: list[str]
    ) -> None:
        part = self.NETWORK.up_to(outputs)
        assert [each.name for each in part.layers] == names
        assert (part.input, part.shape) == (self.NETWORK.input, self.NETWORK.shape)

    def test_what_no_layer_gives_is_refused(self) -> None:
        with pytest.raises(ValueError, match="no layer gives v, w"):
            self.NETWORK.up_to(["w", "x", "v"])
        broken = Description("data", (1, 3, 8, 9), self.NETWORK.layers[1:])
        with pytest.raises(ValueError, match="no layer gives x"):
            broken.up_to(["y"])


def test_the_programs_own_descriptions_are_understood() -> None:
    ssd = read_description((ROOT / "face_detector" / "deploy.prototxt").read_text())
    assert (ssd.shape, len(ssd.layers)) == ((1, 3, 300, 300), 112)
    ages = read_description((ROOT / "age_detector" / "levi_hassner.prototxt").read_text())
    assert (ages.shape, len(ages.layers)) == ((1, 3, 227, 227), 19)
    assert [each.name for each in ssd.up_to(["mbox_loc", "mbox_conf_flatten"]).layers] == [
        each.name
        for each in ssd.layers
        if each.kind not in ("priorbox", "detectionoutput") and each.name != "mbox_priorbox"
    ]


def test_parameters_of_another_kind_of_layer_are_refused() -> None:
    with pytest.raises(ValueError, match=r"layer a \(Softmax\): concat_param: not understood"):
        layer(RELU.replace("ReLU", "Softmax").replace("}", "concat_param { axis: 2 } }"))
