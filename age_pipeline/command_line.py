"""A program as its user meets it: talk on stderr, errors as one line, and the exit code.

Nothing heavy is imported here, so that a missing package is one line too.
"""

from __future__ import annotations

import logging
import math
import os
import re
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

from age_pipeline.errors import AgeDetectionError, PackageMissing
from age_pipeline.escaping import one_line

log = logging.getLogger("detect_age")

_IMPORTED = {"av", "cv2", "imutils", "numpy", "PIL", "platformdirs", "tqdm"}
# A shell that ends, and a terminal that closes; the latter does not exist on every system.
_ENDING_SIGNALS = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
_AGAIN_S = 1.0
"""Within this time a second signal is the first one again."""
_ONCE_MORE_S = 0.05
"""After this time a signal that was lost comes again."""

_STOPPED = "stopped; what was finished is kept"
_ABSENT_LIBRARY = re.compile(r"(lib\S+\.so\S*): cannot open shared object file")


def set_talk(*, verbose: bool, quiet: bool) -> None:
    """Say as much as `--verbose` or `--quiet` asks for."""
    log.setLevel(logging.DEBUG if verbose else logging.ERROR if quiet else logging.INFO)


def run(program: Callable[[], None], name: str, stopped: str = _STOPPED) -> int:
    """Run a whole program: errors become one line on stderr each, and the exit code.

    What the program logs below "detect_age" goes to stderr. An error that is logged rather than
    raised lets the program go on, and counts all the same. SIGTERM leaves every `with` and ends
    with 143, as a shell reports it. A bug keeps its traceback.

    The process ends in here where a thread is left at work: see `in_order.is_working`.

    Args:
        program: The program.
        name: What each line on stderr begins with.
        stopped: What is said where Ctrl-C or a signal ends it.

    Returns:
        The exit code: see `options.EXIT_CODES`.
    """
    try:
        code = _run(program, name, stopped)
    except _Ended as ended:
        _leave_work_behind(ended.code)
        raise
    _leave_work_behind(code)
    return code


def _run(program: Callable[[], None], name: str, stopped: str) -> int:
    with _talk(name) as errors, _ended_by_signals() as signals:
        code = 0
        try:
            with _instead_of_failed_imports(signals), package_errors():
                program()
        except AgeDetectionError as error:
            log.error("%s", error)
            code = error.exit_code
        except BrokenPipeError:
            log.debug("the reader of standard output has gone")
        except KeyboardInterrupt:
            log.info(stopped)
            code = 130
        except _Ended:
            log.info(stopped)
            raise
        finally:
            _let_go_of_stdout(errors)
        return code or (1 if errors.count else 0)


@contextmanager
def package_errors() -> Iterator[None]:
    """Say what to do about a package that cannot be imported.

    Raises:
        PackageMissing: In the place of the ImportError, unless that is a bug of ours.
    """
    try:
        yield
    except ImportError as error:
        cure = _cure(error)
        if cure is None:
            raise
        raise cure from error


class _Ended(SystemExit):
    """A signal has ended the program."""

    code: int


class _Line(logging.Formatter):
    """One line for each message, whatever it quotes."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name

    def format(self, record: logging.LogRecord) -> str:
        kinds = {logging.ERROR: "error: ", logging.WARNING: "warning: "}
        kind = kinds.get(record.levelno, "")
        return one_line(f"{self._name}: {kind}{record.getMessage()}")


class _ErrorCount(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.count = 0

    def emit(self, record: logging.LogRecord) -> None:  # noqa: ARG002
        self.count += 1


@contextmanager
def _talk(name: str) -> Iterator[_ErrorCount]:
    errors = _ErrorCount()
    stderr = logging.StreamHandler(sys.stderr)
    stderr.setFormatter(_Line(name))
    before = log.level
    log.setLevel(logging.INFO)
    log.addHandler(errors)
    log.addHandler(stderr)
    try:
        yield errors
    finally:
        log.removeHandler(stderr)
        log.removeHandler(errors)
        log.setLevel(before)


@contextmanager
def _instead_of_failed_imports(signals: Sequence[BaseException]) -> Iterator[None]:
    """A compiled module makes an error of a signal that comes while it is imported."""
    try:
        yield
    except (ImportError, SystemError, PackageMissing) as error:
        if signals:
            raise signals[-1] from error
        raise


@contextmanager
def _ended_by_signals() -> Iterator[Sequence[BaseException]]:
    """End the program where it gets a signal; gives those that it got by now."""
    signals: list[BaseException] = []
    ended_s = -math.inf

    def end(number: int, _: FrameType | None) -> None:
        nonlocal ended_s
        # What ends a program may send its signal twice, to the process and to its group; the second
        # one must not break off the closing of files.
        if time.monotonic() - ended_s < _AGAIN_S:
            return
        ended_s = time.monotonic()
        signals.append(KeyboardInterrupt() if number == signal.SIGINT else _Ended(128 + number))
        raise signals[-1]

    def once_more(lost: sys.UnraisableHookArgs) -> None:
        nonlocal ended_s
        if not any(each is lost.exc_value for each in signals):
            tell_lost(lost)
            return
        # Python has swallowed it, as it does in clean-up of its own.
        ended_s = -math.inf
        ended = lost.exc_value
        number = ended.code - 128 if isinstance(ended, _Ended) else signal.SIGINT
        threading.Timer(_ONCE_MORE_S, os.kill, (os.getpid(), number)).start()

    # Python gives signals to the main thread only; whoever ignored one on purpose keeps that.
    if threading.current_thread() is not threading.main_thread():
        yield signals
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, *_ENDING_SIGNALS)}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, end)
    tell_lost, sys.unraisablehook = sys.unraisablehook, once_more
    try:
        yield signals
    finally:
        sys.unraisablehook = tell_lost
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave_work_behind(code: int) -> None:
    """End the process where Python, at its own end, would wait until some library is done."""
    from age_pipeline.in_order import is_working

    if is_working():
        os._exit(code)


def _let_go_of_stdout(errors: _ErrorCount) -> None:
    """Point stdout nowhere if it takes no more: at its end, Python would complain once more."""
    if sys.stdout is None:
        return
    try:
        sys.stdout.flush()
    except OSError as error:
        # Whoever wrote what is still in the buffer has told of it already.
        if not isinstance(error, BrokenPipeError) and not errors.count:
            log.error("cannot write standard output (%s)", error.strerror)
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def _cure(error: ImportError) -> PackageMissing | None:
    package = (error.name or "").partition(".")[0]
    library = _ABSENT_LIBRARY.search(str(error))
    if package == "cv2" and library:
        from age_pipeline.installed_packages import installed_name, pip_install, pip_uninstall

        wheel = installed_name("cv2", "opencv-python")
        without_windows = f"{wheel.removesuffix('-headless')}-headless"
        return PackageMissing(
            f"OpenCV cannot load, {library[1]} is absent: `{pip_uninstall(wheel)}` and"
            f" `{pip_install(f'{without_windows}<6')}`, or on Debian"
            " `apt-get install libgl1 libglib2.0-0`"
        )
    if package in _IMPORTED:
        from age_pipeline.installed_packages import pip_install

        return PackageMissing(
            f"{one_line(str(error))}: run `{pip_install('-r', 'requirements.txt')}`"
        )
    return None
