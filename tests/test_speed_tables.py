from __future__ import annotations

from dataclasses import replace

from speed_fakes import LARGE, SMALL, fake_programs

from benchmarks.speed_runs import Held, Paced, Started
from benchmarks.speed_scenes import Scene
from benchmarks.speed_tables import memory_text, pace_text, start_text

PROGRAMS = fake_programs()


def paced(scene: Scene, **seconds: tuple[float, ...]) -> list[Paced]:
    given = {"original": (2.0,), "floor": (0.5,), "ours": (1.0,), **seconds}
    others = {"ours --jobs 1": given["ours"], "ours, no copies": (0.6,) * len(given["ours"])}
    return [
        # Of ten pictures and a start of a second.
        Paced(scene, name, 1.0, 10, (1.0,) * len(taken), tuple(1 + 10 * each for each in taken))
        for name, taken in (given | others).items()
    ]


def table(text: str, number: int) -> list[list[str]]:
    """The rows of one table of a text, without its head."""
    lines = text.split("\n\n")[number].splitlines()
    cells = [line.removeprefix("| ").removesuffix(" |").split(" | ") for line in lines]
    assert {len(row) for row in cells} == {len(cells[0])}
    assert cells[1] == ["---"] * len(cells[0])
    return cells[2:]


def test_ratios_are_of_the_best_turns_and_come_first() -> None:
    # The second turn was disturbed: all took ten times as long.
    text = pace_text(
        paced(SMALL, original=(2.0, 22.0, 1.8), floor=(0.5, 5, 0.5), ours=(1, 10, 1)), PROGRAMS
    )
    assert table(text, 0) == [
        ["640x480", "1", "1", "ours", "1", "1.80 (1.80-2.20)", "2.00 (2.00-2.00)"],
        ["640x480", "1", "1", "ours --jobs 1", "1", "1.80 (1.80-2.20)", "2.00 (2.00-2.00)"],
        # It writes less than the original: no ratio.
        ["640x480", "1", "1", "ours, no copies", "1", "-", "1.20 (0.12-1.20)"],
    ]


def test_speeds_are_one_row_a_scene() -> None:
    text = pace_text(paced(SMALL) + paced(LARGE, ours=(4.0,)), PROGRAMS)
    assert table(text, 1) == [
        ["640x480", "1", "0.5", "2.0", "1.0", "1.0", "1.7"],
        ["4000x3000", "1", "0.5", "2.0", "0.2", "0.2", "1.7"],
    ]
    assert table(text, 0)[3][5:] == ["0.50", "8.00"]


def test_what_is_below_the_noise_is_a_dash() -> None:
    text = pace_text(paced(SMALL, floor=(-0.1,)), PROGRAMS)
    assert [row[5:] for row in table(text, 0)] == [["2.00", "-"], ["2.00", "-"], ["-", "-"]]
    assert table(text, 1)[0][3] == "-"


def test_one_turn_below_the_noise_is_a_dash_too_and_speeds_are_of_the_best() -> None:
    text = pace_text(
        paced(SMALL, original=(2.0, 2.5), floor=(0.5, -0.1), ours=(1.0, 0.8)), PROGRAMS
    )
    assert [row[5:] for row in table(text, 0)] == [
        ["2.50 (2.00-3.12)", "-"],
        ["2.50 (2.00-3.12)", "-"],
        ["-", "-"],
    ]
    assert table(text, 1)[0][2:5] == ["0.5", "-", "1.2"]


def test_found_faces_are_told_of_both() -> None:
    measured = paced(Scene(640, 480, 29))
    measured[0] = replace(measured[0], faces=86 / 3)
    assert table(pace_text(measured, PROGRAMS), 0)[0][1:5] == ["29", "28.67", "ours", "1"]


def test_starts() -> None:
    seconds = {"original": (0.8, 1.0, 0.5), "ours": (0.4, 0.5, 1.0), "ours --jobs 1": (0.8,) * 3}
    measured = [Started(SMALL, name, taken) for name, taken in seconds.items()]
    assert table(start_text(measured, PROGRAMS), 0) == [
        ["640x480", "1", "ours", "0.80 (0.50-2.00)", "0.40", "0.50"],
        ["640x480", "1", "ours --jobs 1", "1.60 (0.80-1.60)", "0.80", "0.50"],
    ]


def test_memory() -> None:
    measured = [
        Held(scene, name, count, peak_mib)
        for scene in (SMALL, LARGE)
        for count in (100, 1000)
        for name, peak_mib in (("original", 200.0), ("ours", 150.0 + count / 10))
    ]
    assert table(memory_text(measured, PROGRAMS), 0) == [
        ["640x480", "1", "100", "0.80", "160", "200"],
        ["640x480", "1", "1000", "1.25", "250", "200"],
        ["4000x3000", "1", "100", "0.80", "160", "200"],
        ["4000x3000", "1", "1000", "1.25", "250", "200"],
    ]
