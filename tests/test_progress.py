import io
import logging
import sys

import pytest

from age_pipeline.command_line import run
from age_pipeline.destinations import StandardOutput
from age_pipeline.progress import with_progress

log = logging.getLogger("detect_age")


class Terminal(io.StringIO):
    """What a terminal would be sent."""

    def isatty(self) -> bool:
        return True


def test_on_a_terminal_there_is_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)

    run(lambda: assert_equal(list(with_progress("abc", 3)), ["a", "b", "c"]), "program")

    assert "0/3" in terminal.getvalue()
    assert terminal.getvalue().endswith("\r")


def assert_equal(found: object, expected: object) -> None:
    assert found == expected


def test_lines_appear_above_the_bar(
    monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)

    def program() -> None:
        for item in with_progress(["a", "b", "c"], 3):
            log.error("%s is empty", item)
            StandardOutput().write(b"a line\n")

    assert run(program, "program") == 1

    lines = terminal.getvalue().split("\n")
    assert [line.rpartition("\r")[2] for line in lines[:3]] == [
        f"program: error: {name} is empty" for name in "abc"
    ]
    assert capfdbinary.readouterr().out == b"a line\n" * 3


def test_a_line_on_standard_output_first_clears_the_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = io.BytesIO()
    screen = io.TextIOWrapper(shown, "utf-8", write_through=True)
    monkeypatch.setattr(screen, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setattr(sys, "stderr", screen)

    def program() -> None:
        for _ in with_progress(["a", "b"], 2):
            StandardOutput().write(b"a line\n")

    assert run(program, "program") == 0

    before = shown.getvalue().decode().split("a line\n")[:2]
    assert ["0/2" in text and text.endswith("\r") for text in before] == [True, True]


@pytest.mark.parametrize("case", ["one item", "quiet", "no terminal", "no stderr"])
def test_elsewhere_there_is_none(monkeypatch: pytest.MonkeyPatch, case: str) -> None:
    terminal = io.StringIO() if case == "no terminal" else Terminal()
    monkeypatch.setattr(sys, "stderr", None if case == "no stderr" else terminal)
    items = ["a"] if case == "one item" else ["a", "b"]

    def program() -> None:
        if case == "quiet":
            log.setLevel(logging.ERROR)
        assert list(with_progress(items, len(items))) == items

    assert run(program, "program") == 0
    assert terminal.getvalue() == ""
