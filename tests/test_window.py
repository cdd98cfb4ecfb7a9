from __future__ import annotations

import ctypes
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import cv2
import numpy as np
import pytest
from virtual_screen import MISSING, VirtualScreen

from age_pipeline import window
from age_pipeline.data import Image
from age_pipeline.errors import WindowError
from age_pipeline.window import Window

PICTURE = np.full((300, 400, 3), 90, np.uint8)

SHOW = """
import sys
import numpy as np
from age_pipeline.window import Window
height, width, wait_s = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
picture = np.full((height, width, 3), 90, np.uint8)
with Window("ages") as window:
    window.show(picture, 0.1)
    print("shown", flush=True)
    while not window.ended:
        key = window.show(picture, None if wait_s == "None" else float(wait_s))
        if key:
            print(key, flush=True)
print("ended")
"""


class FakeOpenCV:
    """Stands in for OpenCV's windows.

    Attributes:
        shown: The pictures that were shown.
        sizes: The sizes that the window was given.
        waits_ms: How long each wait was to be.
        keys: What is pressed during the next waits; -1 is nothing, None closes the window.
        is_open: Whether the window is there.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.shown: list[Image] = []
        self.sizes: list[tuple[int, int]] = []
        self.waits_ms: list[int] = []
        self.keys: list[int | None] = []
        self.is_open = False
        for name in ("namedWindow", "imshow", "resizeWindow", "waitKeyEx", "destroyWindow"):
            monkeypatch.setattr(cv2, name, getattr(self, name))
        monkeypatch.setattr(cv2, "getWindowProperty", self.get_property)

    def namedWindow(self, _title: str, _flags: int) -> None:  # noqa: N802
        self.is_open = True

    def imshow(self, _title: str, image: Image) -> None:
        self.shown.append(image)

    def resizeWindow(self, _title: str, width: int, height: int) -> None:  # noqa: N802
        self.sizes.append((width, height))

    def waitKeyEx(self, wait_ms: int) -> int:  # noqa: N802
        self.waits_ms.append(wait_ms)
        time.sleep(wait_ms / 1000)
        key = self.keys.pop(0) if self.keys else -1
        if key is None:
            self.is_open = False
            return -1
        return key

    def get_property(self, _title: str, _property: int) -> float:
        if not self.is_open:
            raise cv2.error("NULL guiReceiver (please create a window)")
        return 1.0

    def destroyWindow(self, _title: str) -> None:  # noqa: N802
        if not self.is_open:
            raise cv2.error("NULL guiReceiver (please create a window)")
        self.is_open = False


@pytest.fixture
def opencv(monkeypatch: pytest.MonkeyPatch) -> FakeOpenCV:
    """Windows that are not there, on a screen of 1000x500."""
    monkeypatch.setattr(window, "_obstacle", lambda: None)
    monkeypatch.setattr(window, "_x_screen", lambda _display: (1000, 500))
    monkeypatch.setenv("DISPLAY", ":4711")
    monkeypatch.setenv("QT_QPA_PLATFORM", "wayland")
    return FakeOpenCV(monkeypatch)


@pytest.fixture(scope="module")
def screen() -> Iterator[VirtualScreen]:
    if MISSING:
        pytest.skip(f"a real window needs {' and '.join(MISSING)}")
    with VirtualScreen() as virtual_screen:
        yield virtual_screen


@contextmanager
def shown_on(
    screen: VirtualScreen, height: int = 300, width: int = 400, wait_s: str = "None"
) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A program that shows a picture on a screen, and the number of its window there."""
    with subprocess.Popen(
        [sys.executable, "-c", SHOW, str(height), str(width), wait_s],
        env={**screen.environment, "PYTHONPATH": str(Path(__file__).parent.parent)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as program:
        try:
            assert program.stdout is not None
            assert program.stdout.readline() == "shown\n"
            yield program, screen.find("ages")
        finally:
            program.kill()


def test_a_key_is_returned_and_does_not_end_it(opencv: FakeOpenCV) -> None:
    opencv.keys = [-1, ord("s")]
    with Window("ages") as shown:
        assert shown.show(PICTURE) == "s"
        assert not shown.ended
    assert not opencv.is_open
    assert len(opencv.shown) == 1


@pytest.mark.parametrize("key", ["q", "Q", "\x1b"])
def test_q_and_escape_end_it(opencv: FakeOpenCV, key: str) -> None:
    opencv.keys = [ord(key)]
    with Window("ages") as shown:
        assert shown.show(PICTURE, 0) == key
        assert shown.ended
        assert shown.show(PICTURE, 0) is None
    assert len(opencv.shown) == 1, "nothing is shown after the end"


LEFT_ARROW = 0xFF51
"""Its low byte is that of Q."""


def test_keys_that_are_no_letters_do_nothing(opencv: FakeOpenCV) -> None:
    opencv.keys = [LEFT_ARROW, ord("s")]
    with Window("ages") as shown:
        assert shown.show(PICTURE) == "s"
        assert not shown.ended


def test_it_can_be_ended_where_nothing_new_is_shown(opencv: FakeOpenCV) -> None:
    opencv.keys = [-1, ord("s"), ord("q")]
    with Window("ages") as shown:
        ended = []
        for _ in range(4):
            shown.poll()
            ended.append(shown.ended)
    assert ended == [False, False, True, True]
    assert opencv.shown == []


def test_the_time_is_over(opencv: FakeOpenCV) -> None:
    with Window("ages") as shown:
        before_s = time.monotonic()
        assert shown.show(PICTURE, 0.1) is None
        assert time.monotonic() - before_s >= 0.1
        assert shown.show(PICTURE, 0) is None
        assert not shown.ended
    assert max(opencv.waits_ms) <= 50, "Ctrl-C is noticed between waits only"
    assert min(opencv.waits_ms) >= 1, "0 would wait for ever"


def test_closing_it_ends_it(opencv: FakeOpenCV) -> None:
    opencv.keys = [-1, None]
    with Window("ages") as shown:
        assert shown.show(PICTURE) is None
        assert shown.ended


def test_a_large_picture_is_shrunk_to_the_screen(opencv: FakeOpenCV) -> None:
    large = np.full((2000, 1000, 3), 90, np.uint8)
    with Window("ages") as shown:
        shown.show(large, 0)
        shown.show(PICTURE, 0)
    assert [image.shape for image in opencv.shown] == [(450, 225, 3), PICTURE.shape]
    assert opencv.sizes == [(225, 450)], "once: the user may have chosen another size since"
    assert large.shape == (2000, 1000, 3)


def test_a_sliver_keeps_a_pixel(opencv: FakeOpenCV) -> None:
    with Window("ages") as shown:
        shown.show(np.zeros((1, 9000, 3), np.uint8), 0)
    assert opencv.shown[0].shape == (1, 900, 3)


def test_a_screen_of_unknown_size(opencv: FakeOpenCV, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with Window("ages") as shown:
        shown.show(np.zeros((1440, 1280, 3), np.uint8), 0)
    assert opencv.sizes == [(576, 648)]


@pytest.mark.usefixtures("opencv")
def test_qt_is_told_which_platform_it_has(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with Window("ages"):
        pass
    has_own_qt = (Path(cv2.__file__).parent / "qt").exists()
    assert os.environ["QT_QPA_PLATFORM"] == ("xcb" if has_own_qt else "wayland")
    monkeypatch.setenv("QT_QPA_PLATFORM", "wayland")
    monkeypatch.setattr(cv2, "__file__", str(tmp_path / "cv2/__init__.py"))
    with Window("ages"):
        pass
    assert os.environ["QT_QPA_PLATFORM"] == "wayland", "another build may well have it"


def test_something_else_than_a_picture(opencv: FakeOpenCV) -> None:
    with Window("ages") as shown, pytest.raises(ValueError, match="shape"):
        shown.show(np.zeros((4, 4), np.uint8), 0)
    assert not opencv.shown


@pytest.fixture
def windows_built(monkeypatch: pytest.MonkeyPatch) -> None:
    """An OpenCV with windows, whichever is installed."""
    monkeypatch.setattr(cv2, "getBuildInformation", lambda: "\n  GUI:                 QT5\n")


@pytest.mark.usefixtures("windows_built")
@pytest.mark.parametrize(
    ("display", "message"),
    [
        (None, "DISPLAY names no screen"),
        ("", "DISPLAY names no screen"),
        (":4711", "the screen :4711 cannot be reached"),
        ("nonsense", "the screen nonsense cannot be reached"),
    ],
)
def test_no_screen(monkeypatch: pytest.MonkeyPatch, display: str | None, message: str) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    if display is None:
        monkeypatch.delenv("DISPLAY", raising=False)
    else:
        monkeypatch.setenv("DISPLAY", display)
    with pytest.raises(WindowError, match=f"{message}; use --output"), Window("ages"):
        pass


def test_what_to_do_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(window, "_obstacle", lambda: "no screen")
    with pytest.raises(WindowError, match="no screen; listen"), Window("ages", instead="listen"):
        pass


@pytest.mark.parametrize("built", ["  GUI:                NONE\n", "", "  GUI support: GTK\n"])
def test_an_opencv_without_windows(monkeypatch: pytest.MonkeyPatch, built: str) -> None:
    monkeypatch.setattr(cv2, "getBuildInformation", lambda: built)
    monkeypatch.setattr("importlib.metadata.packages_distributions", dict)
    with pytest.raises(WindowError, match="pip install 'opencv-python<6'"), Window("ages"):
        pass


def test_the_cure_is_of_the_kind_that_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cv2, "getBuildInformation", lambda: "")
    wheel = "opencv-contrib-python-headless"
    monkeypatch.setattr("importlib.metadata.packages_distributions", lambda: {"cv2": [wheel]})
    cure = (
        f"`python -m pip uninstall -y {wheel}` and"
        " `python -m pip install 'opencv-contrib-python<6'`"
    )
    with pytest.raises(WindowError, match=re.escape(cure)), Window("ages"):
        pass


@pytest.mark.usefixtures("windows_built")
def test_a_system_without_x(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(window, "_x_screen", lambda _display: pytest.fail("there is no X to ask"))
    assert window._obstacle() is None


@pytest.mark.usefixtures("windows_built")
def test_the_x_library_is_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(_name: str) -> NoReturn:
        raise OSError("libxcb.so.1: cannot open shared object file")

    monkeypatch.setattr(ctypes, "CDLL", absent)
    monkeypatch.setenv("DISPLAY", ":4711")
    with pytest.raises(WindowError, match=r"libxcb\.so\.1"), Window("ages"):
        pass


@pytest.mark.usefixtures("windows_built")
def test_a_library_that_qt_needs_is_absent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    plugin = tmp_path / "cv2/qt/plugins/platforms/libqxcb.so"
    plugin.parent.mkdir(parents=True)
    plugin.write_bytes(b"no library")
    monkeypatch.setattr(cv2, "__file__", str(tmp_path / "cv2/__init__.py"))
    monkeypatch.setattr(window, "_x_screen", lambda _display: (1000, 500))
    monkeypatch.setenv("DISPLAY", ":4711")
    with pytest.raises(WindowError, match="libsm6"), Window("ages"):
        pass


def test_a_screen_tells_its_size(screen: VirtualScreen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", screen.environment["DISPLAY"])
    assert window._obstacle() is None
    assert window._x_screen(screen.environment["DISPLAY"]) == (1024, 768)


def test_a_real_window_ends_with_q(screen: VirtualScreen) -> None:
    with shown_on(screen) as (program, number):
        screen.press(number, "s")
        screen.press(number, "q")
        said, complaints = program.communicate(timeout=20)
    assert said == "s\nq\nended\n"
    assert complaints == ""
    assert program.returncode == 0


def test_a_real_window_fits_the_screen(screen: VirtualScreen) -> None:
    with shown_on(screen, 3000, 4000) as (program, number):
        assert screen.size(number) == (922, 691)
        screen.press(number, "Escape")
        assert program.wait(20) == 0


@pytest.mark.parametrize("wait_s", ["None", "0.01"])
def test_a_real_window_is_closed(screen: VirtualScreen, wait_s: str) -> None:
    with shown_on(screen, wait_s=wait_s) as (program, number):
        screen.close(number)
        said, complaints = program.communicate(timeout=20)
    assert said == "ended\n"
    assert complaints == ""
    assert program.returncode == 0


def test_ctrl_c_ends_a_real_window(screen: VirtualScreen) -> None:
    with shown_on(screen) as (program, _):
        program.send_signal(signal.SIGINT)
        _, complaints = program.communicate(timeout=20)
    assert complaints.endswith("KeyboardInterrupt\n")
