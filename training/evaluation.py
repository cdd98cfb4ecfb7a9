"""How well a network does on FairFace's validation faces while it is trained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from age_pipeline.data import AgeEstimate
from benchmarks.age_groups import FAIRFACE
from training.faces import LabelledFace, plain_batches
from training.network import CompactAgeNetwork, both_ways


@dataclass(frozen=True, slots=True)
class Agreement:
    """With the labelled groups of faces that were found.

    Attributes:
        nll: Mean negative logarithm of the labelled group's probability.
        exact: How often the group that `years` falls in is the labelled one.
        near: How often it is that or a neighbour.
    """

    nll: float
    exact: float
    near: float

    def __str__(self) -> str:
        return f"NLL {self.nll:.4f}, exact {self.exact:.1%}, within one group {self.near:.1%}"


def negative_log_likelihood(answers: torch.Tensor, faces: Sequence[LabelledFace]) -> float:
    """Mean of -log P(labelled group); a year's label counts as FairFace's group that it lies in.

    Args:
        answers: Probabilities, shape (faces, 101).
        faces: What they are of.
    """
    groups = FAIRFACE.probabilities(answers.double().numpy())
    own = groups[np.arange(len(faces)), FAIRFACE.of_year[[face.first for face in faces]]]
    return float(-np.log(np.maximum(own, 1e-9)).mean())


@torch.no_grad()
def agreement(network: CompactAgeNetwork, faces: Sequence[LabelledFace], side: int) -> Agreement:
    """Ask `network` about `faces`, cropped to `side` pixels."""
    device = next(network.parameters()).device
    network.eval()
    answers = torch.cat(
        [both_ways(network, batch.to(device)).cpu() for batch in plain_batches(faces, side)]
    )
    truths = FAIRFACE.of_year[[face.first for face in faces]]
    years = [AgeEstimate(row).years for row in answers.double().numpy()]
    apart = np.abs(FAIRFACE.of_years(np.array(years)) - truths)
    return Agreement(
        nll=negative_log_likelihood(answers, faces),
        exact=float(np.mean(apart == 0)),
        near=float(np.mean(apart <= 1)),
    )
