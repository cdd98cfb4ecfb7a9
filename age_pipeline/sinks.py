"""What takes the results of a run, in order: a sink, or several that do not disturb each other."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import ClassVar, Self

from age_pipeline.data import FailedInput, Frame, Person
from age_pipeline.errors import OutputError

log = logging.getLogger("detect_age")


@dataclass(frozen=True, slots=True)
class Ready:
    """A result that is ready to be written when its turn comes.

    Attributes:
        write: Writes it; raises OutputError where it cannot be written.
        weight: How many bytes of memory it holds until then.
    """

    write: Callable[[], None]
    weight: int = 0


class Sink(ABC):
    """Takes the result of each input, in order, and is closed when all are done.

    Unless it says otherwise, a failed input is nothing to it, and nothing is open at the end.

    Attributes:
        outlives_errors: Whether it takes the next result after one that could not be written.
    """

    outlives_errors: ClassVar[bool] = False

    @property
    def ended(self) -> bool:
        """Whether nobody wants a further result."""
        return False

    @abstractmethod
    def write(self, frame: Frame, people: Sequence[Person]) -> None:
        """Take a picture that was looked at. Raises OutputError where it cannot be written."""

    def prepare(self, frame: Frame, people: Sequence[Person]) -> Ready:
        """Do what `write` can do of a picture before its turn, in any thread.

        Raises OutputError where it cannot be written.
        """
        return Ready(partial(self.write, frame, people), frame.image.nbytes)

    def fail(self, failed: FailedInput) -> None:  # noqa: B027
        """Take an input that gave no picture. Raises OutputError where it cannot be written."""

    def close(self) -> None:  # noqa: B027
        """Finish what is open, also where the program ends early. Raises OutputError."""

    def abandon(self) -> None:
        """Finish what is open where the program is stopped. Raises OutputError."""
        self.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.abandon()


class Sinks(Sink):
    """Several sinks as one. An error of one is logged, and keeps no result from the others.

    A sink whose reader has gone (`| head`) or that has failed is left out, and it has all `ended`
    if it was the last.

    Args:
        sinks: Should one of them not open, those before it are abandoned.

    Attributes:
        is_unread: Whether it has ended because nobody reads on.
    """

    def __init__(self, sinks: Iterable[Sink]) -> None:
        self._sinks: list[Sink] = []
        self.is_unread = False
        try:
            for sink in sinks:
                self._sinks.append(sink)
        except BaseException:
            self.abandon()
            raise
        self._is_wanted = bool(self._sinks)

    @property
    def ended(self) -> bool:
        has_lost_all = self._is_wanted and not self._sinks
        return has_lost_all or any(sink.ended for sink in self._sinks)

    def write(self, frame: Frame, people: Sequence[Person]) -> None:
        self._each(lambda sink: sink.write(frame, people))

    def begin(self) -> Begun:
        """Begin a result, for the sinks that there are by now."""
        parts: dict[Sink, Future[Ready]] = {sink: Future() for sink in list(self._sinks)}
        return Begun(parts, lambda: self._each(lambda sink: parts[sink].result().write()))

    def fail(self, failed: FailedInput) -> None:
        self._each(lambda sink: sink.fail(failed))

    def close(self) -> None:
        self._each(lambda sink: sink.close())

    def abandon(self) -> None:
        self._each(lambda sink: sink.abandon())

    def _each(self, action: Callable[[Sink], None]) -> None:
        for sink in list(self._sinks):
            try:
                action(sink)
            except OutputError as error:
                log.error("%s", error)
                if not sink.outlives_errors:
                    self._sinks.remove(sink)
            except BrokenPipeError:
                self._sinks.remove(sink)
                self.is_unread = not self._sinks


@dataclass(frozen=True, slots=True)
class Begun:
    """What several sinks write of one input: each has its part before that of the next is begun.

    Attributes:
        parts: Of each sink.
        write: Writes them in their order, and waits for each; an error of one is told in its turn.
    """

    parts: Mapping[Sink, Future[Ready]]
    write: Callable[[], None]

    def prepare(self, frame: Frame, people: Sequence[Person]) -> int:
        """Prepare all parts, in any thread; returns how many bytes of memory they hold."""
        weight = 0
        for sink, part in self.parts.items():
            try:
                ready = sink.prepare(frame, people)
                weight += ready.weight
                part.set_result(ready)
            except OutputError as error:
                # A new one: the traceback of this one holds on to the pixels.
                part.set_exception(OutputError(str(error)))
            except BaseException as error:  # it belongs to whoever writes this part
                part.set_exception(error)
        return weight


class PreparedSink(Sink):
    """A sink that needs no pixels any more when a picture's turn comes."""

    @abstractmethod
    def prepare(self, frame: Frame, people: Sequence[Person]) -> Ready: ...

    def write(self, frame: Frame, people: Sequence[Person]) -> None:
        self.prepare(frame, people).write()
