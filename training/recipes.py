"""How each network was trained: the shipped ones, and those that taught them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """One training run.

    Attributes:
        sets: Archives of the pictures to train on, without ".tar".
        shape: Name of the network's shape in `network.SHAPES`.
        epochs: How often every face is shown.
        sides: From which part of the epochs on crops have which side in pixels. Small crops are
            quickly learned from; the last are of the shape's own side.
        rate: AdamW's highest learning rate in the one-cycle schedule; Muon's is `train.MUON_RATE`
            times that.
        warm_up: The part of the steps in which the rate rises.
        ramp: The part of the epochs in which the strength of degradation rises from 0.3 to 1.
        calm: From which part of the epochs on that strength is 0.5: the last weights fit faces as
            they mostly are.
        start: The recipe whose network this one goes on from; None for random weights.
        teachers: Recipes whose networks' average is followed, beside the labels.
        softness: How much of the loss follows the teachers, 0 to 1.
        rare_power: A face counts as its group's frequency to this power: rare ages matter more
            than their number.
    """

    sets: tuple[str, ...] = ("fairface-train",)
    shape: str = "80-deep"
    epochs: int
    sides: tuple[tuple[float, int], ...]
    rate: float = 2e-3
    warm_up: float = 0.15
    ramp: float = 0.2
    calm: float = 0.88
    start: str | None = None
    teachers: tuple[str, ...] = ()
    softness: float = 0.5
    rare_power: float = -0.35

    def side(self, epoch: int) -> int:
        """The side of the crops in an epoch, counted from 0."""
        return [side for begin, side in self.sides if epoch / self.epochs >= begin][-1]

    def strength(self, epoch: int) -> float:
        """How strongly crops are degraded in an epoch, counted from 0."""
        if epoch / self.epochs >= self.calm:
            return 0.5
        return min(1.0, 0.3 + 0.7 * epoch / self.epochs / self.ramp) if self.ramp else 1.0


GROUPS_AND_YEARS = ("fairface-train", "utkface-dev")

RECIPES = {
    "teacher-64": Recipe(shape="64", epochs=26, sides=((0.0, 64),)),
    "teacher-96": Recipe(shape="96", epochs=20, sides=((0.0, 64), (0.45, 80), (0.75, 96))),
    "teacher-80": Recipe(
        shape="80",
        epochs=22,
        sides=((0.0, 80),),
        rate=1.5e-3,
        warm_up=0.1,
        ramp=0.0,
        start="teacher-96",
        teachers=("teacher-64", "teacher-96"),
        rare_power=-0.45,
    ),
    "teacher-mixed": Recipe(
        sets=GROUPS_AND_YEARS,
        shape="80",
        epochs=14,
        sides=((0.0, 80),),
        rate=1e-3,
        warm_up=0.1,
        ramp=0.0,
        start="teacher-80",
        rare_power=-0.5,
    ),
    "compact-free-1": Recipe(
        epochs=28,
        sides=((0.0, 64), (0.5, 80)),
        teachers=("teacher-64", "teacher-96", "teacher-80"),
        rare_power=-0.45,
    ),
    "compact-1": Recipe(
        sets=GROUPS_AND_YEARS,
        epochs=30,
        sides=((0.0, 80),),
        rate=1e-3,
        warm_up=0.1,
        ramp=0.0,
        start="compact-free-1",
        teachers=("compact-free-1", "teacher-mixed"),
        rare_power=-0.5,
    ),
    "compact-free": Recipe(
        epochs=24,
        sides=((0.0, 64), (0.4, 80)),
        rate=1.2e-3,
        warm_up=0.1,
        ramp=0.0,
        start="compact-free-1",
        teachers=("compact-free-1", "teacher-64", "teacher-96", "teacher-80"),
        softness=0.4,
        rare_power=-0.45,
    ),
    "compact": Recipe(
        sets=GROUPS_AND_YEARS,
        epochs=36,
        sides=((0.0, 64), (0.4, 80)),
        rate=1e-3,
        warm_up=0.1,
        ramp=0.0,
        start="compact-1",
        teachers=("compact-1", "compact-free", "teacher-mixed"),
        rare_power=-0.5,
    ),
}
"""By name; `compact` and `compact-free` are the shipped ones."""
