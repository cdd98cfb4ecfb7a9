"""Programs that are measured, played by a few lines of Python each."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest
from stop_signals import is_running, signal_once_there

from benchmarks import program_runs
from benchmarks.program_runs import ROOT, ProgramFailed, run_program


def python(*lines: str) -> list[str]:
    return [sys.executable, "-c", "\n".join(lines)]


def test_lines_are_counted_and_the_first_is_seen_before_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    # Not flushed: what a pipe gets is held back unless the program is told otherwise.
    run = run_program(python("import time", "print(1)", "time.sleep(0.2)", "print(2)"))
    assert run.lines == 2
    assert run.first_line_s is not None
    assert 0 < run.first_line_s < run.whole_s - 0.1


def test_a_program_may_say_nothing() -> None:
    run = run_program(python("pass"))
    assert (run.lines, run.first_line_s) == (0, None)


def test_the_peak_is_of_memory_that_was_given_back_too() -> None:
    run = run_program(python("held = b'1' * (800 << 20)", "del held"))
    assert 800 < run.peak_mib < 8000


def test_it_runs_in_the_projects_folder_with_the_variables_it_is_given() -> None:
    where = "import os, sys", "sys.exit([os.getcwd(), os.environ['OWN'], 'PATH' in os.environ])"
    with pytest.raises(ProgramFailed) as raised:
        run_program(python(*where), {"OWN": "value"})
    assert str(raised.value).endswith(f"{[str(ROOT), 'value', True]}")


def test_python_keeps_what_it_compiles_as_it_does_for_users(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    run_program(python("import sys", "sys.exit(sys.dont_write_bytecode)"))


def test_one_that_fails_is_told_of_with_its_last_word() -> None:
    command = python("import sys", "print('one\\ntwo', file=sys.stderr)", "sys.exit(3)")
    with pytest.raises(ProgramFailed, match=r"ended with 3: two$"):
        run_program(command)
    with pytest.raises(ProgramFailed, match=r"ended with 4: not a word$"):
        run_program(python("raise SystemExit(4)"))


@pytest.mark.parametrize("asked", ["sys.exit", "lambda *_: None"])
def test_what_stops_us_stops_the_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: str
) -> None:
    monkeypatch.setattr(program_runs, "_PATIENCE_S", 0.5)
    sign = tmp_path / "id"
    command = python(
        "import os, pathlib, signal, sys, time",
        f"sign = pathlib.Path({str(sign)!r})",
        "def end(*_):",
        "    sign.with_name('asked').touch()",
        f"    ({asked})()",
        "signal.signal(signal.SIGTERM, end)",
        "sign.with_name('new').write_text(str(os.getpid()))",
        "sign.with_name('new').rename(sign)",
        "while True:",
        "    time.sleep(60)",
    )
    with pytest.raises(KeyboardInterrupt), signal_once_there(sign, signal.SIGINT):
        run_program(command)
    assert not is_running(sign)
    assert (tmp_path / "asked").exists()
