"""Muon: every direction of a convolution's weights moves as far as every other, in each step.

A gradient of many weights points mostly along a few directions; the others, which rare faces need,
hardly move. Muon (Jordan and others 2024, "Muon: an optimizer for hidden layers in neural
networks") replaces the gradient's singular values by ones, roughly, with a few steps of Newton and
Schulz.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch

NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
"""Coefficients of the polynomial that pulls singular values towards 1, from the authors."""

ITERATIONS = 5


class Muon(torch.optim.Optimizer):
    """For convolutions that a batch normalisation follows: there the weights' length says nothing.

    It is held at the square root of the outputs, so that the rate says by which part the weights
    turn in one step.

    Args:
        weights: Of shape (outputs, inputs, height, width).
        rate: Of learning.
        momentum: How much of the averaged gradient one step keeps.
    """

    def __init__(self, weights: Iterable[torch.Tensor], rate: float, momentum: float = 0.9) -> None:
        super().__init__(weights, {"lr": rate, "kept": momentum})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Move all weights against their gradients."""
        assert closure is None
        for group in self.param_groups:
            for weight in group["params"]:
                state = self.state[weight]
                if not state:
                    state["average"] = torch.zeros_like(weight)
                state["average"].lerp_(weight.grad, 1 - group["kept"])
                ahead = weight.grad.lerp(state["average"], group["kept"])
                move = evened(ahead.reshape(len(ahead), -1)).reshape(weight.shape)
                weight.mul_(len(weight) ** 0.5 / weight.norm())
                weight.sub_(move, alpha=group["lr"])


def evened(matrix: torch.Tensor) -> torch.Tensor:
    """The matrix with singular values of about 1 (0.7 to 1.2) in the place of its own."""
    linear, cubic, quintic = NEWTON_SCHULZ
    is_tall = matrix.shape[0] > matrix.shape[1]
    x = matrix.T if is_tall else matrix
    x = x / (x.norm() + 1e-9)
    for _ in range(ITERATIONS):
        squares = x @ x.T
        x = linear * x + (cubic * squares + quintic * squares @ squares) @ x
    return x.T if is_tall else x
