import importlib.util
import logging
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

import pytest

from age_pipeline.command_line import package_errors, run, set_talk
from age_pipeline.errors import AgeDetectionError, ModelMissing, PackageMissing, UsageError

log = logging.getLogger("detect_age")
ROOT = Path(__file__).parent.parent


def failing(error: BaseException) -> Callable[[], None]:
    def program() -> None:
        raise error

    return program


def test_a_program_that_ends_well_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(lambda: None, "program") == 0
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (AgeDetectionError("it went wrong: try again"), 1),
        (ModelMissing("it went wrong: try again"), 1),
        (UsageError("it went wrong: try again"), 2),
    ],
)
def test_an_error_of_the_family_is_one_line_and_its_exit_code(
    capsys: pytest.CaptureFixture[str], error: AgeDetectionError, code: int
) -> None:
    assert run(failing(error), "program") == code
    assert capsys.readouterr() == ("", "program: error: it went wrong: try again\n")


def test_an_error_stays_one_line_whatever_it_quotes(capsys: pytest.CaptureFixture[str]) -> None:
    run(failing(AgeDetectionError("a\n\x1b[2J\udce9.jpg is missing")), "program")

    assert capsys.readouterr().err == "program: error: a\\n\\x1b[2J\\xe9.jpg is missing\n"


def test_an_error_that_is_logged_counts_and_the_program_goes_on(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def program() -> None:
        log.error("a.jpg is empty")
        log.info("the rest is done")

    assert run(program, "program") == 1
    assert capsys.readouterr().err == "program: error: a.jpg is empty\nprogram: the rest is done\n"


def test_a_bug_keeps_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError):
        run(failing(ZeroDivisionError()), "program")


def talk() -> None:
    log.debug("details")
    log.info("news")
    log.warning("take care")
    log.error("lost")


@pytest.mark.parametrize(
    ("verbose", "quiet", "said"),
    [
        (False, False, ["news", "warning: take care", "error: lost"]),
        (True, False, ["details", "news", "warning: take care", "error: lost"]),
        (False, True, ["error: lost"]),
    ],
)
def test_quiet_and_verbose(
    capsys: pytest.CaptureFixture[str], verbose: bool, quiet: bool, said: list[str]
) -> None:
    def program() -> None:
        set_talk(verbose=verbose, quiet=quiet)
        talk()

    assert run(program, "program") == 1
    assert capsys.readouterr().err.splitlines() == [f"program: {line}" for line in said]


def test_afterwards_the_log_is_as_before(capsys: pytest.CaptureFixture[str]) -> None:
    before = (log.level, log.handlers[:], signal.getsignal(signal.SIGTERM))

    run(lambda: set_talk(verbose=True, quiet=False), "program")

    assert (log.level, log.handlers, signal.getsignal(signal.SIGTERM)) == before
    log.error("not ours")
    assert "program" not in capsys.readouterr().err


def test_ctrl_c_is_130(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(failing(KeyboardInterrupt()), "program") == 130
    assert capsys.readouterr().err == "program: stopped; what was finished is kept\n"


def test_a_closed_pipe_ends_quietly(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(failing(BrokenPipeError()), "program") == 0
    assert capsys.readouterr() == ("", "")


def test_sigterm_leaves_every_with(capsys: pytest.CaptureFixture[str]) -> None:
    left = []

    def program() -> None:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            threading.Event().wait(5)
        finally:
            left.append(True)

    with pytest.raises(SystemExit, match="143"):
        run(program, "program")

    assert left
    assert capsys.readouterr() == ("", "program: stopped; what was finished is kept\n")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("error", [ImportError, SystemError, PackageMissing])
def test_a_signal_may_come_while_a_compiled_module_is_imported(
    capsys: pytest.CaptureFixture[str], number: int, code: int, error: type[Exception]
) -> None:
    def program() -> None:
        try:
            os.kill(os.getpid(), number)
            time.sleep(20)
        except BaseException as came:
            raise error("initialization failed") from came

    # A shell that starts a test run in the background has Ctrl-C ignored.
    before = signal.signal(number, signal.default_int_handler)
    found: object
    try:
        found = run(program, "program")
    except SystemExit as ended:
        found = ended.code
    finally:
        signal.signal(number, before)
    assert found == code
    assert capsys.readouterr().err == "program: stopped; what was finished is kept\n"


SWALLOWED = """
import os, signal, sys, time
from age_pipeline.command_line import run

signal.signal(signal.{signal}, signal.default_int_handler)

class CleansUp:
    def __del__(self):
        os.kill(os.getpid(), signal.{signal})
        time.sleep(20)

def program():
    CleansUp()
    time.sleep(20)
    print("it went on")

sys.exit(run(program, "p"))
"""


@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_a_signal_that_python_swallows_comes_again(name: str, code: int) -> None:
    program = [sys.executable, "-c", SWALLOWED.replace("{signal}", name)]
    ended = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, timeout=15)
    assert ended.returncode == code
    assert (ended.stdout, ended.stderr) == ("", "p: stopped; what was finished is kept\n")


def test_leaving_by_an_exit_code_is_no_stop(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        run(lambda: sys.exit(0), "program")

    assert capsys.readouterr() == ("", "")


def test_whoever_ignores_sigterm_keeps_ignoring_it() -> None:
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        assert run(lambda: os.kill(os.getpid(), signal.SIGTERM), "program") == 0
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_program_may_run_in_any_thread() -> None:
    codes: list[int] = []
    thread = threading.Thread(target=lambda: codes.append(run(lambda: None, "program")))
    thread.start()
    thread.join(10)

    assert codes == [0]


def test_an_opencv_that_cannot_load_names_both_cures(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.metadata.packages_distributions", dict)
    reason = "libGL.so.1: cannot open shared object file: No such file or directory"

    assert run(failing(ImportError(reason, name="cv2")), "program") == 1

    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("program: error: OpenCV cannot load, libGL.so.1 is absent: ")
    assert "pip install 'opencv-python-headless<6'" in line
    assert "apt-get install libgl1 libglib2.0-0" in line


def test_the_cure_is_of_the_kind_that_is_installed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = "opencv-contrib-python"
    monkeypatch.setattr("importlib.metadata.packages_distributions", lambda: {"cv2": [wheel]})
    reason = "libGL.so.1: cannot open shared object file: No such file or directory"
    run(failing(ImportError(reason, name="cv2")), "program")
    cure = f"`python -m pip uninstall -y {wheel}` and `python -m pip install '{wheel}-headless<6'`"
    assert cure in capsys.readouterr().err


def test_a_missing_package_names_the_cure(capsys: pytest.CaptureFixture[str]) -> None:
    error = ModuleNotFoundError("No module named 'numpy'", name="numpy")

    assert run(failing(error), "program") == 1
    assert capsys.readouterr().err == (
        "program: error: No module named 'numpy': run `python -m pip install -r requirements.txt`\n"
    )


def test_a_missing_package_is_one_of_the_family() -> None:
    error = ModuleNotFoundError("No module named 'PIL'", name="PIL.Image")

    with pytest.raises(PackageMissing, match="run `python -m pip") as raised, package_errors():
        raise error

    assert raised.value.__cause__ is error


def test_a_module_of_ours_that_cannot_be_imported_is_a_bug() -> None:
    with pytest.raises(ModuleNotFoundError):
        run(failing(ModuleNotFoundError("No module named 'age_x'", name="age_x")), "program")


WORK_LEFT_BEHIND = """
import sys, threading, types
from age_pipeline.command_line import log, run
from age_pipeline.in_order import InOrder

def forever(item, give):
    at_work.set()
    threading.Event().wait()

at_work = threading.Event()

def program():
    item = types.SimpleNamespace(weight=0)
    with InOrder([item], forever, jobs=1, room=0, ahead=1):
        at_work.wait()
        print("all is written")
        {end}

sys.exit(run(program, "p"))
"""


@pytest.mark.parametrize(
    ("end", "code"),
    [
        ("pass", 0),
        ("log.error('lost')", 1),
        ("raise KeyboardInterrupt", 130),
        ("import os, signal; os.kill(os.getpid(), signal.SIGTERM); at_work.clear()", 143),
    ],
)
def test_nobody_waits_for_what_cannot_be_stopped(tmp_path: Path, end: str, code: int) -> None:
    done = python(WORK_LEFT_BEHIND.format(end=end), tmp_path)

    assert done.returncode == code
    assert done.stdout == b"all is written\n"
    assert b"Traceback" not in done.stderr


def python(
    program: str, folder: Path, stdout: IO[bytes] | int = subprocess.PIPE
) -> subprocess.CompletedProcess[bytes]:
    """Run a program in a process of its own, with `folder` before all other places of modules."""
    environment = {**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"}
    environment.pop("PYTHONUNBUFFERED", None)
    return subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        stdout=stdout,
        stderr=subprocess.PIPE,
        timeout=60,
        check=False,
    )


IMPORT_CV2 = """
import sys
from age_pipeline.command_line import run
def program():
    import cv2
sys.exit(run(program, "program"))
"""


def test_a_real_library_without_what_it_needs_is_recognised(tmp_path: Path) -> None:
    extension = importlib.util.find_spec("PIL._imaging")
    assert extension is not None
    assert extension.origin is not None
    content = Path(extension.origin).read_bytes()
    (tmp_path / "cv2.so").write_bytes(content.replace(b"\0libc.so.6\0", b"\0libX.so.6\0"))

    done = python(IMPORT_CV2, tmp_path)

    assert done.returncode == 1
    assert re.match(rb"program: error: OpenCV cannot load, lib\S+\.so\S* is absent: ", done.stderr)
    assert done.stderr.count(b"\n") == 1


def test_a_full_standard_output_leaves_python_nothing_to_complain_about(tmp_path: Path) -> None:
    program = "import sys\nfrom age_pipeline.command_line import run\n"
    program += "sys.exit(run(lambda: print('text'), 'program'))"

    with Path("/dev/full").open("wb") as full:
        done = python(program, tmp_path, stdout=full)

    assert (
        done.stderr == b"program: error: cannot write standard output (No space left on device)\n"
    )
    assert done.returncode == 1


@pytest.mark.parametrize("closed", [1, 2])
def test_without_standard_streams_the_exit_code_still_tells(tmp_path: Path, closed: int) -> None:
    program = f"import os\nos.close({closed})\nos.execv({sys.executable!r}, ['python', '-c', '''"
    program += "import sys\nfrom age_pipeline.command_line import run, log\n"
    program += "sys.exit(run(lambda: log.error(str(1)), chr(112)))''' ])"

    done = python(program, tmp_path)

    assert done.returncode == 1
    assert done.stdout == b""
    assert done.stderr == (b"p: error: 1\n" if closed == 1 else b"")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_that_comes_twice_does_not_break_off_the_closing(number: int, code: int) -> None:
    closed = []

    def program() -> None:
        try:
            signal.raise_signal(number)
        finally:
            signal.raise_signal(number)
            closed.append("all")

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        try:
            found = run(program, "program")
        except SystemExit as ended:
            found = int(ended.code or 0)
        assert (found, closed) == (code, ["all"])
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)
