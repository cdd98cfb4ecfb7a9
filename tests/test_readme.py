"""The README's commands do what they say: each `$` line of its console blocks is run.

Blocks marked `sh` need a camera, the network or training and are only checked for options that the
programs know. The two commands at the top are run by .ci/run.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
NUMBER = re.compile(r"\d+(?:\.\d+)?")


@dataclass(frozen=True)
class Command:
    """A command of the README and what stands below it as its output."""

    line: str
    output: tuple[str, ...]


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def console_commands() -> list[Command]:
    commands = []
    for block in blocks("console"):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            line, *output = part.splitlines()
            commands.append(Command(line, tuple(output)))
    return commands


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A folder that looks like the clone, so that outputs stay out of the tree."""
    for name in (
        "detect_age.py",
        "detect_age_video.py",
        "age_detector",
        "age_pipeline",
        "face_detector",
        "images",
    ):
        (tmp_path / name).symlink_to(ROOT / name)
    return tmp_path


def run(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    python = shlex.quote(sys.executable)
    return subprocess.run(
        ["bash", "-ceu", re.sub(r"\bpython (?=-m |\w+\.py)", f"{python} ", line)],
        cwd=folder,
        env={**os.environ, "DISPLAY": "", "WAYLAND_DISPLAY": ""},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("command", console_commands(), ids=lambda command: command.line)
def test_a_command_does_what_the_readme_shows(command: Command, clone: Path) -> None:
    result = run(command.line, clone)
    assert result.returncode == 0, result.stderr
    if not command.output:
        return
    shown, printed = "\n".join(command.output), result.stdout.rstrip("\n")
    assert NUMBER.sub("#", printed) == NUMBER.sub("#", shown)
    # Another processor may round the last digit of a probability differently.
    for ours, readme in zip(NUMBER.findall(printed), NUMBER.findall(shown), strict=True):
        assert float(ours) == pytest.approx(float(readme), abs=0.11)


def test_there_are_commands_with_and_without_output() -> None:
    commands = console_commands()
    assert sum(bool(command.output) for command in commands) >= 2
    assert sum(not command.output for command in commands) >= 5


def test_outputs_that_the_readme_names_appear(clone: Path) -> None:
    run("python detect_age.py -i images --output annotated --json ages.jsonl", clone)
    names = {"1.png", "2.jpg", "einstein_1947.jpg", "nasa_group15.jpg", "solvay_1927.jpg"}
    assert {path.name for path in (clone / "annotated").iterdir()} == names
    assert len((clone / "ages.jsonl").read_text(encoding="utf-8").splitlines()) == len(names)


def test_commands_that_need_more_than_this_machine_name_real_options() -> None:
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    for script in ("detect_age.py", "detect_age_video.py"):
        used = {
            word
            for line in lines
            if script in line
            for word in shlex.split(line.split(script, 1)[1])
            if word.startswith("-")
        }
        shown = subprocess.run(
            [sys.executable, ROOT / script, "--help"], capture_output=True, text=True, check=True
        ).stdout
        assert used, script
        assert used <= set(re.findall(r"--?[a-z][a-z-]*", shown))


def test_the_library_example_runs(clone: Path) -> None:
    (example,) = blocks("python")
    assert len(example.strip().splitlines()) <= 7
    result = subprocess.run(
        [sys.executable, "-c", example],
        cwd=clone,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert "Box(left=179" in result.stdout


def test_pictures_and_files_that_the_readme_names_exist() -> None:
    for name in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / name).is_file(), name
    for name in re.findall(r"`((?:\w+/)+(?:\w+\.\w+)?)`", README):
        assert (ROOT / name).exists(), name
