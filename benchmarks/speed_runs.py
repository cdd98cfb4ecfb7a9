"""Lets programs take turns at the same pictures, and keeps what each run was like."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from age_pipeline.cores import usable_cores
from age_pipeline.progress import with_progress
from benchmarks.program_runs import ProgramFailed, ProgramRun, run_program
from benchmarks.speed_programs import Program, Programs
from benchmarks.speed_scenes import Scene, repeated

STARTS = 5
"""How many cold starts are timed where other things are timed once: they are short."""


@dataclass(frozen=True, slots=True)
class Paced:
    """How fast one program gets through the pictures of a scene.

    Attributes:
        scene: What is to be seen.
        program: Its name.
        faces: Of how many it told, for each picture.
        pictures: How many more than a few it was given.
        few_s: How long it took for the few, turn by turn.
        many_s: Likewise for all of them.
    """

    scene: Scene
    program: str
    faces: float
    pictures: int
    few_s: tuple[float, ...]
    many_s: tuple[float, ...]

    @property
    def seconds(self) -> list[float]:
        """For each picture, without the start, turn by turn.

        They are zero or less where the start varied by more than the pictures took.
        """
        turns = zip(self.few_s, self.many_s, strict=True)
        return [(many - few) / self.pictures for few, many in turns]

    @property
    def best_s(self) -> float:
        """The same of undisturbed turns: other work on a machine only ever adds to a time."""
        return (min(self.many_s) - min(self.few_s)) / self.pictures


@dataclass(frozen=True, slots=True)
class Started:
    """How soon one program tells the first age of a single picture.

    Attributes:
        scene: What is to be seen.
        program: Its name.
        seconds: From before its process was started, turn by turn.
    """

    scene: Scene
    program: str
    seconds: tuple[float, ...]

    @property
    def best_s(self) -> float:
        """Of an undisturbed turn."""
        return min(self.seconds)


@dataclass(frozen=True, slots=True)
class Held:
    """How much memory one program holds.

    Attributes:
        scene: What is to be seen.
        program: Its name.
        pictures: How many it was given.
        peak_mib: The most that it held at a time.
    """

    scene: Scene
    program: str
    pictures: int
    peak_mib: float


@dataclass(frozen=True, slots=True)
class Bench:
    """Where programs are run.

    Attributes:
        folder: Takes what they are given, and for as long as they run what they write.
        inputs: Has the different pictures of each scene.
        programs: Those that are compared.
    """

    folder: Path
    inputs: Path
    programs: Programs

    def run(self, program: Program, scene: Scene, count: int) -> ProgramRun:
        """Let a program annotate so many pictures of a scene.

        Raises:
            ProgramFailed: It did not end well.
        """
        pictures = self.folder / scene.size / f"{scene.faces}-{count}"
        if not pictures.exists():
            repeated(scene.folder(self.inputs), pictures, count)
        output = self.folder / "output"
        try:
            return run_program(program.command_for(pictures, output), program.environment)
        finally:
            shutil.rmtree(output, ignore_errors=True)


def warm_up(bench: Bench, scene: Scene) -> None:
    """Run everything once: what is read from the disk then is no part of anybody's speed."""
    for program in bench.programs.all:
        bench.run(program, scene, 1)


def time_pictures(bench: Bench, scenes: Sequence[Scene], pictures: int, repeat: int) -> list[Paced]:
    """How fast all programs get through scenes.

    Each is run with a few pictures and with `pictures` more, and the difference counts: that leaves
    out the start, and the time in which not every core has something to do yet.

    Raises:
        ProgramFailed: One did not end well.
    """
    few = max(4, 2 * usable_cores())
    runs: dict[tuple[Scene, str], list[tuple[ProgramRun, ProgramRun]]] = {}
    steps = list(product(scenes, range(repeat), bench.programs.all))
    with closing(with_progress(steps, len(steps))) as bar:
        for scene, _, program in bar:
            turn = bench.run(program, scene, few), bench.run(program, scene, few + pictures)
            runs.setdefault((scene, program.name), []).append(turn)
    return [
        Paced(
            *key,
            turns[-1][1].lines / (few + pictures),
            pictures,
            tuple(run.whole_s for run, _ in turns),
            tuple(run.whole_s for _, run in turns),
        )
        for key, turns in runs.items()
    ]


def time_starts(bench: Bench, scenes: Sequence[Scene], repeat: int) -> list[Started]:
    """How soon the original and our programs tell the first age of a single picture.

    Raises:
        ProgramFailed: One did not end well, or told nothing.
    """
    seconds: dict[tuple[Scene, str], list[float]] = {}
    programs = bench.programs.original, *bench.programs.ours
    steps = list(product(scenes, range(STARTS * repeat), programs))
    with closing(with_progress(steps, len(steps))) as bar:
        for scene, _, program in bar:
            told_s = bench.run(program, scene, 1).first_line_s
            if told_s is None:
                raise ProgramFailed(
                    f"{program.name} tells of nobody in a picture of {scene.size} with"
                    f" {scene.faces} faces: give other --sizes or --faces"
                )
            seconds.setdefault((scene, program.name), []).append(told_s)
    return [Started(*key, tuple(taken)) for key, taken in seconds.items()]


def read_memory(bench: Bench, scenes: Sequence[Scene], counts: Sequence[int]) -> list[Held]:
    """How much memory the original and our program hold after so many pictures.

    Raises:
        ProgramFailed: One did not end well.
    """
    programs = bench.programs.original, bench.programs.ours[0]
    steps = list(product(scenes, counts, programs))
    with closing(with_progress(steps, len(steps))) as bar:
        return [
            Held(scene, program.name, count, bench.run(program, scene, count).peak_mib)
            for scene, count, program in bar
        ]
