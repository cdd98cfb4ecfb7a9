"""How well a network does on FairFace's validation faces while it is trained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from age_pipeline.data import AgeEstimate
from benchmarks.age_labels import FAIRFACE_GROUPS
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


@torch.no_grad()
def agreement(network: CompactAgeNetwork, faces: Sequence[LabelledFace], side: int) -> Agreement:
    """Ask `network` about `faces`, cropped to `side` pixels."""
    device = next(network.parameters()).device
    network.eval()
    answers = torch.cat(
        [both_ways(network, batch.to(device)).cpu() for batch in plain_batches(faces, side)]
    )
    spans = list(FAIRFACE_GROUPS.values())
    starts = np.array([first for first, _ in spans])
    truths = np.searchsorted(starts, [face.first for face in faces], side="right") - 1
    groups = np.stack([answers[:, a : b + 1].sum(1).numpy() for a, b in spans], axis=1)
    years = [AgeEstimate(row).years for row in answers.double().numpy()]
    apart = np.abs(np.searchsorted(starts, years, side="right") - 1 - truths)
    own = groups[np.arange(len(truths)), truths]
    return Agreement(
        nll=float(-np.log(np.maximum(own, 1e-9)).mean()),
        exact=float(np.mean(apart == 0)),
        near=float(np.mean(apart <= 1)),
    )
