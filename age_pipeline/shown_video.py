"""A video in a window, with its keys and its frames per second."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable
from itertools import chain, count
from pathlib import Path

from age_pipeline.annotated_pictures import encode
from age_pipeline.data import Frame, Image
from age_pipeline.destinations import write_whole
from age_pipeline.errors import OutputError
from age_pipeline.window import Window

PAUSE_KEY, SAVE_KEY = " ", "s"

_AVERAGED_FRAMES = 30
_TITLE_EVERY_S = 0.5

log = logging.getLogger("detect_age")


class ShownVideo:
    """Shows frames as they come; a file's no faster than it was taken.

    The space bar pauses and goes on, s saves the frame that is seen as a PNG where the program was
    started, under a name that no file has; q and Esc and closing the window end it: see `ended`.

    Args:
        window: Where to show them; opened and closed by whoever made it.
        title: What its title bar begins with.
        is_live: Whether frames come when they are taken, so that there is no pace to keep.
        clock: Seconds from any beginning.
    """

    def __init__(
        self,
        window: Window,
        title: str,
        *,
        is_live: bool,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._window = window
        self._title = title
        self._is_live = is_live
        self._clock = clock
        self._begun_s: float | None = None
        self._shown_s: deque[float] = deque(maxlen=_AVERAGED_FRAMES)
        self._titled_s = -_TITLE_EVERY_S

    @property
    def ended(self) -> bool:
        return self._window.ended

    def poll(self) -> bool:
        """Whether the user has ended it by now, while no frame comes. Other keys do nothing."""
        self._window.poll()
        return self._window.ended

    def show(self, frame: Frame, drawn: Image) -> None:
        """Show one frame, and do what keys ask for.

        Args:
            frame: What was looked at.
            drawn: Its picture with the people in it.
        """
        key = self._window.show(drawn, wait_s=self._early_s(frame))
        if key == SAVE_KEY:
            self._save(frame, drawn)
        elif key == PAUSE_KEY:
            self._pause(frame, drawn)
        self._tell_rate()

    def _early_s(self, frame: Frame) -> float:
        """How long to wait until the frame is due."""
        if self._is_live or frame.time_s is None:
            return 0.0
        now_s = self._clock()
        if self._begun_s is None:
            self._begun_s = now_s - frame.time_s
        early_s = self._begun_s + frame.time_s - now_s
        if early_s < 0:
            # Whoever is late does not hurry afterwards.
            self._begun_s -= early_s
        return max(0.0, early_s)

    def _pause(self, frame: Frame, drawn: Image) -> None:
        paused_s = self._clock()
        self._window.entitle(f"{self._title}: paused")
        while not self._window.ended:
            key = self._window.show(drawn)
            if key == PAUSE_KEY:
                break
            if key == SAVE_KEY:
                self._save(frame, drawn)
        if self._begun_s is not None:
            self._begun_s += self._clock() - paused_s
        self._shown_s.clear()

    def _save(self, frame: Frame, drawn: Image) -> None:
        name = f"frame-{frame.index:06d}"
        copies = (Path(f"{name}-{number}.png") for number in count(2))
        path = next(path for path in chain([Path(f"{name}.png")], copies) if not path.exists())
        try:
            write_whole(path, encode(drawn, path.suffix))
        except OutputError as error:
            log.error("%s", error)
        else:
            log.info("saved %s", path)

    def _tell_rate(self) -> None:
        now_s = self._clock()
        self._shown_s.append(now_s)
        took_s = now_s - self._shown_s[0]
        if took_s > 0 and now_s - self._titled_s >= _TITLE_EVERY_S:
            rate = (len(self._shown_s) - 1) / took_s
            self._window.entitle(f"{self._title}: {rate:.1f} frames per second")
            self._titled_s = now_s
