from __future__ import annotations

import threading
import traceback
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from threading import Event, Lock
from typing import Any

import pytest
from ctrl_c import ctrl_c_after
from hypothesis import given, settings
from hypothesis import strategies as st

from age_pipeline import in_order
from age_pipeline.in_order import InOrder, is_working

PLENTY = 10**9
TIMEOUT_S = 20


@dataclass(frozen=True)
class Load:
    """An item, or its result."""

    number: int
    weight: int = 1


def loads(*weights: int) -> list[Load]:
    return [Load(number, weight) for number, weight in enumerate(weights)]


def same(load: Load) -> Load:
    return load


def giving(work: Callable[[Load], Load]) -> Callable[[Load, Callable[[Load], None]], int]:
    """Gives a result and has done with it."""

    def work_and_give(load: Load, give: Callable[[Load], None]) -> int:
        result = work(load)
        give(result)
        return result.weight

    return work_and_give


def workers() -> list[threading.Thread]:
    return [each for each in threading.enumerate() if each.name.startswith("job ")]


def wait_until(is_so: Callable[[], bool]) -> None:
    for _ in range(4000):
        if is_so():
            return
        Event().wait(0.005)
    raise AssertionError("it never was")


class Gates:
    """Work that waits at some items until they are let go.

    Attributes:
        begun: The numbers of the items that were begun, in that order.
    """

    def __init__(self, *closed: int) -> None:
        self.begun: list[int] = []
        self._gates = {number: Event() for number in closed}

    def open(self, number: int) -> None:
        self._gates[number].set()

    def work(self, load: Load) -> Load:
        self.begun.append(load.number)
        if load.number in self._gates:
            assert self._gates[load.number].wait(TIMEOUT_S)
        return Load(load.number, 0)


class Watched:
    """Work that watches how much is in memory, from its beginning until the result is given up."""

    def __init__(self, room: int, result_weight: int) -> None:
        self._room = room
        self._result_weight = result_weight
        self._weights: dict[int, int] = {}
        self._lock = Lock()
        self.is_overfull = False
        self.most = 0

    def work(self, load: Load) -> Load:
        result = Load(load.number, min(self._result_weight, load.weight))
        with self._lock:
            self._weights[load.number] = load.weight
            weights = self._weights.values()
            self.is_overfull |= sum(weights) - max(weights) > self._room
            self.most = max(self.most, len(weights))
        Event().wait(0.0003 * (load.number % 3))
        with self._lock:
            self._weights[load.number] = result.weight
        return result

    def give_up(self, number: int) -> None:
        with self._lock:
            self._weights.pop(number, None)


@settings(max_examples=60)
@given(
    weights=st.lists(st.integers(0, 30), max_size=25),
    result_weight=st.sampled_from([0, 5, 30]),
    jobs=st.integers(1, 5),
    room=st.integers(0, 40),
    more=st.integers(0, 4),
)
def test_everything_in_order_within_the_room(
    weights: list[int], result_weight: int, jobs: int, room: int, more: int
) -> None:
    watched = Watched(room, result_weight)
    found = []
    with InOrder(
        loads(*weights), giving(watched.work), jobs=jobs, room=room, ahead=jobs + more
    ) as results:
        for result in results:
            found.append(result.number)
            Event().wait(0.0002)
            watched.give_up(result.number)

    assert found == list(range(len(weights)))
    assert not watched.is_overfull
    assert watched.most <= jobs + more
    assert workers() == []


def test_several_are_worked_on_at_once() -> None:
    meeting = threading.Barrier(3)

    def meet(load: Load) -> Load:
        meeting.wait(TIMEOUT_S)
        return load

    with InOrder(loads(1, 1, 1), giving(meet), jobs=3, room=PLENTY, ahead=3) as results:
        assert [each.number for each in results] == [0, 1, 2]


def test_a_slow_one_keeps_nobody_else_from_work() -> None:
    gates = Gates(0)
    with InOrder(loads(*[1] * 40), giving(gates.work), jobs=2, room=PLENTY, ahead=30) as results:
        wait_until(lambda: len(gates.begun) == 30)
        gates.open(0)
        assert [each.number for each in results] == list(range(40))


def test_so_many_are_ahead_and_no_more() -> None:
    gates = Gates()
    with InOrder(loads(*[1] * 40), giving(gates.work), jobs=3, room=PLENTY, ahead=7) as results:
        wait_until(lambda: len(gates.begun) == 7)
        Event().wait(0.05)
        assert len(gates.begun) == 7
        for number in (0, 1):
            assert next(results).number == number
        # The one that was given last is still somebody's.
        wait_until(lambda: len(gates.begun) == 8)
        Event().wait(0.05)
        assert len(gates.begun) == 8


def test_small_ones_go_on_beside_a_large_one_and_a_second_large_one_waits() -> None:
    gates = Gates(0)
    with InOrder(loads(100, 4, 4, 90, 1), giving(gates.work), jobs=4, room=10, ahead=9) as results:
        wait_until(lambda: sorted(gates.begun) == [0, 1, 2])
        Event().wait(0.05)
        assert sorted(gates.begun) == [0, 1, 2]
        gates.open(0)
        assert [each.number for each in results] == [0, 1, 2, 3, 4]


def test_a_result_that_waits_takes_up_only_its_own_room() -> None:
    gates = Gates()
    with InOrder(loads(*[10] * 40), giving(gates.work), jobs=1, room=5, ahead=30):
        wait_until(lambda: len(gates.begun) == 30)


def test_what_is_larger_than_the_room_is_worked_on_alone() -> None:
    gates = Gates(1)
    with InOrder(loads(5, 100, 5, 5), giving(gates.work), jobs=4, room=0, ahead=9) as results:
        assert next(results).number == 0
        wait_until(lambda: gates.begun == [0, 1])
        Event().wait(0.05)
        assert gates.begun == [0, 1]
        gates.open(1)
        assert [each.number for each in results] == [1, 2, 3]


def test_what_was_given_is_kept_until_the_next_is_asked_for_and_no_longer() -> None:
    gates = Gates(1)
    with InOrder(loads(1, 1), giving(gates.work), jobs=1, room=PLENTY, ahead=2) as results:
        given_up = weakref.ref(next(results))
        is_given_up: list[bool] = []

        def look_and_open() -> None:
            is_given_up.append(given_up() is None)
            gates.open(1)

        threading.Timer(0.1, look_and_open).start()
        assert next(results).number == 1
        assert is_given_up == [True]


def test_a_result_is_in_use_while_work_goes_on_and_the_next_is_not_before_it_has_ended() -> None:
    gates = Gates(0)
    ended: list[int] = []

    def give_and_go_on(load: Load, give: Callable[[Load], None]) -> int:
        give(load)
        gates.work(load)
        ended.append(load.number)
        return 0

    with InOrder(loads(1, 1), give_and_go_on, jobs=2, room=PLENTY, ahead=2) as results:
        assert next(results).number == 0
        wait_until(lambda: ended == [1])
        threading.Timer(0.1, gates.open, [0]).start()
        assert next(results).number == 1
        assert ended == [1, 0]


def test_what_goes_on_takes_up_its_room() -> None:
    gates = Gates(0)

    def give_and_go_on(load: Load, give: Callable[[Load], None]) -> int:
        give(load)
        return gates.work(load).weight

    with InOrder(loads(5, 5, 5), give_and_go_on, jobs=2, room=4, ahead=3) as results:
        assert next(results).number == 0
        begun: list[list[int]] = []

        def look_and_open() -> None:
            begun.append(list(gates.begun))
            gates.open(0)

        threading.Timer(0.1, look_and_open).start()
        # Asked for the next, it still holds on to the first.
        assert [each.number for each in results] == [1, 2]
        assert begun == [[0]]


def failing(load: Load) -> Load:
    if load.number % 2:
        raise LookupError(f"number {load.number}")
    return load


def test_an_error_comes_in_its_place_with_its_traceback() -> None:
    with InOrder(loads(1, 1, 1), giving(failing), jobs=2, room=PLENTY, ahead=4) as results:
        assert next(results).number == 0
        with pytest.raises(LookupError, match="number 1") as raised:
            next(results)
        assert "failing" in [frame.name for frame in traceback.extract_tb(raised.tb)]
        assert next(results).number == 2
        assert list(results) == []


def test_an_error_that_nobody_handles_ends_everything() -> None:
    with (
        pytest.raises(LookupError, match="number 1"),
        InOrder(loads(*[1] * 100), giving(failing), jobs=3, room=PLENTY, ahead=4) as results,
    ):
        list(results)
    assert workers() == []


def test_an_error_of_the_items_comes_after_those_before_it() -> None:
    def items() -> Iterator[Load]:
        yield from loads(1, 1)
        raise LookupError("no more")

    with InOrder(items(), giving(same), jobs=2, room=PLENTY, ahead=4) as results:
        assert [next(results).number for _ in range(2)] == [0, 1]
        with pytest.raises(LookupError, match="no more"):
            next(results)
        assert list(results) == []


@pytest.mark.parametrize("taken", [0, 1, 5])
def test_leaving_early_takes_nothing_more_and_leaves_no_thread(taken: int) -> None:
    gates = Gates()
    with InOrder(loads(*[1] * 1000), giving(gates.work), jobs=3, room=PLENTY, ahead=6) as results:
        for _ in range(taken):
            next(results)
    assert workers() == []
    assert len(gates.begun) <= taken + 6


def test_leaving_waits_only_a_moment_for_what_cannot_be_stopped() -> None:
    gates = Gates(0, 1)
    with InOrder(loads(*[1] * 9), giving(gates.work), jobs=2, room=PLENTY, ahead=6):
        wait_until(lambda: len(gates.begun) == 2)
    assert is_working()
    gates.open(0)
    gates.open(1)
    wait_until(lambda: not is_working())
    assert sorted(gates.begun) == [0, 1]


def test_leaving_waits_that_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(in_order, "_PATIENCE_S", TIMEOUT_S)
    gates = Gates(0)
    with InOrder(loads(1), giving(gates.work), jobs=1, room=PLENTY, ahead=1):
        wait_until(lambda: gates.begun == [0])
        threading.Timer(0.1, gates.open, [0]).start()
    assert not is_working()


def test_ctrl_c_while_everybody_is_inside_a_library() -> None:
    gates = Gates(0, 1)
    with (
        ctrl_c_after(0.2),
        InOrder(loads(1, 1, 1), giving(gates.work), jobs=2, room=PLENTY, ahead=6) as results,
    ):
        next(results)
    assert is_working(), "nobody waited for them"
    gates.open(0)
    gates.open(1)
    wait_until(lambda: not is_working())
    assert sorted(gates.begun) == [0, 1]


def test_threads_that_cannot_be_started_leave_none_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    start = threading.Thread.start

    def limited(thread: threading.Thread) -> None:
        if thread.name == "job 3":
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", limited)
    with (
        pytest.raises(RuntimeError, match="can't start"),
        InOrder(loads(*[1] * 9), giving(same), jobs=4, room=PLENTY, ahead=6),
    ):
        pass
    assert workers() == []


@pytest.mark.parametrize(("jobs", "ahead"), [(0, 1), (-1, 1), (3, 2)])
def test_too_few(jobs: int, ahead: int) -> None:
    with pytest.raises(ValueError, match="1 <= jobs <= ahead"):
        InOrder(loads(1), giving(same), jobs=jobs, room=PLENTY, ahead=ahead)


class Unweighable:
    """An item that fails to say how much room it takes."""

    @property
    def weight(self) -> int:
        raise SystemError("a bad header")


def test_what_cannot_be_weighed_is_an_error_in_its_place() -> None:
    items: list[Any] = [Load(0), Unweighable(), Load(2)]
    with InOrder(items, giving(same), jobs=2, room=PLENTY, ahead=9) as results:
        assert next(results) == Load(0)
        with pytest.raises(SystemError, match="a bad header"):
            next(results)
        assert list(results) == [Load(2)]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_nobody_waits_for_workers_that_are_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise MemoryError

    monkeypatch.setattr(in_order, "_Place", fail)
    with InOrder(loads(1, 1), giving(same), jobs=2, room=PLENTY, ahead=9) as results:
        assert list(results) == []
