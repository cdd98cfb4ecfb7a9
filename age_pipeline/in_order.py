"""Work on several items at once, in threads, and the results in the items' order.

It is known of items and of results how much room they take: however many there are and however
large, those that are in memory at once fit the room, beside the largest of them.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from threading import Condition, Lock, Thread
from types import TracebackType
from typing import Generic, Protocol, Self, TypeVar

_PATIENCE_S = 0.2
"""How long leaving waits for what is being worked on."""


class Weighed(Protocol):
    """What takes up room."""

    @property
    def weight(self) -> int:
        """How much of it, at most, while it is worked on."""
        ...


Item = TypeVar("Item", bound=Weighed)
Result = TypeVar("Result")


class InOrder(Generic[Item, Result]):
    """Iterates over the results of items, in order, while threads work on those that follow.

        def look_at(picture, give):
            ages = ...
            give(ages)
            return 0

        with InOrder(pictures, look_at, jobs=4, room=10**9, ahead=100) as results:
            for ages in results:
                ...

    What `work` raises is raised in the place of its result, and what `items` raises at their end.
    Leaving waits for what is being worked on, but only a moment: see `is_working`.

    Args:
        items: Run by one thread at a time, whichever it is. The next is taken as soon as the one
            before it has room.
        work: Run by all threads at once, with an item and with what its result is given to. It may
            go on after that, while the result is in use already, but must not raise any more. It
            returns how much room the result takes until its turn has come and gone.
        jobs: How many threads.
        room: How much may be in memory at once, beside the largest: of items that are worked on,
            of results that wait, and of the one that was given last.
        ahead: How many of them there may be; at least `jobs`.
    """

    def __init__(
        self,
        items: Iterable[Item],
        work: Callable[[Item, Callable[[Result], None]], int],
        *,
        jobs: int,
        room: int,
        ahead: int,
    ) -> None:
        if not 1 <= jobs <= ahead:
            raise ValueError(f"expected 1 <= jobs <= ahead, got {jobs} and {ahead}")
        self._items = iter(items)
        self._work = work
        self._room = room
        self._ahead = ahead
        # Held until what was taken has room. Were a later item let in before it, the result of the
        # later one could fill the room, and wait for ever for the turn of this one.
        self._taking = Lock()
        self._changed = Condition()
        self._places: deque[_Place[Result]] = deque()
        self._has_given = False
        self._has_ended = False
        self._busy = jobs
        self._workers = [_Worker(target=self._run, name=f"job {n + 1}") for n in range(jobs)]

    def __enter__(self) -> Self:
        try:
            for worker in self._workers:
                worker.start()
        except BaseException:
            self._leave()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._leave()

    def __iter__(self) -> Iterator[Result]:
        return self

    def __next__(self) -> Result:
        with self._changed:
            if self._has_given:
                self._changed.wait_for(lambda: self._places[0].is_finished)
                self._places.popleft()
                self._has_given = False
                self._changed.notify_all()
            self._changed.wait_for(self._has_next)
            if not self._places:
                raise StopIteration
            self._has_given = True
            return self._places[0].outcome.result()

    def _has_next(self) -> bool:
        if not self._places:
            return self._has_ended or not self._busy
        return self._places[0].outcome.done()

    def _leave(self) -> None:
        self._end()
        with self._changed:
            is_done = self._changed.wait_for(lambda: not self._busy, _PATIENCE_S)
        if is_done:
            for worker in self._workers:
                worker.join()

    def _run(self) -> None:
        try:
            while self._work_on_next():
                pass
        finally:
            with self._changed:
                self._busy -= 1
                self._changed.notify_all()

    def _work_on_next(self) -> bool:
        """Take an item and work on it; returns whether there was one."""
        taken = self._take()
        if taken is None:
            return False
        item, place = taken
        try:
            if not place.outcome.done():
                place.weight = self._work(item, partial(self._give, place))
        except BaseException as error:  # it belongs to whoever takes the result
            place.outcome.set_exception(error)
        finally:
            with self._changed:
                place.is_finished = True
                self._changed.notify_all()
        return True

    def _give(self, place: _Place[Result], result: Result) -> None:
        place.outcome.set_result(result)
        with self._changed:
            self._changed.notify_all()

    def _take(self) -> tuple[Item, _Place[Result]] | None:
        """The next item and its place, once it has room; None where nothing more is to be done."""
        with self._taking:
            if not self._goes_on_when(lambda: len(self._places) < self._ahead):
                return None
            place: _Place[Result] = _Place()
            try:
                item = next(self._items)
            except StopIteration:
                self._end()
                return None
            except BaseException as error:  # likewise
                place.outcome.set_exception(error)
                place.is_finished = True
                self._end(place)
                return None
            try:
                place.weight = item.weight
            except BaseException as error:  # likewise
                place.outcome.set_exception(error)
            if not self._goes_on_when(lambda: self._has_room(place)):
                return None
            with self._changed:
                self._places.append(place)
            return item, place

    def _end(self, *last: _Place[Result]) -> None:
        with self._changed:
            self._places.extend(last)
            self._has_ended = True
            self._changed.notify_all()

    def _has_room(self, place: _Place[Result]) -> bool:
        weights = [place.weight, *(each.weight for each in self._places)]
        return sum(weights) - max(weights) <= self._room

    def _goes_on_when(self, is_so: Callable[[], bool]) -> bool:
        """Wait until it is so; returns False where nobody wants anything more meanwhile."""
        with self._changed:
            self._changed.wait_for(lambda: self._has_ended or is_so())
            return not self._has_ended


@dataclass(eq=False, slots=True)
class _Place(Generic[Result]):
    """Of one item, and then of its result; finished once nobody works on it any more."""

    weight: int = 0
    outcome: Future[Result] = field(default_factory=Future)
    is_finished: bool = False


class _Worker(Thread):
    """A thread of `InOrder`."""


def is_working() -> bool:
    """Whether a thread that was left behind still works.

    It is inside a library, which nothing can stop. Python would wait for it at the end of the
    program; whoever does not want that ends the process.
    """
    return any(isinstance(each, _Worker) for each in threading.enumerate())
