"""The compact age network: a plain 3x3 ResNet that gives one probability per year of age."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from age_pipeline.data import OLDEST

KNOT_DISTANCE = 4
"""Years between two outputs of the last layer; the years between them are interpolated. Group
labels say nothing about single years, so the network must not be free to prefer one in a group."""

PIXEL_MEAN = 127.5
PIXEL_SCALE = 64.0
"""Pixels (0 to 255) become (pixel - mean) / scale, inside the network."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The size of a network.

    Attributes:
        side: Of the square crop that it is made for, in pixels. Training may show smaller ones.
        stem: Channels of the first convolution, which halves the picture.
        blocks: Channels and stride of each residual block.
    """

    side: int
    stem: int
    blocks: tuple[tuple[int, int], ...]


SHAPES = {
    "64": Shape(64, 24, ((24, 1), (48, 2), (96, 2), (192, 2))),
    "80": Shape(80, 16, ((32, 2), (64, 2), (128, 2), (192, 2))),
    "80-deep": Shape(80, 16, ((32, 2), (64, 2), (128, 2), (128, 1), (192, 2))),
    "96": Shape(96, 16, ((32, 2), (64, 2), (128, 2), (192, 2))),
}
"""By the side of the crop. Halving the picture at once pays for more pixels and more channels."""


class Block(nn.Module):
    """Two 3x3 convolutions around a shortcut."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(outputs)
        self.shortcut: nn.Module | None = None
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
            )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = torch.relu(self.norm1(self.conv1(x)))
        y = self.norm2(self.conv2(y))
        return torch.relu(y + (x if self.shortcut is None else self.shortcut(x)))


def year_interpolation() -> torch.Tensor:
    """Matrix of shape (101, knots) that interpolates the logit of every year between knots."""
    years = torch.arange(OLDEST + 1, dtype=torch.float32)
    knots = torch.arange(0, OLDEST + KNOT_DISTANCE, KNOT_DISTANCE, dtype=torch.float32)
    return (1 - (years[:, None] - knots[None]).abs() / KNOT_DISTANCE).clamp(min=0)


class CompactAgeNetwork(nn.Module):
    """From pixels to the logarithm of a probability for each year of age.

    Args:
        shape: How large it is.
        prior: What is believed before a face is seen: a probability per year, shape (101,).
    """

    def __init__(self, shape: Shape, prior: torch.Tensor) -> None:
        super().__init__()
        self.shape = shape
        self.stem = nn.Conv2d(3, shape.stem, 3, 2, 1, bias=False)
        self.stem_norm = nn.BatchNorm2d(shape.stem)
        outputs = [channels for channels, _ in shape.blocks]
        self.blocks = nn.ModuleList(
            Block(inputs, channels, stride)
            for inputs, (channels, stride) in zip(
                (shape.stem, *outputs[:-1]), shape.blocks, strict=True
            )
        )
        self.dropout = nn.Dropout(0.2)
        self.register_buffer("interpolation", year_interpolation())
        self.register_buffer("log_prior", prior.log())
        self.head = nn.Linear(outputs[-1], self.interpolation.shape[1])

    def features(self, pixels: torch.Tensor) -> torch.Tensor:
        """What the last layer reads, shape (faces, channels); `pixels` as in `forward`."""
        x = (pixels - PIXEL_MEAN) / PIXEL_SCALE
        x = torch.relu(self.stem_norm(self.stem(x)))
        for block in self.blocks:
            x = block(x)
        return x.mean((2, 3))

    def years(self, features: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The rest of `forward`."""
        knots = self.head(self.dropout(features)).float()
        logits = knots @ self.interpolation.T + self.log_prior
        return logits.log_softmax(1), knots

    def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Estimate ages.

        Args:
            pixels: float32, shape (faces, 3, side, side), blue-green-red, 0 to 255.

        Returns:
            Log-probabilities of shape (faces, 101), and the knots' logits they were read from.
        """
        return self.years(self.features(pixels))


@torch.no_grad()
def both_ways(network: CompactAgeNetwork, pixels: torch.Tensor) -> torch.Tensor:
    """Probabilities of shape (faces, 101): of the faces as they are and mirrored, averaged."""
    return (network(pixels)[0].exp() + network(pixels.flip(3))[0].exp()) / 2
