"""From the raw outputs of a single shot detector to boxes, as its description asks.

Liu et al., "SSD: Single Shot MultiBox Detector", ECCV 2016. Every cell of every map that faces are
read from has prior boxes of several sizes and shapes; for each the network gives two scores and
four offsets from the prior box to the face.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import sqrt

import numpy as np
import numpy.typing as npt

from age_pipeline.caffe_description import Description, Layer, Message, Shape
from age_pipeline.caffe_shapes import shapes_in

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class SsdBoxes:
    """Makes boxes of what the network gives.

    Attributes:
        outputs: Names of the network's outputs that are read: the offsets and the scores.
        priors: float32, shape (priors, 4): x and y of the middle, width and height of each prior
            box, as parts of the picture's.
        variances: float32, shape (priors, 4): what the offsets are multiplied by.
        face: Which of the two scores is that of a face, 0 or 1.
        min_score: Only what scores above is looked at.
        looked_at: How many boxes of those at most, the best first.
        max_overlap: Intersection over union above which the less certain of two boxes goes.
        kept: How many boxes stay at most.
    """

    outputs: tuple[str, str]
    priors: FloatArray
    variances: FloatArray
    face: int
    min_score: float
    looked_at: int
    max_overlap: float
    kept: int

    @classmethod
    def asked_for_by(cls, description: Description) -> SsdBoxes:
        """Boxes as the last layer of a network, a DetectionOutput, asks for them.

        Raises:
            ValueError: It asks for what is not supported.
        """
        last = description.layers[-1]
        says, suppression = last.parameters, last.parameters.message("nms_param")
        is_supported = (
            last.kind == "detectionoutput"
            and len(last.bottoms) == 3
            and says.integer("num_classes", 0) == 2
            and says.text("code_type", "CORNER") == "CENTER_SIZE"
            and says.flag("share_location", True)
            and not says.flag("variance_encoded_in_target", False)
            and not suppression.fields.keys() - {"nms_threshold", "top_k"}
            and says.integer("background_label_id", 0) in (0, 1)
            # -1 stands for all.
            and min(suppression.integer("top_k", 400), says.integer("keep_top_k", 200)) > 0
        )
        if not is_supported:
            raise last.problem("not a detector of one class whose boxes can be made here")
        offsets, scores, priors = last.bottoms
        layers = {top: layer for layer in description.layers for top in layer.tops}
        sources = [layers[bottom] for bottom in layers[priors].bottoms]
        shapes = shapes_in(description.up_to([source.bottoms[0] for source in sources]))
        made = [_priors(each, shapes[each.bottoms[0]], description.shape) for each in sources]
        return cls(
            (offsets, scores),
            np.concatenate([own for own, _ in made]),
            np.concatenate([variances for _, variances in made]),
            face=1 - says.integer("background_label_id", 0),
            min_score=says.number("confidence_threshold", 0),
            looked_at=suppression.integer("top_k", 400),
            max_overlap=suppression.number("nms_threshold", 0.3),
            kept=says.integer("keep_top_k", 200),
        )

    def read(
        self, offsets: FloatArray, scores: FloatArray, min_confidence: float = 0
    ) -> FloatArray:
        """The boxes in one picture, most certain first.

        Args:
            offsets: As the network gives them, four for each prior box.
            scores: Likewise two, each 0 to 1.
            min_confidence: Boxes that score less are left out. That costs the others nothing: a
                box goes only for a better one.

        Returns:
            float32, shape (boxes, 5): the score, then left, top, right and bottom as parts of the
            picture, which may lie outside of it.
        """
        faces = scores.reshape(-1, 2)[:, self.face]
        [places] = np.nonzero((faces > self.min_score) & (faces >= np.float64(min_confidence)))
        # As stable as in Caffe: of equal ones the first counts.
        places = places[np.argsort(-faces[places], kind="stable")][: self.looked_at]
        boxes = self._decoded(offsets.reshape(-1, 4)[places], places)
        best = _apart(boxes, self.max_overlap)[: self.kept]
        return np.column_stack([faces[places][best], boxes[best]])

    def _decoded(self, offsets: FloatArray, places: npt.NDArray[np.intp]) -> FloatArray:
        """Left, top, right and bottom of the boxes of some priors."""
        middle, size = self.priors[places, :2], self.priors[places, 2:]
        moved = offsets * self.variances[places]
        # Weights of something else may ask for a box that no number can hold.
        with np.errstate(over="ignore", invalid="ignore"):
            middle = middle + moved[:, :2] * size
            half = np.exp(moved[:, 2:]) * size / 2
            return np.concatenate([middle - half, middle + half], axis=1)


def _apart(boxes: FloatArray, max_overlap: float) -> npt.NDArray[np.intp]:
    """Which boxes stay, when of two that overlap too much the latter goes."""
    left, top, right, bottom = boxes.T
    with np.errstate(over="ignore", invalid="ignore"):
        width = np.minimum.outer(right, right) - np.maximum.outer(left, left)
        height = np.minimum.outer(bottom, bottom) - np.maximum.outer(top, top)
        both = np.maximum(width, 0) * np.maximum(height, 0)
        area = (right - left) * (bottom - top)
        is_too_much = both > max_overlap * (np.add.outer(area, area) - both)
    stays = np.ones(len(boxes), np.bool_)
    for place in range(len(boxes)):
        if stays[place]:
            stays[place + 1 :] &= ~is_too_much[place, place + 1 :]
    return np.flatnonzero(stays)


def _priors(layer: Layer, cells: Shape, pictures: Shape) -> tuple[FloatArray, FloatArray]:
    """The prior boxes of a PriorBox layer, and the variances of each.

    Args:
        layer: The layer.
        cells: Shape of the map whose every cell gets the same boxes around its middle.
        pictures: Shape of the network's input.
    """
    says = layer.parameters
    if layer.kind != "priorbox" or says.flag("clip", False):
        raise layer.problem("such prior boxes are not supported")
    (height, width), (rows, columns) = pictures[2:], cells[2:]
    step = says.number("step", 0)
    y, x = np.mgrid[:rows, :columns] + says.number("offset", 0.5)
    sides = np.array(list(_sides(says))) / (width, height)
    priors = np.empty((rows, columns, len(sides), 4), np.float32)
    priors[..., 0] = (x * (step or width / columns) / width)[..., None]
    priors[..., 1] = (y * (step or height / rows) / height)[..., None]
    priors[..., 2:] = sides
    flat = priors.reshape(-1, 4)
    variance = np.array(says.numbers("variance") or [0.1], np.float32)
    return flat, np.broadcast_to(variance, flat.shape)


def _sides(says: Message) -> Iterator[tuple[float, float]]:
    """Width and height in pixels of each prior box around one middle."""
    largest = says.numbers("max_size")
    ratios = [1.0]
    for ratio in says.numbers("aspect_ratio"):
        for each in (ratio, 1 / ratio) if says.flag("flip", True) else (ratio,):
            # As in Caffe, each counts once.
            if min(abs(each - other) for other in ratios) > 1e-6:
                ratios.append(each)
    for place, smallest in enumerate(says.numbers("min_size")):
        yield smallest, smallest
        if place < len(largest):
            between = sqrt(smallest * largest[place])
            yield between, between
        for ratio in ratios[1:]:
            yield smallest * sqrt(ratio), smallest / sqrt(ratio)
