from __future__ import annotations

import re
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from age_detector.levi_hassner import PROTOTXT, WEIGHTS, LeviHassnerAgeDetector
from age_pipeline.data import BRACKET_NAMES, Box, Face, Image
from age_pipeline.errors import ModelDamaged, ModelMissing
from benchmarks.caffe_files import age_net, weights

FloatArray = npt.NDArray[np.float32]

MEAN = np.array([78.4263377603, 87.7689143744, 114.895847746], np.float32)

LAYERS = [
    ("conv1", "CONVOLUTION", "num_output: 96 kernel_size: 7 stride: 4"),
    ("relu1", "RELU", ""),
    ("pool1", "POOLING", "pool: MAX kernel_size: 3 stride: 2"),
    ("norm1", "LRN", "local_size: 5 alpha: 0.0001 beta: 0.75"),
    ("conv2", "CONVOLUTION", "num_output: 256 kernel_size: 5 pad: 2"),
    ("relu2", "RELU", ""),
    ("pool2", "POOLING", "pool: MAX kernel_size: 3 stride: 2"),
    ("norm2", "LRN", "local_size: 5 alpha: 0.0001 beta: 0.75"),
    ("conv3", "CONVOLUTION", "num_output: 384 kernel_size: 3 pad: 1"),
    ("relu3", "RELU", ""),
    ("pool5", "POOLING", "pool: MAX kernel_size: 3 stride: 2"),
    ("fc6", "INNER_PRODUCT", "num_output: 512"),
    ("relu6", "RELU", ""),
    ("drop6", "DROPOUT", "dropout_ratio: 0.5"),
    ("fc7", "INNER_PRODUCT", "num_output: 512"),
    ("relu7", "RELU", ""),
    ("drop7", "DROPOUT", "dropout_ratio: 0.5"),
    ("fc8", "INNER_PRODUCT", "num_output: 8"),
    ("prob", "SOFTMAX", ""),
]
"""As the network's authors define them."""


@pytest.fixture(scope="module")
def ages(age_net_folder: Path) -> LeviHassnerAgeDetector:
    return LeviHassnerAgeDetector(age_net_folder)


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all files of 45 MB that one test alone needs, each written over the last."""
    return tmp_path_factory.mktemp("scratch")


@pytest.fixture(scope="module")
def crops() -> list[Image]:
    """Three different crops."""
    random = np.random.default_rng(1)
    small = random.integers(0, 256, (3, 6, 6, 3), dtype=np.uint8)
    return [np.asarray(cv2.resize(one, (227, 227)), np.uint8) for one in small]


def test_the_prototxt_has_the_layers_of_the_table() -> None:
    text = PROTOTXT.read_text()
    found = re.findall(r'layers { name: "(\w+)" type: (\w+) .*?(?:_param { (.*?) } )?}\n', text)
    assert found == LAYERS
    assert re.findall(r"input_dim: (\d+)", text) == ["1", "3", "227", "227"]


@pytest.mark.parametrize("winner", range(8))
def test_a_file_made_for_one_bracket_answers_with_it(
    winner: int, scratch: Path, crops: list[Image]
) -> None:
    (scratch / WEIGHTS.file).write_bytes(age_net(winner))
    [estimate] = LeviHassnerAgeDetector(scratch).estimate(crops[:1])
    assert estimate.bracket == BRACKET_NAMES[winner]
    # The fc8 of such a file gives 5 for the winner and 0 for the seven others.
    assert estimate.bracket_confidence == pytest.approx(np.exp(5) / (np.exp(5) + 7))


def test_the_brackets_are_what_the_layers_of_the_table_compute(
    ages: LeviHassnerAgeDetector, crops: list[Image]
) -> None:
    for crop, estimate in zip(crops, ages.estimate(crops), strict=True):
        expected = forward(crop)
        assert list(estimate.brackets) == list(BRACKET_NAMES)
        assert list(estimate.brackets.values()) == pytest.approx(expected.tolist(), abs=1e-4)


def test_together_they_get_what_each_gets_alone(
    ages: LeviHassnerAgeDetector, crops: list[Image]
) -> None:
    together = ages.estimate(crops)
    for crop, estimate in zip(crops, together, strict=True):
        [alone] = ages.estimate([crop])
        np.testing.assert_allclose(alone.probabilities, estimate.probabilities, atol=1e-5)
    # Different crops are told apart, so that a mixed-up order would be seen.
    assert len({round(estimate.years, 2) for estimate in together}) == len(crops)


def test_nobody_gets_no_age(ages: LeviHassnerAgeDetector) -> None:
    assert ages.estimate([]) == []


def test_the_crop_is_the_box_as_opencvs_blob_has_it(ages: LeviHassnerAgeDetector) -> None:
    image = np.random.default_rng(2).integers(0, 256, (90, 120, 3), dtype=np.uint8)
    before = image.copy()
    crop = ages.crop(image, Face(Box(10, 20, 75, 88), 0.9))
    blob = cv2.dnn.blobFromImage(image[20:88, 10:75], 1.0, (227, 227), MEAN.tolist(), swapRB=False)
    np.testing.assert_allclose(crop - MEAN, blob[0].transpose(1, 2, 0))
    np.testing.assert_array_equal(image, before)


@pytest.mark.parametrize("quarter_turns", range(4))
def test_a_lying_face_is_turned_upright(ages: LeviHassnerAgeDetector, quarter_turns: int) -> None:
    upright = np.random.default_rng(3).integers(0, 256, (60, 40, 3), dtype=np.uint8)
    lying = np.ascontiguousarray(np.rot90(upright, -quarter_turns))
    height, width = lying.shape[:2]
    crop = ages.crop(lying, Face(Box(0, 0, width, height), 0.9, quarter_turns))
    np.testing.assert_array_equal(crop, ages.crop(upright, Face(Box(0, 0, 40, 60), 0.9)))


@pytest.mark.parametrize("box", [Box(0, 0, 1, 1), Box(99, 3, 100, 50), Box(0, 0, 100, 50)])
def test_any_box_becomes_a_crop(ages: LeviHassnerAgeDetector, box: Box) -> None:
    crop = ages.crop(np.full((50, 100, 3), 7, np.uint8), Face(box, None))
    assert crop.shape == (227, 227, 3)
    assert crop.dtype == np.uint8
    assert (crop == 7).all()


def test_only_a_colour_picture_is_cropped(ages: LeviHassnerAgeDetector) -> None:
    with pytest.raises(ValueError, match="expected a picture of shape"):
        ages.crop(np.zeros((9, 9), np.uint8), Face(Box(0, 0, 9, 9), None))


def test_it_says_which_file_answers(
    ages: LeviHassnerAgeDetector, age_net_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert (ages.model.name, ages.model.file) == ("levi-hassner", "age_net.caffemodel")
    assert len(ages.model.sha256 or "") == 64
    LeviHassnerAgeDetector(age_net_folder)
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_a_missing_file_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="python -m age_detector fetch levi-hassner"):
        LeviHassnerAgeDetector(tmp_path)


@pytest.mark.parametrize("spoil", ["a bias is no number", "a layer is missing"])
def test_weights_of_something_else_are_refused_at_once(spoil: str, scratch: Path) -> None:
    content = age_net()
    if spoil == "a bias is no number":
        # The last value of the file is a bias of fc8.
        content = content[:-4] + np.array([np.nan], "<f4").tobytes()
    else:
        content = content.replace(b"fc7", b"fcX")
    (scratch / WEIGHTS.file).write_bytes(content)
    # Where the network is converted, the layer that finds no weights is named.
    refusal = r"does not hold the weights .* fetch levi-hassner$|layer fc7 .* weights, not 0"
    with pytest.raises(ModelDamaged, match=refusal):
        LeviHassnerAgeDetector(scratch)


def forward(crop: Image) -> FloatArray:
    """The network in plain numpy, after the table and the papers that define its layers."""
    layers = weights()
    maps = (crop - MEAN).transpose(2, 0, 1)
    maps = normalise(pool(rectify(convolve(maps, *layers["conv1"], stride=4, padding=0))))
    maps = normalise(pool(rectify(convolve(maps, *layers["conv2"], stride=1, padding=2))))
    maps = pool(rectify(convolve(maps, *layers["conv3"], stride=1, padding=1)))
    values = maps.reshape(-1)
    for name in ("fc6", "fc7", "fc8"):
        kernel, bias = layers[name]
        values = kernel.reshape(len(bias), -1) @ values + bias
        values = values if name == "fc8" else rectify(values)
    powers: FloatArray = np.exp(values - values.max())
    return np.asarray(powers / powers.sum(), np.float32)


def convolve(
    maps: FloatArray, kernel: FloatArray, bias: FloatArray, *, stride: int, padding: int
) -> FloatArray:
    padded = np.pad(maps, ((0, 0), (padding, padding), (padding, padding)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, kernel.shape[2:], axis=(1, 2))
    sums = np.tensordot(kernel, windows[:, ::stride, ::stride], axes=((1, 2, 3), (0, 3, 4)))
    return np.asarray(sums + bias[:, None, None], np.float32)


def rectify(values: FloatArray) -> FloatArray:
    return np.maximum(values, np.float32(0))


def pool(maps: FloatArray) -> FloatArray:
    """The largest of each 3x3, every 2; a last, incomplete window counts."""
    padded = np.pad(maps, ((0, 0), (0, 1), (0, 1)), constant_values=-np.inf)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))
    return np.asarray(windows[:, ::2, ::2].max(axis=(3, 4)), np.float32)


def normalise(maps: FloatArray) -> FloatArray:
    """Local response normalisation over five neighbouring channels (Krizhevsky 2012)."""
    squares = np.pad(maps**2, ((2, 2), (0, 0), (0, 0)))
    neighbours = np.lib.stride_tricks.sliding_window_view(squares, 5, axis=0).sum(axis=-1)
    return np.asarray(maps / (1 + 0.0001 / 5 * neighbours) ** 0.75, np.float32)
