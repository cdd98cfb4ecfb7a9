"""A screen that nobody sees, with a keyboard, for tests that open a real window."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from types import TracebackType
from typing import Self

MISSING = [program for program in ("Xvfb", "xdotool") if shutil.which(program) is None]
"""What has to be installed before there can be such a screen."""


_SERVER = ("Xvfb", "-screen", "0", "1024x768x24", "-nolisten", "tcp", "-noreset")

_CLIENT_MESSAGE = 33


class _ClientMessage(ctypes.Structure):
    """`XClientMessageEvent`, padded to the size of any `XEvent`."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("serial", ctypes.c_ulong),
        ("send_event", ctypes.c_int),
        ("display", ctypes.c_void_p),
        ("window", ctypes.c_ulong),
        ("message_type", ctypes.c_ulong),
        ("format", ctypes.c_int),
        ("data", ctypes.c_long * 5),
        ("rest", ctypes.c_long * 24),
    )


class VirtualScreen:
    """An X server of its own, 1024x768.

    Attributes:
        environment: For programs that are to use this screen.
    """

    def __enter__(self) -> Self:
        reader, writer = os.pipe()
        self._server = subprocess.Popen(
            [*_SERVER, "-displayfd", str(writer)],
            pass_fds=[writer],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(writer)
        with os.fdopen(reader) as answer:
            display = f":{answer.readline().strip()}"
        self.environment = {**os.environ, "DISPLAY": display}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.terminate()
        self._server.wait(10)

    def find(self, title: str) -> int:
        """Wait until a window of that title is on the screen; returns its number."""
        found = self._xdotool("search", "--sync", "--onlyvisible", "--name", f"^{title}$")
        return int(found.split()[0])

    def size(self, window: int) -> tuple[int, int]:
        """Width and height of a window in pixels."""
        shown = self._xdotool("getwindowgeometry", "--shell", str(window))
        values = dict(line.split("=") for line in shown.split())
        return int(values["WIDTH"]), int(values["HEIGHT"])

    def press(self, window: int, key: str) -> None:
        """Press a key with the pointer on a window: that has the focus where nobody manages it."""
        self._xdotool("mousemove", "--window", str(window), "20", "20", "key", key)

    def close(self, window: int) -> None:
        """Ask a window to close, as the cross in its title bar does."""
        xlib = ctypes.CDLL("libX11.so.6")
        xlib.XOpenDisplay.restype = ctypes.c_void_p
        xlib.XInternAtom.restype = ctypes.c_ulong
        display = ctypes.c_void_p(xlib.XOpenDisplay(self.environment["DISPLAY"].encode()))
        protocols, delete = (
            xlib.XInternAtom(display, name, 0) for name in (b"WM_PROTOCOLS", b"WM_DELETE_WINDOW")
        )
        event = _ClientMessage(
            type=_CLIENT_MESSAGE, window=window, message_type=protocols, format=32, data=(delete,)
        )
        xlib.XSendEvent(display, ctypes.c_ulong(window), 0, 0, ctypes.byref(event))
        xlib.XCloseDisplay(display)

    def _xdotool(self, *arguments: str) -> str:
        done = subprocess.run(
            ["xdotool", *arguments],
            env=self.environment,
            check=True,
            capture_output=True,
            text=True,
            timeout=20,
        )
        return done.stdout
