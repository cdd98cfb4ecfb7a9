import os
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from full_disk import files_limited_to

from age_pipeline.destinations import (
    Destination,
    StandardOutput,
    WholeFile,
    make_folder,
    open_destination,
    output_errors,
    write_whole,
)
from age_pipeline.errors import OutputError


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_gets_its_name_when_it_is_closed(tmp_path: Path) -> None:
    target = tmp_path / "a.json"
    target.write_bytes(b"earlier")

    with open_destination(str(target)) as destination:
        destination.write(b"one\n")
        destination.write(b"two\n")
        assert target.read_bytes() == b"earlier"
        assert (tmp_path / "a.json.part").read_bytes() == b"one\ntwo\n"

    assert target.read_bytes() == b"one\ntwo\n"
    assert names(tmp_path) == ["a.json"]
    destination.close()


def test_lines_written_before_an_interruption_are_kept(tmp_path: Path) -> None:
    def interrupted() -> None:
        with open_destination(str(tmp_path / "a.json")) as destination:
            destination.write(b"one\n")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()

    assert (tmp_path / "a.json").read_bytes() == b"one\n"


def test_a_discarded_file_leaves_the_earlier_one(tmp_path: Path) -> None:
    target = tmp_path / "a.json"
    target.write_bytes(b"earlier")
    destination = WholeFile(target)
    destination.write(b"new")

    destination.discard()
    destination.close()

    assert target.read_bytes() == b"earlier"
    assert names(tmp_path) == ["a.json"]


def test_a_symbolic_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    link = tmp_path / "link.json"
    link.symlink_to(tmp_path / "real" / "a.json")

    write_whole(link, b"new")

    assert link.is_symlink()
    assert (tmp_path / "real" / "a.json").read_bytes() == b"new"


def test_a_full_disk_is_an_error_that_keeps_the_lines_before(tmp_path: Path) -> None:
    target = tmp_path / "a.json"
    target.write_bytes(b"earlier")
    destination = open_destination(str(target))
    destination.write(b"one\n")

    message = r"a\.json \(File too large\): choose another place; .*a\.json\.part has what was wr"
    with files_limited_to(1000), pytest.raises(OutputError, match=message):
        destination.write(b"x" * 2000 + b"\n")
    destination.close()
    destination.discard()

    assert target.read_bytes() == b"earlier"
    assert (tmp_path / "a.json.part").read_bytes() == b"one\n"


def test_a_disk_that_is_full_from_the_beginning_leaves_nothing(tmp_path: Path) -> None:
    destination = open_destination(str(tmp_path / "a.json"))

    with files_limited_to(1000), pytest.raises(OutputError, match=r"choose another place$"):
        destination.write(b"x" * 2000)

    assert names(tmp_path) == []
    destination.close()


def test_a_picture_on_a_full_disk_leaves_the_earlier_one(tmp_path: Path) -> None:
    target = tmp_path / "a.png"
    write_whole(target, b"earlier")

    with files_limited_to(1000), pytest.raises(OutputError):
        write_whole(target, b"x" * 2000)

    assert target.read_bytes() == b"earlier"
    assert names(tmp_path) == ["a.png"]


def test_an_interrupted_picture_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_: WholeFile) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(WholeFile, "close", interrupted)

    with pytest.raises(KeyboardInterrupt):
        write_whole(tmp_path / "a.png", b"new")

    assert names(tmp_path) == []


def test_a_name_that_became_a_folder_is_an_error_when_the_file_is_closed(tmp_path: Path) -> None:
    destination = open_destination(str(tmp_path / "a.json"))
    (tmp_path / "a.json").mkdir()

    with pytest.raises(OutputError, match="cannot write"):
        destination.close()

    assert names(tmp_path) == ["a.json"]


def test_lines_are_kept_where_only_the_name_cannot_be_given(tmp_path: Path) -> None:
    destination = open_destination(str(tmp_path / "a.json"))
    destination.write(b"one\n")
    (tmp_path / "a.json").mkdir()

    with pytest.raises(OutputError, match=r"a\.json\.part has what was written"):
        destination.close()

    assert (tmp_path / "a.json.part").read_bytes() == b"one\n"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing/a.json", r"missing/a\.json: its folder does not exist"),
        ("", r"it is a folder"),
        ("x" * 300, r"File name too long"),
        ("caf\udce9/a.json", r"caf\\xe9/a\.json"),
    ],
)
def test_a_file_that_cannot_be_opened_says_where(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(OutputError, match=message):
        open_destination(f"{tmp_path}/{name}")


def test_the_root_is_a_folder() -> None:
    with pytest.raises(OutputError, match="it is a folder"):
        open_destination("/")


def test_errors_of_a_library_are_told_alike() -> None:
    class LibraryError(Exception):
        strerror = "its disk is full"

    with (
        pytest.raises(OutputError, match=r"cannot write caf\\xe9 \(its disk is full\): choose"),
        output_errors("caf\udce9", LibraryError),
    ):
        raise LibraryError
    with pytest.raises(LibraryError), output_errors("a"):
        raise LibraryError


def test_folders_are_made_with_those_they_lie_in(tmp_path: Path) -> None:
    for _ in range(2):
        make_folder(tmp_path / "one" / "two")

    assert (tmp_path / "one" / "two").is_dir()


def test_a_folder_that_cannot_be_made_says_why(tmp_path: Path) -> None:
    (tmp_path / "caf\udce9").touch()

    with pytest.raises(OutputError, match=r"the folder .*/caf\\xe9/out \(Not a directory\)"):
        make_folder(tmp_path / "caf\udce9" / "out")


# Never the system's own devices: the fault that these tests look for would replace them.


def test_what_is_no_file_is_written_to_and_stays(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    (tmp_path / "link").symlink_to(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)

    for name in ("pipe", "link"):
        with open_destination(str(tmp_path / name)) as destination:
            destination.write(b"one\n")
        assert os.read(reader, 10) == b"one\n"
    os.close(reader)

    assert pipe.is_fifo()
    assert names(tmp_path) == ["link", "pipe"]


def test_a_full_device_is_an_error_told_once() -> None:
    full = Path("/dev/full").open("wb")  # noqa: SIM115
    destination = Destination("/dev/full", full)

    with pytest.raises(OutputError, match=r"/dev/full .*No space left"):
        destination.write(b"one\n")

    destination.close()


def test_a_pipe_whose_reader_has_gone_is_no_failure(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    destination = open_destination(str(pipe))
    destination.write(b"one\n")
    assert os.read(reader, 10) == b"one\n"
    os.close(reader)

    with pytest.raises(BrokenPipeError):
        destination.write(b"two\n")

    destination.close()


@pytest.mark.parametrize("is_stdout", [False, True])
def test_a_line_in_a_pipe_is_whole_though_a_signal_breaks_into_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_stdout: bool
) -> None:
    # More than a pipe holds, without a reader so far.
    line = b"x" * 200_000 + b"\n"
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    stdout = pipe.open("w")
    if is_stdout:
        monkeypatch.setattr(sys, "stdout", stdout)
    destination = open_destination("-" if is_stdout else str(pipe))

    with ringing_in(0.05), pytest.raises(KeyboardInterrupt):
        destination.write(line)
    os.set_blocking(reader, True)
    with ThreadPoolExecutor() as pool, os.fdopen(reader, "rb") as stream:
        received = pool.submit(stream.read)
        destination.close()
        stdout.close()

        assert received.result() == line


@contextmanager
def ringing_in(seconds: float) -> Iterator[None]:
    """Ctrl-C, once that long has passed."""
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_standard_output_in_memory_stays_open(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    with open_destination("-") as destination:
        destination.write(b"one\n")
    with open_destination("-") as destination:
        destination.write(b"two\n")

    assert capsysbinary.readouterr().out == b"one\ntwo\n"


def test_standard_output_stays_open(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    with open_destination("-") as destination:
        destination.write(b"caf\xe9\n")
    destination.discard()

    assert capfdbinary.readouterr().out == b"caf\xe9\n"
    print("open")


def test_without_a_standard_output_another_place_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "stdout", None)

    with pytest.raises(OutputError, match="name a file instead of -"):
        StandardOutput()
