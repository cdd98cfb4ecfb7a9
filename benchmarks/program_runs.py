"""A whole program run as its user runs it: how long it takes, and how much memory it holds."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from age_pipeline.errors import AgeDetectionError

ROOT = Path(__file__).resolve().parent.parent

_PATIENCE_S = 10
"""How long a program may take to end when it is asked to."""


@dataclass(frozen=True, slots=True)
class ProgramRun:
    """What one run was like.

    Attributes:
        whole_s: From before the process was started until it had ended.
        first_line_s: Likewise, until its first line stood on standard output; None without one.
        lines: How many lines it printed.
        peak_mib: The most memory that its process held at a time; where it starts others and waits
            for them, the largest one's.
    """

    whole_s: float
    first_line_s: float | None
    lines: int
    peak_mib: float


class ProgramFailed(AgeDetectionError):
    """A program that is measured did not end well."""


def run_program(
    command: Sequence[str | Path], environment: Mapping[str, str] | None = None
) -> ProgramRun:
    """Run a program from the project's folder until it ends; whatever stops this stops it too.

    Linux counts to a new process's peak what the starting one has held: a program that holds less
    than this process ever did is measured too large.

    Args:
        command: The program and its arguments.
        environment: Variables that it gets beside those of this process.

    Raises:
        ProgramFailed: Its exit code is not 0; the message has its last word.
    """
    variables = {
        **os.environ,
        # Else Python holds back what goes to a pipe, and there is no first line until the end.
        "PYTHONUNBUFFERED": "1",
        # Users' Python keeps what it has compiled, wherever this one was told not to.
        "PYTHONDONTWRITEBYTECODE": "",
        **(environment or {}),
    }
    lines = 0
    first_line_s: float | None = None
    with tempfile.TemporaryFile() as talk:
        begun_s = time.perf_counter()
        with subprocess.Popen(
            command,
            cwd=ROOT,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=talk,
        ) as process:
            try:
                assert process.stdout is not None
                for _ in process.stdout:
                    lines += 1
                    first_line_s = first_line_s or time.perf_counter() - begun_s
                _, status, used = os.wait4(process.pid, 0)
                whole_s = time.perf_counter() - begun_s
                process.returncode = os.waitstatus_to_exitcode(status)
            finally:
                if process.returncode is None:
                    _end(process)
        if process.returncode:
            shown = " ".join(map(str, command))
            raise ProgramFailed(
                f"`{shown}` ended with {process.returncode}: {_last_line(talk) or 'not a word'}"
            )
    return ProgramRun(whole_s, first_line_s, lines, used.ru_maxrss / 1024)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()


def _last_line(talk: IO[bytes]) -> str:
    talk.seek(0)
    lines = talk.read().decode(errors="replace").splitlines()
    return lines[-1].strip() if lines else ""
