"""What training asks of the network for each face, and how far an answer is from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from age_pipeline.data import OLDEST
from benchmarks.age_labels import FAIRFACE_GROUPS
from training.faces import LabelledFace

CURVATURE = 0.01
"""Weight of the penalty on kinks between knots: it decides only what group labels leave open."""

YEAR_DOUBT, YEAR_DOUBT_BY_AGE = 1.0, 0.03
"""A label of one year stands for a Gaussian around it, whose standard deviation in years is the
first of these plus the second times the age: nobody sees a year's difference in old age."""


@dataclass(frozen=True, slots=True)
class Targets:
    """For every training face, in their order.

    Attributes:
        allowed: The years that the label allows, bool, shape (faces, 101).
        years: For labels of one year the probability of each, else zeros, shape (faces, 101).
        weights: How much the face counts, about 1 on average, shape (faces,).
        soft: What teachers say, probabilities of shape (faces, 101), zeros where they say nothing;
            None without teachers.
        softness: How much of the loss follows the teachers where they say something, 0 to 1.
    """

    allowed: torch.Tensor
    years: torch.Tensor
    weights: torch.Tensor
    soft: torch.Tensor | None = None
    softness: float = 0.0

    @classmethod
    def of(cls, faces: Sequence[LabelledFace], rare_power: float) -> Targets:
        """Targets from labels; a face counts as its group's frequency to the power `rare_power`."""
        first = torch.tensor([face.first for face in faces])[:, None]
        last = torch.tensor([face.last for face in faces])[:, None]
        each = torch.arange(OLDEST + 1)
        doubt = YEAR_DOUBT + YEAR_DOUBT_BY_AGE * first
        gaussian = torch.exp(-0.5 * ((each - first) / doubt).square())
        gaussian = gaussian / gaussian.sum(1, keepdim=True)
        starts = torch.tensor([start for start, _ in FAIRFACE_GROUPS.values()])
        groups = torch.searchsorted(starts, first.flatten(), right=True) - 1
        frequency = torch.bincount(groups, minlength=len(starts)) / len(faces)
        weights = frequency.pow(rare_power)[groups]
        return cls(
            allowed=(each >= first) & (each <= last),
            years=torch.where(first == last, gaussian, 0.0),
            weights=weights / weights.mean(),
        )

    def loss(
        self, chosen: torch.Tensor, log_years: torch.Tensor, knots: torch.Tensor
    ) -> torch.Tensor:
        """How far answers are from the targets, a scalar.

        Args:
            chosen: The faces' numbers, shape (batch,).
            log_years: Log-probabilities, shape (batch, 101).
            knots: The logits they were read from, shape (batch, knots).
        """
        device = log_years.device
        allowed, years = self.allowed[chosen].to(device), self.years[chosen].to(device)
        weights = self.weights[chosen].to(device)
        # A group label is a censored year: its probability is the sum over its years.
        of_group = -log_years.masked_fill(~allowed, -torch.inf).logsumexp(1)
        of_year = (torch.xlogy(years, years) - years * log_years).sum(1)
        losses = torch.where(years.any(1), of_year, of_group)
        if self.soft is not None:
            soft = self.soft[chosen].to(device)
            followed = -(soft * log_years).sum(1)
            softness = self.softness * soft.any(1)
            losses = (1 - softness) * losses + softness * followed
        kinks = (knots[:, 2:] - 2 * knots[:, 1:-1] + knots[:, :-2]).square().mean()
        return (weights * losses).mean() + CURVATURE * kinks
