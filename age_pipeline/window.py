"""The one file that opens a window, and that knows why none can be opened."""

from __future__ import annotations

import ctypes
import os
import re
import sys
import time
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Self

import cv2
import numpy as np

from age_pipeline.data import Image, require_image
from age_pipeline.errors import WindowError
from age_pipeline.installed_packages import installed_name, pip_install, pip_uninstall

QUIT_KEYS = ("q", "Q", "\x1b")
"""The keys that end a window; the last one is Esc."""

_UNKNOWN_SCREEN = (1280, 720)
"""Assumed where the screen's size is not to be had: nearly every screen holds this."""

_SHARE_OF_SCREEN = 0.9
"""The rest is for title bars and panels."""

_PATIENCE_MS = 30
"""How long OpenCV may wait at a stretch: Ctrl-C and the closing of the window are seen between."""


class Window:
    """A window that shows one picture after another.

        with Window("ages") as window:
            while not window.ended:
                window.show(next_picture(), wait_s=0.01)

    Args:
        title: What its title bar says.
        instead: What the user can do without a window, for the error.

    Attributes:
        ended: Whether the user has pressed q or Esc, or closed the window. Whoever shows pictures
            stops then; a window that was closed stays closed.
    """

    def __init__(self, title: str, instead: str = "use --output to have a file instead") -> None:
        self.ended = False
        self._title = title
        self._instead = instead
        self._screen = _UNKNOWN_SCREEN
        self._is_sized = False

    def __enter__(self) -> Self:
        """Open the window.

        Raises:
            WindowError: There is no screen here, or OpenCV cannot use it.
        """
        obstacle = _obstacle()
        if obstacle is not None:
            raise WindowError(f"no window can be opened: {obstacle}; {self._instead}")
        if _qt_plugin() is not None:
            # A desktop may ask all Qt programs for Wayland, which this OpenCV would die of.
            os.environ["QT_QPA_PLATFORM"] = "xcb"
        if _has_x():
            self._screen = _x_screen(os.environ["DISPLAY"])
        flags = cv2.WINDOW_NORMAL | cv2.WINDOW_KEEPRATIO | cv2.WINDOW_GUI_NORMAL
        cv2.namedWindow(self._title, flags)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # OpenCV raises where the user has closed the window already.
        with suppress(cv2.error):
            cv2.destroyWindow(self._title)
            cv2.waitKey(1)

    def show(self, image: Image, wait_s: float | None = None) -> str | None:
        """Show a picture, shrunk where it is larger than the screen, and wait for a key.

        Args:
            image: Colour picture, uint8, shape (height, width, 3), blue-green-red. Not modified.
            wait_s: How long to wait at most, in seconds; None waits for a key or for the closing
                of the window.

        Returns:
            The key that was pressed, for example "s"; None if none was in that time, or if the
            window was closed. See `ended` for whether that key ends it.
        """
        require_image(image)
        if self.ended:
            return None
        cv2.imshow(self._title, self._fitted(image))
        return self._wait(wait_s)

    def poll(self) -> None:
        """See whether the user has ended it, where there is no new picture to show."""
        if not self.ended:
            self._wait(0)

    def entitle(self, title: str) -> None:
        """Write something else into the title bar; nothing happens once the window has `ended`."""
        if not self.ended:
            cv2.setWindowTitle(self._title, title)

    def _fitted(self, image: Image) -> Image:
        height, width = image.shape[:2]
        screen_width, screen_height = self._screen
        scale = min(
            1.0, _SHARE_OF_SCREEN * screen_width / width, _SHARE_OF_SCREEN * screen_height / height
        )
        size = max(1, round(width * scale)), max(1, round(height * scale))
        if not self._is_sized:
            cv2.resizeWindow(self._title, *size)
            self._is_sized = True
        if scale == 1:
            return image
        return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)

    def _wait(self, wait_s: float | None) -> str | None:
        end_s = None if wait_s is None else time.monotonic() + wait_s
        while True:
            left_ms = _PATIENCE_MS if end_s is None else (end_s - time.monotonic()) * 1000
            # `waitKey` would give the low byte alone: of the left arrow, that is a Q.
            code = cv2.waitKeyEx(max(1, min(_PATIENCE_MS, round(left_ms))))
            if 0 <= code < 256:
                key = chr(code)
                self.ended = key in QUIT_KEYS
                return key
            if not self._is_open():
                self.ended = True
                return None
            if end_s is not None and time.monotonic() >= end_s:
                return None

    def _is_open(self) -> bool:
        # With Qt, asking for the property of the last window that was closed raises.
        with suppress(cv2.error):
            return cv2.getWindowProperty(self._title, cv2.WND_PROP_VISIBLE) >= 1
        return False


def _obstacle() -> str | None:
    """Why no window can be opened here, and what to do; None if one can."""
    toolkit = re.search(r"^\s*GUI:\s*(\S+)", cv2.getBuildInformation(), re.MULTILINE)
    if toolkit is None or toolkit[1] == "NONE":
        wheel = installed_name("cv2", "opencv-python-headless")
        return (
            f"this OpenCV was built without windows (`{pip_uninstall(wheel)}` and"
            f" `{pip_install(wheel.removesuffix('-headless') + '<6')}` bring them)"
        )
    if not _has_x():
        return None
    # Qt does not return from what is asked here: it ends the process.
    display = os.environ.get("DISPLAY")
    if not display:
        return "DISPLAY names no screen"
    try:
        _x_screen(display)
    except OSError as error:
        return str(error)
    plugin = _qt_plugin()
    if plugin is not None:
        try:
            ctypes.CDLL(str(plugin))
        except OSError as error:
            return (
                f"{error} (on Debian, `apt-get install libsm6 libice6 libgl1` brings what it needs)"
            )
    return None


def _has_x() -> bool:
    """Whether this is a system where OpenCV's windows are X windows, under Wayland as well."""
    return sys.platform not in ("darwin", "win32", "cygwin")


def _qt_plugin() -> Path | None:
    """What connects the Qt that pip's OpenCV carries to a screen; other builds carry none."""
    plugin = Path(cv2.__file__).parent / "qt/plugins/platforms/libqxcb.so"
    return plugin if plugin.exists() else None


class _Screens(ctypes.Structure):
    """`xcb_screen_iterator_t`: here, the first screen of a display."""

    _fields_ = (
        ("screen", ctypes.c_void_p),
        ("rem", ctypes.c_int),
        ("index", ctypes.c_int),
    )


@cache
def _x_screen(display: str) -> tuple[int, int]:
    """Width and height in pixels of the first screen of an X server.

    The connection stays open as long as the process: an X server may start anew when its last
    client leaves it, as under xvfb-run, and would refuse the window then.

    Raises:
        OSError: There is no such server, it refuses us, or the library is absent that asks it.
    """
    xcb = ctypes.CDLL("libxcb.so.1")
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_get_setup.restype = ctypes.c_void_p
    xcb.xcb_setup_roots_iterator.restype = _Screens
    connection = ctypes.c_void_p(xcb.xcb_connect(os.fsencode(display), None))
    if xcb.xcb_connection_has_error(connection):
        xcb.xcb_disconnect(connection)
        raise ConnectionError(f"the screen {display} cannot be reached")
    setup = ctypes.c_void_p(xcb.xcb_get_setup(connection))
    screen = xcb.xcb_setup_roots_iterator(setup).screen
    # xcb_screen_t begins with five 32-bit fields; width and height follow as 16-bit ones.
    width, height = (ctypes.c_uint16 * 2).from_address(screen + 20)
    return int(width), int(height)
