from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Generator

import pytest
from ctrl_c import ctrl_c_after

from age_pipeline import reading_thread
from age_pipeline.reading_thread import ReadingThread


class Numbers:
    """Counts, and tells how far it has come.

    Attributes:
        given: How many it has given.
        closed_in: The thread that closed it.
    """

    def __init__(self, last: int = 1_000_000, pause_s: float = 0.0) -> None:
        self.given = 0
        self.closed_in = ""
        self._last = last
        self._pause_s = pause_s

    def items(self) -> Generator[int, None, None]:
        try:
            for number in range(self._last):
                self.given += 1
                yield number
                time.sleep(self._pause_s)
        finally:
            self.closed_in = threading.current_thread().name


def wait_until(is_so: Callable[[], bool]) -> None:
    for _ in range(1000):
        if is_so():
            return
        time.sleep(0.005)
    raise AssertionError("it never was")


def wait_until_given(numbers: Numbers, count: int) -> None:
    wait_until(lambda: numbers.given >= count)


def test_everything_in_order() -> None:
    with ReadingThread(Numbers(100).items(), name="numbers") as thread:
        assert list(thread.items()) == list(range(100))
        assert list(thread.items()) == []


def test_it_reads_ahead_and_no_further() -> None:
    numbers = Numbers()
    with ReadingThread(numbers.items(), name="numbers", ahead=3) as thread:
        wait_until_given(numbers, 4)
        time.sleep(0.05)
        assert numbers.given == 4, "three wait, and one is in its hand"
        items = thread.items()
        assert [next(items) for _ in range(10)] == list(range(10))


def test_the_newest_only() -> None:
    numbers = Numbers(pause_s=0.001)
    with ReadingThread(numbers.items(), name="numbers", newest_only=True) as thread:
        items = thread.items()
        seen = []
        for _ in range(3):
            wait_until_given(numbers, numbers.given + 20)
            before = numbers.given
            seen.append(next(items))
            assert seen[-1] >= before - 2
    assert seen == sorted(seen)


@pytest.mark.parametrize("newest_only", [False, True])
def test_leaving_ends_the_thread_and_closes_what_it_reads(newest_only: bool) -> None:
    numbers = Numbers()
    with ReadingThread(numbers.items(), name="numbers", newest_only=newest_only) as thread:
        next(thread.items())
        assert numbers.closed_in == ""
    assert numbers.closed_in.startswith("numbers")
    assert not [each for each in threading.enumerate() if each.name.startswith("numbers")]


def test_an_error_comes_after_what_was_read() -> None:
    def failing() -> Generator[int, None, None]:
        yield 1
        raise LookupError("no more")

    with ReadingThread(failing(), name="failing") as thread:
        items = thread.items()
        assert next(items) == 1
        with pytest.raises(LookupError, match="no more"):
            next(items)


def test_waiting_for_the_first_takes_nothing() -> None:
    with ReadingThread(Numbers(3).items(), name="numbers") as thread:
        thread.wait_for_first()
        assert list(thread.items()) == [0, 1, 2]
        thread.wait_for_first()


def test_what_ends_it_before_the_first() -> None:
    def failing() -> Generator[int, None, None]:
        raise LookupError("none at all")
        yield

    with (
        ReadingThread(failing(), name="failing") as thread,
        pytest.raises(LookupError, match="none at all"),
    ):
        thread.wait_for_first()


def test_who_has_to_wait_is_told_for_what(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO, "detect_age")
    for silent_s, told in ((10.0, []), (0.01, ["waiting for numbers to let go"])):
        monkeypatch.setattr(reading_thread, "_SILENT_S", silent_s)
        with ReadingThread(Numbers(pause_s=0.2).items(), name="numbers") as thread:
            thread.wait_for_first()
        assert caplog.messages == told


def test_a_second_ctrl_c_leaves_the_rest_to_the_thread() -> None:
    numbers = Numbers(pause_s=1.0)
    with ctrl_c_after(0.1, 0.3), ReadingThread(numbers.items(), name="numbers") as thread:
        items = thread.items()
        next(items)
        next(items)
    assert numbers.closed_in == ""
    wait_until(lambda: numbers.closed_in.startswith("numbers"))


def test_nobody_waits_any_longer() -> None:
    answers = [False, True]
    with ReadingThread(Numbers(pause_s=0.5).items(), name="numbers") as thread:
        items = thread.items(is_over=lambda: answers.pop(0))
        assert list(items) == [0]
    assert not answers


def test_a_timeout() -> None:
    numbers = Numbers(pause_s=0.2)
    with ReadingThread(numbers.items(), name="numbers") as thread:
        items = thread.items(0.02)
        assert next(items) == 0
        with pytest.raises(TimeoutError, match=r"0\.02 s"):
            next(items)
