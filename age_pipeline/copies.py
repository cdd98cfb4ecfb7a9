"""Copies of what one thread at a time may use."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

Thing = TypeVar("Thing")


class Copies(Generic[Thing]):
    """Lends copies of one thing, and makes another where all that there are have been lent.

    Args:
        first: The copy that there is already.
        make: Makes another, in the thread that wants it.
    """

    def __init__(self, first: Thing, make: Callable[[], Thing]) -> None:
        # Taking from the end of a list and adding there are safe between threads.
        self._free = [first]
        self._make = make

    @contextmanager
    def lent(self) -> Iterator[Thing]:
        """A copy that nobody else uses meanwhile."""
        try:
            copy = self._free.pop()
        except IndexError:
            copy = self._make()
        try:
            yield copy
        finally:
            self._free.append(copy)
