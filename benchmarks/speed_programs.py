"""The programs that benchmarks.speed compares, as commands."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import age_detector
from age_pipeline.model_files import CACHE_VARIABLE, locate
from benchmarks.program_runs import ROOT
from face_detector.ssd import WEIGHTS as SSD

_OURS = ROOT / "detect_age.py"

_PICTURES, _OUTPUT = "PICTURES", "OUTPUT"

_ENGINES = ("onnxruntime", "openvino")
"""Beside OpenCV; each is the name of a package too."""


@dataclass(frozen=True, slots=True)
class Program:
    """One of those that are compared.

    Attributes:
        name: In the tables.
        command: Where an argument is PICTURES or OUTPUT, the folder comes in its place.
        environment: Variables that it gets beside ours.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)

    def command_for(self, pictures: Path, output: Path) -> list[str]:
        """The command that annotates the pictures of a folder into another one."""
        folders = {_PICTURES: str(pictures), _OUTPUT: str(output)}
        return [folders.get(argument, argument) for argument in self.command]


@dataclass(frozen=True, slots=True)
class Programs:
    """All that are compared.

    Attributes:
        original: The original's loop.
        floor: What reading and one look for faces cost.
        ours: This program: as it is by default, then in the other ways that are possible here.
        bare: As it is by default, but writing no copies: like the floor, unlike the original.
    """

    original: Program
    floor: Program
    ours: tuple[Program, ...]
    bare: Program

    @property
    def all(self) -> tuple[Program, ...]:
        """In the order in which they take turns."""
        return self.original, self.floor, *self.ours, self.bare


def find_programs(inputs: Path) -> Programs:
    """What can be compared on this machine.

    Args:
        inputs: Where age_net lies. What programs convert it to goes there too.

    Raises:
        ModelMissing: The SSD's weights are nowhere.
    """
    environment = {CACHE_VARIABLE: str(inputs / "cache")}
    face = ("--face", str(locate(SSD).parent))
    original = ("benchmarks.original_pictures", _PICTURES, _OUTPUT, "--age-net", str(inputs), *face)
    floor = ("benchmarks.floor_pictures", _PICTURES, *face)
    return Programs(
        Program("original", (sys.executable, "-m", *original), environment),
        Program("floor", (sys.executable, "-m", *floor), environment),
        tuple(_our_own(" ".join(("ours", *way)), "--output", _OUTPUT, *way) for way in _ways()),
        _our_own("ours, no copies", "--no-show"),
    )


def _our_own(name: str, *further: str) -> Program:
    plain = ("-i", _PICTURES, "--single-look", "--quiet", "--age-model", age_detector.DEFAULT)
    return Program(name, (sys.executable, str(_OURS), *plain, *further))


def _ways() -> list[tuple[str, ...]]:
    """Options of our program that change how fast it is, as far as it has them."""
    shown = subprocess.run(
        [sys.executable, _OURS, "--help"], check=True, capture_output=True, text=True
    ).stdout
    ways: list[tuple[str, ...]] = [()]
    if "--jobs" in shown:
        ways.append(("--jobs", "1"))
    if "--engine" in shown:
        ways += [("--engine", engine) for engine in _ENGINES if find_spec(engine) is not None]
    return ways
