"""What else is labelled of FairFace's faces, asked beside the age while the network is trained.

Age shows differently in women and men and around the world, and these labels are less noisy than
the ages: a network that must tell them as well learns sooner what a face is. The layers that tell
them are dropped afterwards; no file of the program holds them.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional

from training.faces import LabelledFace
from training.network import CompactAgeNetwork

TRAITS = ("gender", "race")
"""Columns of FairFace's labels."""

WEIGHT = 0.4
"""How much each trait's loss counts beside the age's."""

UNKNOWN = -1


class WithTraits(nn.Module):
    """A network with one more layer for each trait.

    Args:
        network: What is to be trained.
        faces: The training faces; those without a trait's label say nothing about it.
    """

    def __init__(self, network: CompactAgeNetwork, faces: Sequence[LabelledFace]) -> None:
        super().__init__()
        self.network = network
        # UTKFace has a sex and a race, of other values: only FairFace calls a column gender, so
        # only its faces have both traits.
        known = [face.traits if set(TRAITS) <= face.traits.keys() else {} for face in faces]
        values = {trait: sorted({traits[trait] for traits in known if traits}) for trait in TRAITS}
        self.heads = nn.ModuleDict(
            {trait: nn.Linear(network.head.in_features, len(own)) for trait, own in values.items()}
        )
        self.truths = {
            trait: torch.tensor(
                [own.index(traits[trait]) if traits else UNKNOWN for traits in known]
            )
            for trait, own in values.items()
        }

    def forward(
        self, pixels: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, dict[str, torch.Tensor]]:
        """As `CompactAgeNetwork.forward`, and the logits of each trait's values."""
        features = self.network.features(pixels)
        log_years, knots = self.network.years(features)
        return log_years, knots, {trait: head(features) for trait, head in self.heads.items()}

    def loss(self, chosen: torch.Tensor, told: dict[str, torch.Tensor]) -> torch.Tensor:
        """How far the told traits of the faces of these numbers are from their labels, a scalar."""
        losses = [
            functional.cross_entropy(
                logits.float(), self.truths[trait][chosen].to(logits.device), ignore_index=UNKNOWN
            )
            for trait, logits in told.items()
        ]
        return WEIGHT * torch.stack(losses).sum()
