from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from age_pipeline.copies import Copies


class Made:
    """Counts what is made."""

    def __init__(self) -> None:
        self.count = 0

    def another(self) -> str:
        self.count += 1
        return f"copy {self.count}"


def test_one_after_another_needs_no_second_copy() -> None:
    made = Made()
    copies = Copies("the first", made.another)
    for _ in range(3):
        with copies.lent() as copy:
            assert copy == "the first"
    assert made.count == 0


def test_whoever_comes_meanwhile_gets_another() -> None:
    made = Made()
    copies = Copies("the first", made.another)
    meeting = threading.Barrier(3)

    def use(_: int) -> str:
        with copies.lent() as copy:
            meeting.wait(20)
            return copy

    with ThreadPoolExecutor(3) as pool:
        for _ in range(2):
            assert set(pool.map(use, range(3))) == {"the first", "copy 1", "copy 2"}
    assert made.count == 2


def test_a_copy_comes_back_from_an_error() -> None:
    copies = Copies("the first", Made().another)
    with pytest.raises(LookupError), copies.lent():
        raise LookupError
    with copies.lent() as copy:
        assert copy == "the first"


def test_what_cannot_be_made_is_the_borrowers_error() -> None:
    def fail() -> str:
        raise LookupError("no more")

    copies = Copies("the first", fail)
    with copies.lent():
        for _ in range(2):
            with pytest.raises(LookupError, match="no more"), copies.lent():
                pass
    with copies.lent() as copy:
        assert copy == "the first"
