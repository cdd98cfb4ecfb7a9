"""Pictures with the people drawn in, in a window, one after another."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import ExitStack

from age_pipeline.data import Frame, Person
from age_pipeline.drawing import draw_people
from age_pipeline.errors import WindowError
from age_pipeline.records import Reporting
from age_pipeline.sinks import Sink
from age_pipeline.window import Window

log = logging.getLogger("detect_age")


class ShownPictures(Sink):
    """Shows each picture until a key is pressed; `ended` once that is q or Esc.

    The window opens with the first picture. Where none can be opened the log says what to use
    instead, once: no picture is lost by it.
    """

    def __init__(self, reporting: Reporting) -> None:
        self._reporting = reporting
        self._opened = ExitStack()
        self._window: Window | None = None
        self._has_screen = True

    @property
    def ended(self) -> bool:
        return self._window is not None and self._window.ended

    def write(self, frame: Frame, people: Sequence[Person]) -> None:
        if self._window is None and self._has_screen:
            try:
                self._window = self._opened.enter_context(Window("detect_age"))
            except WindowError as error:
                self._has_screen = False
                log.info("%s", error)
        if self._window is not None:
            report = self._reporting
            drawn = draw_people(
                frame.image,
                people,
                interval_level=report.interval_level,
                at_least=report.at_least,
            )
            self._window.show(drawn)

    def close(self) -> None:
        self._opened.close()
