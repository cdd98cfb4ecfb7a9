"""From a single shot detector's raw outputs to boxes, with numbers that can be followed by hand."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from math import exp, sqrt
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from caffe_cases import layer
from caffe_networks import prototxt
from hypothesis import given
from hypothesis import strategies as st

from age_pipeline.caffe_description import read_description
from face_detector.ssd_boxes import SsdBoxes

FloatArray = npt.NDArray[np.float32]

ROOT = Path(__file__).parent.parent

ASKS = (
    "detection_output_param { num_classes: 2 share_location: true background_label_id: 0"
    " nms_param { nms_threshold: 0.45 top_k: 50 } code_type: CENTER_SIZE keep_top_k: 20"
    " confidence_threshold: 0.01 }"
)
PRIORS = (
    "min_size: 10 max_size: 40 aspect_ratio: 4 flip: true clip: false"
    " variance: 0.1 variance: 0.1 variance: 0.2 variance: 0.2 step: 20 offset: 0.5"
)


def described(
    asks: str = ASKS, priors: Sequence[str] = (PRIORS,), last: str = "DetectionOutput"
) -> SsdBoxes:
    """A network that reads a picture of 100x60 pixels, in cells of 20 pixels."""
    layers = layer("Pooling", "pooling_param { kernel_size: 20 stride: 20 }", top="map")
    for place, says in enumerate(priors):
        layers += layer("PriorBox", f"prior_box_param {{ {says} }}", "map data", f"p{place}")
    tops = " ".join(f"p{place}" for place in range(len(priors)))
    layers += layer("Concat", "concat_param { axis: 2 }", tops, "priors")
    layers += layer("Flatten", "", "map", "offsets") + layer("Softmax", "", "map", "scores")
    layers += layer(last, asks, "offsets scores priors", "boxes")
    return SsdBoxes.asked_for_by(read_description(prototxt((1, 3, 60, 100), layers)))


def spread(size: int) -> SsdBoxes:
    """Prior boxes of a tenth of the picture's sides, ever a thirtieth further right and down."""
    middles = np.arange(size, dtype=np.float32) / 30
    priors = np.stack([middles, middles, *[np.full(size, 0.1, np.float32)] * 2], axis=1)
    return replace(described(), priors=priors, variances=np.full_like(priors, 0.5))


def scored(*faces: float) -> FloatArray:
    """Scores of the background and of a face for each prior box."""
    return np.array([[1 - face, face] for face in faces], np.float32).reshape(-1)


class TestPriors:
    def test_each_cell_has_them_around_its_middle(self) -> None:
        boxes = described()
        # Three rows of five cells, of four shapes each; the lower right cell is the last.
        assert boxes.priors.shape == boxes.variances.shape == (3 * 5 * 4, 4)
        middles, sides = (half * (100, 60) for half in np.split(boxes.priors, 2, axis=1))
        cells = [[10 + 20 * column, 10 + 20 * row] for row in range(3) for column in range(5)]
        np.testing.assert_allclose(middles, np.repeat(cells, 4, axis=0), rtol=1e-6)
        np.testing.assert_allclose(sides, [[10, 10], [20, 20], [20, 5], [5, 20]] * 15, rtol=1e-6)
        np.testing.assert_allclose(boxes.variances, [[0.1, 0.1, 0.2, 0.2]] * 60)

    def test_what_is_not_said_is_the_default(self) -> None:
        boxes = described(priors=["min_size: 10 aspect_ratio: 4 flip: false"])
        np.testing.assert_allclose(boxes.priors[:, 2:] * (100, 60), [[10, 10], [20, 5]] * 15)
        # The step is the picture's side over that of the map.
        np.testing.assert_allclose(boxes.priors[-1, :2] * (100, 60), [90, 50], rtol=1e-6)
        np.testing.assert_allclose(boxes.variances, np.full((30, 4), 0.1))

    def test_a_step_may_be_another_than_that_of_the_map(self) -> None:
        boxes = described(priors=[PRIORS.replace("step: 20 offset: 0.5", "step: 12 offset: 0.25")])
        first, last = boxes.priors[0, :2] * (100, 60), boxes.priors[-1, :2] * (100, 60)
        np.testing.assert_allclose(first, [3, 3], rtol=1e-6)
        np.testing.assert_allclose(last, [3 + 4 * 12, 3 + 2 * 12], rtol=1e-6)

    def test_several_sizes_and_maps_follow_each_other(self) -> None:
        boxes = described(priors=["min_size: 8 min_size: 18 max_size: 32 max_size: 72", PRIORS])
        sides = boxes.priors[:4, 2:] * (100, 60)
        np.testing.assert_allclose(sides[:, 0], [8, 16, 18, 36], rtol=1e-6)
        np.testing.assert_allclose(boxes.priors[60:], described().priors)

    def test_those_of_the_ssd_are_the_papers(self) -> None:
        text = (ROOT / "face_detector" / "deploy.prototxt").read_text()
        boxes = SsdBoxes.asked_for_by(read_description(text))
        assert boxes.outputs == ("mbox_loc", "mbox_conf_flatten")
        assert boxes.priors.shape == (8732, 4)
        assert (boxes.face, boxes.looked_at, boxes.kept) == (1, 400, 200)
        assert (boxes.min_score, boxes.max_overlap) == (0.01, 0.45)
        # The last map is one cell, whose boxes have sides of 264 pixels and more of 300.
        sides = [264, sqrt(264 * 315), 264 * sqrt(2), 264 / sqrt(2)]
        np.testing.assert_allclose(boxes.priors[-4:, 2] * 300, sides, rtol=1e-6)
        np.testing.assert_allclose(boxes.priors[-4:, :2], 0.5)


class TestBoxes:
    def test_offsets_move_and_stretch_a_prior(self) -> None:
        boxes = replace(spread(2), variances=np.full((2, 4), 0.2, np.float32))
        offsets = np.array([1, -2, 3, 0, 0, 0, 0, 0], np.float32)
        [(score, *edges)] = boxes.read(offsets, scored(0.75, 0.005)).tolist()
        assert score == 0.75
        x, y, width = 0.2 * 0.1, -0.4 * 0.1, 0.1 * exp(0.6)
        expected = [x - width / 2, y - 0.05, x + width / 2, y + 0.05]
        assert edges == pytest.approx(expected, abs=1e-6)

    def test_the_most_certain_come_first_and_equal_ones_as_they_are(self) -> None:
        boxes = replace(spread(30), max_overlap=1.0)
        scores = [0.2, 0.9, 0.4, 0.9, 0.005, 0.4]
        found = boxes.read(np.zeros(30 * 4, np.float32), scored(*scores, *[0] * 24))
        assert found.shape == (5, 5)
        assert found[:, 0].tolist() == pytest.approx([0.9, 0.9, 0.4, 0.4, 0.2])
        places = np.round((found[:, 1] + 0.05) * 30).astype(int)
        assert places.tolist() == [1, 3, 2, 5, 0]

    def test_of_many_equal_ones_the_first_is_the_first(self) -> None:
        boxes = replace(spread(30), max_overlap=1.0, kept=30)
        found = boxes.read(np.zeros(30 * 4, np.float32), scored(*[0.5, 0.6] * 15))
        places = np.round((found[:, 1] + 0.05) * 30).astype(int)
        assert places.tolist() == [*range(1, 30, 2), *range(0, 30, 2)]

    def test_of_two_that_overlap_too_much_the_less_certain_goes(self) -> None:
        # Neighbours share (2/3)² of a box: 4/14 of both together; those beyond, 1/17.
        zeros = np.zeros(3 * 4, np.float32)
        scores = scored(0.5, 0.9, 0.7)
        for overlap, left in ((0.3, [0.9, 0.7, 0.5]), (0.28, [0.9]), (0.05, [0.9])):
            found = replace(spread(3), max_overlap=overlap).read(zeros, scores)
            assert found[:, 0].tolist() == pytest.approx(left)
        # The middle one is gone before it can push out a neighbour.
        scores = scored(0.9, 0.7, 0.5)
        found = replace(spread(3), max_overlap=0.28).read(zeros, scores)
        assert found[:, 0].tolist() == pytest.approx([0.9, 0.5])

    def test_only_so_many_are_looked_at_and_kept(self) -> None:
        zeros, scores = np.zeros(9 * 4, np.float32), scored(*np.linspace(0.9, 0.1, 9))
        boxes = replace(spread(9), max_overlap=0.28)
        assert len(boxes.read(zeros, scores)) == 5
        assert len(replace(boxes, looked_at=3).read(zeros, scores)) == 2
        assert len(replace(boxes, kept=2).read(zeros, scores)) == 2
        assert len(replace(boxes, min_score=0.85).read(zeros, scores)) == 1

    def test_nothing_certain_is_no_box(self) -> None:
        found = spread(9).read(np.zeros(36, np.float32), scored(*[0.01] * 9))
        assert found.shape == (0, 5)

    def test_the_other_class_may_be_the_background(self) -> None:
        boxes = described(ASKS.replace("background_label_id: 0", "background_label_id: 1"))
        scores = scored(*[0.99] * 60)
        scores[:2] = 0.7, 0.3
        [(score, *_)] = replace(boxes, min_score=0.5).read(np.zeros(240, np.float32), scores)
        assert score == pytest.approx(0.7)

    @given(st.integers(0, 2**32 - 1), st.sampled_from([0.02, 0.3, 0.5, 0.9, 1]))
    def test_asking_for_less_leaves_out_and_changes_nothing(self, seed: int, least: float) -> None:
        random = np.random.default_rng(seed)
        offsets = random.standard_normal(60 * 4, dtype=np.float32)
        scores = scored(*random.random(60))
        everything = described().read(offsets, scores)
        found = described().read(offsets, scores, least)
        np.testing.assert_array_equal(found, everything[everything[:, 0] >= least])

    def test_offsets_that_no_number_holds_are_no_error(self) -> None:
        offsets = np.array([0, 0, 1e30, 0, np.nan, 0, 0, 0, np.inf, 0, 0, 0], np.float32)
        found = spread(3).read(offsets, scored(0.9, 0.8, 0.7))
        assert found[:, 0].tolist() == pytest.approx([0.9, 0.8, 0.7])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("background_label_id: 0", "background_label_id: -1"),
        ("top_k: 50", "top_k: -1"),
        ("keep_top_k: 20", "keep_top_k: -1"),
        ("num_classes: 2", "num_classes: 21"),
        ("code_type: CENTER_SIZE", "code_type: CORNER"),
        ("code_type: CENTER_SIZE", ""),
        ("share_location: true", "share_location: false"),
        ("keep_top_k", "variance_encoded_in_target: true keep_top_k"),
        ("top_k: 50", "top_k: 50 eta: 0.9"),
    ],
)
def test_what_is_not_supported_is_refused_by_name(old: str, new: str) -> None:
    asks = re.sub(old, new, ASKS, count=1)
    assert asks != ASKS
    with pytest.raises(ValueError, match=r"layer boxes \(DetectionOutput\): not a detector"):
        described(asks)


def test_so_are_networks_that_end_otherwise() -> None:
    with pytest.raises(ValueError, match=r"layer boxes \(Concat\): not a detector"):
        described("", last="Concat")
    with pytest.raises(ValueError, match=r"layer p0 \(PriorBox\): such prior boxes"):
        described(priors=[PRIORS.replace("clip: false", "clip: true")])


@pytest.mark.parametrize(
    ("said", "others"), [("1", []), ("4 1 0.25", [4, 0.25]), ("2 2", [2, 0.5])]
)
def test_each_ratio_counts_once(said: str, others: list[float]) -> None:
    ratios = " ".join(f"aspect_ratio: {each}" for each in said.split())
    sizes = described(priors=[f"min_size: 10 {ratios}"]).priors[: len(others) + 1, 2:]
    expected = [(10 * sqrt(each) / 100, 10 / sqrt(each) / 60) for each in (1, *others)]
    np.testing.assert_allclose(sizes, expected, rtol=1e-6)
    assert len(described(priors=[f"min_size: 10 {ratios}"]).priors) == 15 * (len(others) + 1)
