"""Train the compact age network and write age_detector/compact.onnx.

    python -m training.find_faces DATA/fairface-train.tar DATA/fairface-val.tar
    python -m training.train_compact --data DATA

One epoch over FairFace's 39,000 faces takes about a minute on two cores. A checkpoint is written
after every epoch, and a run that was broken off goes on from it.
"""

from __future__ import annotations

import argparse
import copy
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch.utils.data import DataLoader

from age_detector.face_crop import square_crop
from age_pipeline.data import AgeEstimate, Face
from training.export import write_onnx
from training.faces import Augmented, LabelledFace, batches, prior_of, read_faces
from training.find_faces import RUNS
from training.network import SIZE, CompactAgeNetwork

CURVATURE = 0.01
"""Weight of the penalty on kinks between knots: it decides only what group labels leave open."""

RARE_POWER = -0.35
"""A face counts as its group's frequency to this power: rare ages matter more than their number."""

AVERAGED = 0.998
"""How much of the averaged weights one step keeps."""


def train(
    network: CompactAgeNetwork,
    faces: list[LabelledFace],
    validation: list[LabelledFace],
    *,
    epochs: int,
    rate: float,
    checkpoint: Path,
    bfloat16: bool,
) -> CompactAgeNetwork:
    """Train `network` with a one-cycle AdamW and return the average of its weights."""
    loader = DataLoader(
        Augmented(faces), batch_size=128, shuffle=True, drop_last=True, num_workers=2
    )
    network = network.to(memory_format=torch.channels_last)
    averaged = copy.deepcopy(network).eval()
    optimizer = torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=0.02)
    weight_of_group = group_weights(faces)
    begun = 0
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        begun = state["epoch"] + 1
        network.load_state_dict(state["network"])
        averaged.load_state_dict(state["averaged"])
        optimizer.load_state_dict(state["optimizer"])
    # The schedule is counted in steps, so a run may go on with another number of epochs.
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer,
        rate,
        total_steps=epochs * len(loader),
        pct_start=0.15,
        last_epoch=begun * len(loader) - 1,
    )
    compiled = torch.compile(network)
    years = torch.arange(101)
    crops, truths = validation_crops(validation)
    for epoch in range(begun, epochs):
        started, losses = time.monotonic(), []
        network.train()
        for pixels, first, last in loader:
            pixels = pixels.float().contiguous(memory_format=torch.channels_last)
            with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
                log_years, knots = compiled(pixels)
            allowed = (years >= first[:, None]) & (years <= last[:, None])
            # A group label is a censored year: its probability is the sum over its years.
            likelihood = log_years.masked_fill(~allowed, -torch.inf).logsumexp(1)
            weights = weight_of_group[first]
            kinks = (knots[:, 2:] - 2 * knots[:, 1:-1] + knots[:, :-2]).square().mean()
            loss = -(weights * likelihood).sum() / weights.sum() + CURVATURE * kinks
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            average(averaged, network)
            losses.append(loss.item())
        state = {
            "epoch": epoch,
            "network": network.state_dict(),
            "averaged": averaged.state_dict(),
            "optimizer": optimizer.state_dict(),
        }
        torch.save(state, checkpoint.with_suffix(".part"))
        checkpoint.with_suffix(".part").replace(checkpoint)
        print(
            f"epoch {epoch + 1}/{epochs}  loss {np.mean(losses):.4f}"
            f"  {time.monotonic() - started:.0f} s  {agreement(averaged, crops, truths)}",
            flush=True,
        )
    return averaged


def group_weights(faces: list[LabelledFace]) -> torch.Tensor:
    """The weight of a face by the first year of its group, shape (101,), about 1 on average."""
    counts = torch.zeros(101)
    for face in faces:
        counts[face.first] += 1
    weights = (counts / len(faces)).pow(RARE_POWER).masked_fill(counts == 0, 0)
    return weights / (weights * counts / len(faces)).sum()


@torch.no_grad()
def average(averaged: CompactAgeNetwork, network: CompactAgeNetwork) -> None:
    """Move the averaged weights, and the normalisations' statistics, towards the network's."""
    for old, new in zip(averaged.state_dict().values(), network.state_dict().values(), strict=True):
        if old.is_floating_point():
            old.lerp_(new, 1 - AVERAGED)
        else:
            old.copy_(new)


def validation_crops(
    faces: list[LabelledFace],
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """The faces as prediction will crop them, and the first and last year of each."""
    crops = [square_crop(face.image, Face(face.box, None), SIZE) for face in faces]
    return np.array(crops), np.array([(face.first, face.last) for face in faces])


@torch.no_grad()
def agreement(
    network: CompactAgeNetwork, crops: npt.NDArray[np.uint8], truths: npt.NDArray[np.int64]
) -> str:
    """How often the group that `years` falls in is the labelled one, or next to it."""
    network.eval()
    both = [
        (network(batch)[0].exp() + network(batch.flip(3))[0].exp()) / 2 for batch in batches(crops)
    ]
    medians = [AgeEstimate(row).years for row in torch.cat(both).double().numpy()]
    starts = np.unique(truths[:, 0])
    guessed = np.searchsorted(starts, np.array(medians) + 1e-9, side="right") - 1
    apart = np.abs(guessed - np.searchsorted(starts, truths[:, 0]))
    return f"validation exact {np.mean(apart == 0):.1%}, within one group {np.mean(apart <= 1):.1%}"


def main() -> None:
    """Read the faces, train, and write the ONNX file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--data", type=Path, required=True, help="folder that holds the data sets' archives")
    add("--runs", type=Path, default=RUNS, help="folder of boxes, checkpoint and result")
    add("--epochs", type=int, default=26)
    add("--rate", type=float, default=4e-3)
    add("--bfloat16", action="store_true", help="where lscpu shows avx512_bf16 or amx_bf16")
    add("--output", type=Path, help="ONNX file; default: in the folder of runs")
    options = parser.parse_args()
    options.runs.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(1)
    faces, validation = (
        read_faces(options.data / f"{name}.tar", options.runs / f"{name}.csv")
        for name in ("fairface-train", "fairface-val")
    )
    print(f"{len(faces)} faces to train on, {len(validation)} to validate", flush=True)
    averaged = train(
        CompactAgeNetwork(torch.from_numpy(prior_of(faces)).float()),
        faces,
        validation,
        epochs=options.epochs,
        rate=options.rate,
        checkpoint=options.runs / "compact.pt",
        bfloat16=options.bfloat16,
    )
    write_onnx(averaged, options.output or options.runs / "compact.onnx")


if __name__ == "__main__":
    main()
