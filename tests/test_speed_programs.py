from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from age_pipeline.model_files import locate
from benchmarks import speed_programs
from benchmarks.speed_programs import Program, find_programs
from face_detector.ssd import WEIGHTS

PLAIN = ["-i", "in", "--single-look", "--quiet", "--age-model", "compact"]


def with_help(monkeypatch: pytest.MonkeyPatch, text: str, *installed: str) -> None:
    """Let our program say this of itself, with these engines installed."""

    def run(command: Sequence[object], **_: object) -> subprocess.CompletedProcess[str]:
        assert command[-1] == "--help"
        return subprocess.CompletedProcess([], 0, text, "")

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(speed_programs, "find_spec", lambda name: name in installed or None)


def arguments(program: Program) -> list[str]:
    return program.command_for(Path("in"), Path("out"))[2:]


def test_folders_come_in_their_places() -> None:
    program = Program("any", ("run", "OUTPUT", "-i", "PICTURES", "PICTURES2"))
    assert program.command_for(Path("a b"), Path("c")) == ["run", "c", "-i", "a b", "PICTURES2"]


def test_the_original_and_the_floor_get_the_networks(tmp_path: Path) -> None:
    programs = find_programs(tmp_path)
    face = ["--face", str(locate(WEIGHTS).parent)]
    assert programs.original.command[:3] == (sys.executable, "-m", "benchmarks.original_pictures")
    assert arguments(programs.original)[1:] == ["in", "out", "--age-net", str(tmp_path), *face]
    assert programs.floor.command[:3] == (sys.executable, "-m", "benchmarks.floor_pictures")
    assert arguments(programs.floor)[1:] == ["in", *face]
    for program in (programs.original, programs.floor):
        # Nothing that is converted for them may stay.
        (cache,) = program.environment.values()
        assert Path(cache).parent == tmp_path


def test_ours_is_the_program_that_is_here(tmp_path: Path) -> None:
    programs = find_programs(tmp_path)
    assert programs.all[2:] == (*programs.ours, programs.bare)
    assert programs.ours[0].name == "ours"
    assert arguments(programs.ours[0]) == [*PLAIN, "--output", "out"]
    assert arguments(programs.bare) == [*PLAIN, "--no-show"]
    for program in (*programs.ours, programs.bare):
        assert Path(program.command[1]).name == "detect_age.py"
        assert os.path.isfile(program.command[1])  # noqa: PTH113
        assert not program.environment


def test_what_it_can_do_here_is_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_help(monkeypatch, "usage: [--engine NAME] [--jobs N]", "onnxruntime")
    ours = find_programs(tmp_path).ours
    assert [program.name for program in ours] == [
        "ours",
        "ours --jobs 1",
        "ours --engine onnxruntime",
    ]
    assert arguments(ours[1]) == [*PLAIN, "--output", "out", "--jobs", "1"]
    assert arguments(ours[2]) == [*PLAIN, "--output", "out", "--engine", "onnxruntime"]


def test_what_it_cannot_do_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_help(monkeypatch, "usage: [-i PICTURE]", "onnxruntime", "openvino")
    assert [program.name for program in find_programs(tmp_path).ours] == ["ours"]
    with_help(monkeypatch, "usage: [--engine NAME]")
    assert [program.name for program in find_programs(tmp_path).ours] == ["ours"]
