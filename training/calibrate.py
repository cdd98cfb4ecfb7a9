"""Find the temperature that makes networks' averaged probabilities as sure as they may be.

    python -m training.calibrate compact-a compact-b --on DATA/fairface-val.tar

Fitted on the first half of the archives' faces (`benchmarks.labelled_folders.half_of`), so that the
second half shows whether it holds: `python -m benchmarks.accuracy ARCHIVE --half second`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch

from benchmarks.age_groups import FAIRFACE
from benchmarks.labelled_folders import half_of
from training.data_sets import validation_pictures
from training.faces import LabelledFace, plain_batches, with_boxes
from training.find_faces import RUNS
from training.network import averaged
from training.recipes import RECIPES
from training.soft_labels import load_network

CANDIDATES = [round(0.80 + 0.02 * step, 2) for step in range(51)]


def negative_log_likelihood(answers: torch.Tensor, faces: list[LabelledFace]) -> float:
    """Mean of -log P(labelled group); a year's label counts as FairFace's group that it lies in.

    Args:
        answers: Probabilities, shape (faces, 101).
        faces: What they are of.
    """
    groups = FAIRFACE.probabilities(answers.double().numpy())
    own = groups[np.arange(len(faces)), FAIRFACE.of_year[[face.first for face in faces]]]
    return float(-np.log(np.maximum(own, 1e-9)).mean())


def main() -> None:
    """Print the best temperature."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("recipes", nargs="+", choices=RECIPES)
    parser.add_argument("--on", nargs="+", type=Path, required=True, help="archives to fit on")
    parser.add_argument("--runs", type=Path, default=RUNS, help="folder of boxes and checkpoints")
    options = parser.parse_args()
    networks = [load_network(options.runs / f"{recipe}.pt") for recipe in options.recipes]
    faces = [
        face
        for archive in options.on
        for face in with_boxes(validation_pictures(archive), options.runs / f"{archive.stem}.csv")
        if half_of(face.name) == "first"
    ]
    batches = list(plain_batches(faces, networks[0].shape.side))
    likelihoods = {
        temperature: negative_log_likelihood(
            torch.cat([averaged(networks, batch, temperature) for batch in batches]), faces
        )
        for temperature in CANDIDATES
    }
    best = min(likelihoods, key=likelihoods.__getitem__)
    print(f"{len(faces)} faces: temperature {best:.2f}, NLL {likelihoods[best]:.4f}")
    print(f"(at 1.00: {likelihoods[1.0]:.4f})")


if __name__ == "__main__":
    main()
