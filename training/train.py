"""Train one of the recipes' networks.

    python -m training.train compact --data DATA

Needs the boxes that `training.find_faces` writes, and the checkpoints of the recipes that this one
starts from or follows. A checkpoint is written after every epoch, and a run that was broken off
goes on from it. `training.export` makes the program's file of a finished one.
"""

from __future__ import annotations

import argparse
import copy
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import DataLoader
from tqdm import tqdm

from training.data_sets import training_pictures, validation_pictures
from training.evaluation import agreement
from training.faces import LabelledFace, VariedFaces, prior_of, with_boxes
from training.find_faces import RUNS
from training.muon import Muon
from training.network import SHAPES, CompactAgeNetwork
from training.recipes import RECIPES, Recipe
from training.soft_labels import load_network, soft_labels
from training.targets import Targets
from training.traits import WithTraits

BATCH = 128
WEIGHT_DECAY = 0.02

MUON_RATE = 10.0
"""The rate of Muon, which trains the blocks' convolutions, as a multiple of the recipe's, at which
AdamW trains the rest."""

AVERAGED = 0.998
"""How much of the averaged weights one step keeps, once there were enough steps."""

CHOOSING = "fairface-val"
"""The archive whose faces are validated on, for every recipe: only FairFace chooses."""


class Run:
    """A network in training: what a checkpoint holds."""

    def __init__(
        self,
        recipe: Recipe,
        network: CompactAgeNetwork,
        faces: Sequence[LabelledFace],
        device: str,
    ) -> None:
        self.recipe = recipe
        self.trained = WithTraits(network, faces).to(device).to(memory_format=torch.channels_last)
        self.network = self.trained.network
        self.averaged = copy.deepcopy(self.network).eval()
        turned = [each for each in self.network.blocks.parameters() if each.ndim == 4]
        own = {id(each) for each in turned}
        rest = [each for each in self.trained.parameters() if id(each) not in own]
        self.optimizers: tuple[torch.optim.Optimizer, ...] = (
            torch.optim.AdamW(rest, lr=recipe.rate, weight_decay=WEIGHT_DECAY),
            Muon(turned, recipe.rate * MUON_RATE),
        )
        self.steps_per_epoch = len(faces) // BATCH
        self.epochs_done = 0
        self.schedules = self._schedules()

    @property
    def steps(self) -> int:
        return self.schedules[0].last_epoch

    def _schedules(self) -> list[torch.optim.lr_scheduler.OneCycleLR]:
        """One cycle over all epochs, from those that are done: their number may be another now."""
        return [
            torch.optim.lr_scheduler.OneCycleLR(
                optimizer,
                rate,
                total_steps=self.recipe.epochs * self.steps_per_epoch,
                pct_start=self.recipe.warm_up,
                cycle_momentum=isinstance(optimizer, torch.optim.AdamW),
                last_epoch=self.epochs_done * self.steps_per_epoch - 1,
            )
            for optimizer, rate in zip(
                self.optimizers, (self.recipe.rate, self.recipe.rate * MUON_RATE), strict=True
            )
        ]

    def save(self, checkpoint: Path) -> None:
        """Write the checkpoint, whole or not at all."""
        state = {
            "shape": self.recipe.shape,
            "epochs_done": self.epochs_done,
            "trained": self.trained.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimizers": [each.state_dict() for each in self.optimizers],
        }
        part = checkpoint.with_suffix(".part")
        torch.save(state, part)
        part.replace(checkpoint)

    def resume(self, checkpoint: Path) -> None:
        """Go on from where a checkpoint was written."""
        state = torch.load(checkpoint, weights_only=True, map_location="cpu")
        self.trained.load_state_dict(state["trained"])
        self.averaged.load_state_dict(state["averaged"])
        for optimizer, own in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(own)
        self.epochs_done = state["epochs_done"]
        if self.epochs_done >= self.recipe.epochs:
            return
        self.schedules = self._schedules()

    def step(self, loss: torch.Tensor) -> None:
        """Move the weights against the loss, and their average after them."""
        self.trained.zero_grad()
        loss.backward()
        for optimizer, schedule in zip(self.optimizers, self.schedules, strict=True):
            optimizer.step()
            schedule.step()
        kept = min(AVERAGED, (1 + self.steps) / (10 + self.steps))
        with torch.no_grad():
            for old, new in zip(
                self.averaged.state_dict().values(), self.network.state_dict().values(), strict=True
            ):
                if old.is_floating_point():
                    old.lerp_(new, 1 - kept)
                else:
                    old.copy_(new)


def train(
    run: Run,
    faces: Sequence[LabelledFace],
    targets: Targets,
    validation: Sequence[LabelledFace],
    checkpoint: Path,
    *,
    seed: int,
    bfloat16: bool,
) -> None:
    """Train until the recipe's last epoch; a checkpoint is written after each."""
    recipe = run.recipe
    device = next(run.network.parameters()).device
    compiled = torch.compile(run.trained, dynamic=False)
    while run.epochs_done < recipe.epochs:
        epoch, started, losses = run.epochs_done, time.monotonic(), []
        torch.manual_seed(seed + 1000 * epoch)
        side = recipe.side(epoch)
        loader = DataLoader(
            VariedFaces(faces, side, recipe.strength(epoch)),
            batch_size=BATCH,
            shuffle=True,
            drop_last=True,
            num_workers=2,
        )
        run.trained.train()
        for crops, chosen in tqdm(loader, desc=f"epoch {epoch + 1}", leave=False):
            pixels = crops.to(device).permute(0, 3, 1, 2).float()
            with torch.autocast(device.type, torch.bfloat16, enabled=bfloat16):
                log_years, knots, told = compiled(pixels)
            loss = targets.loss(chosen, log_years, knots) + run.trained.loss(chosen, told)
            run.step(loss)
            losses.append(loss.item())
        run.epochs_done += 1
        run.save(checkpoint)
        print(
            f"epoch {epoch + 1}/{recipe.epochs}  {side} pixels  loss {np.mean(losses):.4f}"
            f"  {time.monotonic() - started:.0f} s  {agreement(run.averaged, validation, side)}",
            flush=True,
        )


def main() -> None:
    """Read the faces, and train on them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("recipe", choices=RECIPES, help="which network; see training/recipes.py")
    add("--data", type=Path, required=True, help="folder that holds the data sets' archives")
    add("--runs", type=Path, default=RUNS, help="folder of boxes and checkpoints")
    add("--epochs", type=int, help="instead of the recipe's")
    add("--seed", type=int, default=1)
    add("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    add("--bfloat16", action="store_true", help="on a GPU, or where lscpu shows avx512_bf16")
    options = parser.parse_args()
    recipe: Recipe = RECIPES[options.recipe]
    if options.epochs is not None:
        recipe = replace(recipe, epochs=options.epochs)
    runs: Path = options.runs
    runs.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(options.seed)

    def archive(name: str) -> Path:
        return Path(options.data) / f"{name}.tar"

    faces = [
        face
        for name in recipe.sets
        for face in with_boxes(training_pictures(archive(name)), runs / f"{name}.csv")
    ]
    validation = with_boxes(validation_pictures(archive(CHOOSING)), runs / f"{CHOOSING}.csv")
    print(f"{len(faces)} faces to train on, {len(validation)} to validate", flush=True)
    targets = Targets.of(faces, recipe.rare_power)
    if recipe.teachers:
        soft = soft_labels([runs / f"{teacher}.pt" for teacher in recipe.teachers], faces)
        targets = replace(targets, soft=soft, softness=recipe.softness)
    if recipe.start is None:
        grouped = [face for face in faces if face.first != face.last]
        prior = torch.from_numpy(prior_of(grouped)).float()
        network = CompactAgeNetwork(SHAPES[recipe.shape], prior)
    else:
        network = load_network(runs / f"{recipe.start}.pt")
        network.shape = SHAPES[recipe.shape]
    run = Run(recipe, network, faces, options.device)
    checkpoint = runs / f"{options.recipe}.pt"
    if checkpoint.exists():
        run.resume(checkpoint)
        print(f"{checkpoint} has {run.epochs_done} epochs", flush=True)
    train(
        run,
        faces,
        targets,
        validation,
        checkpoint,
        seed=options.seed,
        bfloat16=options.bfloat16,
    )


if __name__ == "__main__":
    main()
