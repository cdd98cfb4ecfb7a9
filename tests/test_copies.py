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


@pytest.fixture(autouse=True)
def three_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("age_pipeline.copies.usable_cores", lambda: 3)


def test_the_first_is_made_at_once_and_serves_one_after_another() -> None:
    made = Made()
    copies = Copies(made.another)
    assert made.count == 1
    for _ in range(3):
        with copies.lent() as copy:
            assert copy == "copy 1"
    assert made.count == 1


def test_whoever_comes_meanwhile_gets_another() -> None:
    made = Made()
    copies = Copies(made.another)
    meeting = threading.Barrier(3)

    def use(_: int) -> str:
        with copies.lent() as copy:
            meeting.wait(20)
            return copy

    with ThreadPoolExecutor(3) as pool:
        for _ in range(2):
            assert set(pool.map(use, range(3))) == {"copy 1", "copy 2", "copy 3"}
    assert made.count == 3


def test_there_are_no_more_than_cores() -> None:
    made = Made()
    copies = Copies(made.another)
    meeting = threading.Barrier(3)
    lent: list[int] = []
    most: list[int] = []

    def use(number: int) -> None:
        with copies.lent():
            lent.append(number)
            if number < 3:
                meeting.wait(20)
            most.append(len(lent))
            lent.remove(number)

    with ThreadPoolExecutor(9) as pool:
        list(pool.map(use, range(90)))
    assert made.count == 3
    assert max(most) == 3


def test_a_copy_comes_back_from_an_error() -> None:
    copies = Copies(Made().another)
    with pytest.raises(LookupError), copies.lent():
        raise LookupError
    with copies.lent() as copy:
        assert copy == "copy 1"


def test_what_cannot_be_made_is_the_borrowers_error() -> None:
    errors = [LookupError("no more")] * 5

    def make() -> str:
        if made.count:
            raise errors.pop()
        return made.another()

    made = Made()
    copies = Copies(make)
    with copies.lent():
        for _ in range(5):
            with pytest.raises(LookupError, match="no more"), copies.lent():
                pass
    with copies.lent() as copy:
        assert copy == "copy 1"
