"""Find the temperature that makes a network's probabilities as sure as they may be.

    python -m training.calibrate compact DATA/fairface-val.tar

Fitted on the first half of the archives' faces (`benchmarks.labelled_folders.half_of`), so that the
second half shows whether it holds: `python -m benchmarks.accuracy ARCHIVE --half second`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch

from benchmarks.age_labels import FAIRFACE_GROUPS
from benchmarks.labelled_folders import half_of
from training.data_sets import validation_pictures
from training.faces import LabelledFace, plain_batches, with_boxes
from training.find_faces import RUNS
from training.network import CompactAgeNetwork
from training.recipes import RECIPES
from training.soft_labels import load_network

CANDIDATES = np.arange(0.80, 1.80, 0.01)


@torch.no_grad()
def logits_of(network: CompactAgeNetwork, faces: list[LabelledFace]) -> torch.Tensor:
    """Log-probabilities as they are and mirrored, shape (2, faces, 101)."""
    views = [
        torch.stack([network(batch)[0], network(batch.flip(3))[0]])
        for batch in plain_batches(faces, network.shape.side)
    ]
    return torch.cat(views, dim=1)


def negative_log_likelihood(
    logits: torch.Tensor, faces: list[LabelledFace], temperature: float
) -> float:
    """Mean of -log P(labelled group); a year's label counts as the group that it lies in."""
    years = (logits / temperature).softmax(2).mean(0)
    total = 0.0
    for row, face in zip(years, faces, strict=True):
        first, last = next(
            span for span in FAIRFACE_GROUPS.values() if span[0] <= face.first <= span[1]
        )
        total -= float(row[first : last + 1].sum().clamp(min=1e-9).log())
    return total / len(faces)


def main() -> None:
    """Print the best temperature."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("recipe", choices=RECIPES)
    parser.add_argument("archives", nargs="+", type=Path, help="what the network may be fitted on")
    parser.add_argument("--runs", type=Path, default=RUNS, help="folder of boxes and checkpoint")
    options = parser.parse_args()
    network = load_network(options.runs / f"{options.recipe}.pt")
    faces = [
        face
        for archive in options.archives
        for face in with_boxes(validation_pictures(archive), options.runs / f"{archive.stem}.csv")
        if half_of(face.name) == "first"
    ]
    logits = logits_of(network, faces)
    likelihoods = [negative_log_likelihood(logits, faces, t) for t in CANDIDATES]
    best = int(np.argmin(likelihoods))
    print(f"{len(faces)} faces: temperature {CANDIDATES[best]:.2f}, NLL {likelihoods[best]:.4f}")


if __name__ == "__main__":
    main()
