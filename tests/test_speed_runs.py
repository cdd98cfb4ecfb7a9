"""Turns and what is made of them, by a clock that only the programs move."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from speed_fakes import LARGE, SMALL, fake_bench, fake_program, fake_programs

from benchmarks import speed_runs
from benchmarks.program_runs import ProgramFailed, ProgramRun
from benchmarks.speed_programs import Program, Programs
from benchmarks.speed_runs import (
    STARTS,
    Held,
    Paced,
    Started,
    read_memory,
    time_pictures,
    time_starts,
    warm_up,
)

SECONDS = {"original": 4.0, "floor": 1.0, "ours": 2.0, "ours --jobs 1": 3.0, "bare": 1.5}
"""What each of them takes for a picture; it starts in twice as long, plus its number of runs."""


class Runs:
    """What is asked to be run, and what it says to have taken."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int]] = []

    def __call__(self, command: Sequence[str], environment: Mapping[str, str]) -> ProgramRun:
        assert environment == {"whose": command[0]}
        name, pictures, output = command
        count = len(list(Path(pictures).iterdir()))
        Path(output).mkdir()
        (Path(output) / "copy.jpg").write_text("copy")
        self.asked.append((name, count))
        start_s = 2 * SECONDS[name] + len(self.asked)
        found = 3 if name == "original" else 2
        return ProgramRun(start_s + SECONDS[name] * count, start_s, found * count, 100.0 + count)


def programs() -> Programs:
    def program(name: str) -> Program:
        return Program(name, (name, "PICTURES", "OUTPUT"), {"whose": name})

    return Programs(
        program("original"),
        program("floor"),
        (program("ours"), program("ours --jobs 1")),
        program("bare"),
    )


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Runs:
    runs = Runs()
    monkeypatch.setattr(speed_runs, "run_program", runs)
    return runs


def test_everything_is_run_once_beforehand(tmp_path: Path, runs: Runs) -> None:
    warm_up(fake_bench(tmp_path, programs()), SMALL)
    assert runs.asked == [(name, 1) for name in SECONDS]


def test_pictures_are_timed_without_the_start_and_in_turns(
    tmp_path: Path, runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speed_runs, "usable_cores", lambda: 3)
    bench = fake_bench(tmp_path, programs())
    measured = time_pictures(bench, [SMALL, LARGE], pictures=10, repeat=2)
    # Every core gets two of the few; a program has few and many in one turn.
    assert runs.asked == [(name, count) for name in SECONDS for count in (6, 16)] * 4
    assert [(each.scene, each.program) for each in measured] == [
        (scene, name) for scene in (SMALL, LARGE) for name in SECONDS
    ]
    for each in measured:
        # The second run of a pair starts one second later.
        assert each.seconds == pytest.approx([SECONDS[each.program] + 0.1] * 2)
        assert each.best_s == pytest.approx(SECONDS[each.program] + 0.1)
        assert each.faces == (3 if each.program == "original" else 2)


def test_what_disturbs_one_run_is_in_its_turn_and_not_in_the_best() -> None:
    paced = Paced(SMALL, "ours", 1.0, 10, (1.0, 4.0, 1.5), (21.0, 20.0, 40.0))
    assert paced.seconds == [2.0, 1.6, 3.85]
    assert paced.best_s == 1.9
    assert Started(SMALL, "ours", (0.5, 0.4, 0.9)).best_s == 0.4


def test_on_one_core_few_are_four(
    tmp_path: Path, runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speed_runs, "usable_cores", lambda: 1)
    time_pictures(fake_bench(tmp_path, programs()), [SMALL], pictures=1, repeat=1)
    assert {count for _, count in runs.asked} == {4, 5}


def test_starts_are_of_single_pictures_in_turns(tmp_path: Path, runs: Runs) -> None:
    measured = time_starts(fake_bench(tmp_path, programs()), [SMALL], repeat=2)
    names = ["original", "ours", "ours --jobs 1"]
    assert runs.asked == [(name, 1) for name in names] * STARTS * 2
    assert [each.program for each in measured] == names
    assert [len(each.seconds) for each in measured] == [2 * STARTS] * 3
    assert measured[1].seconds[:2] == (2 * 2 + 2, 2 * 2 + 5)


def test_memory_is_of_the_original_and_the_default(tmp_path: Path, runs: Runs) -> None:
    measured = read_memory(fake_bench(tmp_path, programs()), [SMALL, LARGE], [3, 7])
    assert runs.asked == [(name, count) for count in (3, 7) for name in ("original", "ours")] * 2
    assert measured[:3] == [
        Held(SMALL, "original", 3, 103.0),
        Held(SMALL, "ours", 3, 103.0),
        Held(SMALL, "original", 7, 107.0),
    ]
    assert {each.scene for each in measured[4:]} == {LARGE}


def test_nothing_that_was_written_stays(tmp_path: Path) -> None:
    bench = fake_bench(tmp_path, fake_programs())
    run = bench.run(bench.programs.original, SMALL, 3)
    assert run.lines == 3
    assert not (tmp_path / "output").exists()
    failing = fake_program("failing", "import os, sys; os.mkdir(sys.argv[2]); sys.exit(1)")
    with pytest.raises(ProgramFailed):
        bench.run(failing, SMALL, 3)
    assert not (tmp_path / "output").exists()


def test_who_tells_of_nobody_has_no_start(tmp_path: Path) -> None:
    bench = fake_bench(tmp_path, fake_programs("pass"))
    with pytest.raises(ProgramFailed, match="original tells of nobody in a picture of 640x480"):
        time_starts(bench, [SMALL], repeat=1)
