import errno
import io
import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from age_pipeline import file_reading
from age_pipeline.errors import InputError, InputErrorKind
from age_pipeline.file_reading import explain, read_file, read_standard_input


def kind_of(path: Path) -> InputErrorKind:
    with pytest.raises(InputError, match=rf"^{path.name} ") as caught:
        read_file(path, path.name)
    return caught.value.kind


@pytest.fixture
def own_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)  # the name of a socket is limited to about 100 bytes
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("a_socket")
        yield tmp_path / "a_socket"


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    os.mkfifo(tmp_path / "a_pipe")
    return tmp_path / "a_pipe"


# Files.


@pytest.mark.parametrize("size", [0, 1, 3 << 20])
def test_a_file_is_read_whole(tmp_path: Path, size: int) -> None:
    content = os.urandom(size)
    path = tmp_path / "a"
    path.write_bytes(content)

    assert read_file(path, "a") == content


def test_a_file_that_is_longer_than_it_says_is_read_whole() -> None:
    assert Path("/proc/self/status").stat().st_size == 0
    assert b"VmPeak" in read_file(Path("/proc/self/status"), "status")


def test_a_file_that_shrinks_gives_what_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"abc")
    size = os.stat_result([stat.S_IFREG, 0, 0, 1, 0, 0, 99, 0, 0, 0])
    monkeypatch.setattr(os, "fstat", lambda _: size)

    assert read_file(path, "a") == b"abc"


def test_a_huge_file_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "huge.tif"
    path.touch()
    os.truncate(path, 100 << 30)

    assert kind_of(path) == "too_large"


def test_a_file_that_grows_beyond_the_limit_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_reading, "MAX_BYTES", 100)
    path = tmp_path / "a"
    path.write_bytes(bytes(100))
    assert len(read_file(path, "a")) == 100

    path.write_bytes(bytes(101))
    size = os.stat_result([stat.S_IFREG, 0, 0, 1, 0, 0, 99, 0, 0, 0])
    monkeypatch.setattr(os, "fstat", lambda _: size)
    assert kind_of(path) == "too_large"


def test_what_is_no_file_is_never_opened(
    tmp_path: Path, own_socket: Path, pipe: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "open", lambda *_: pytest.fail("opened"))

    for path, what in [
        (tmp_path, "a folder"),
        (pipe, "a pipe"),
        (own_socket, "a socket"),
        (Path("/dev/null"), "a device"),
    ]:
        with pytest.raises(InputError, match=f"is {what}, not a picture file") as caught:
            read_file(path, "a")
        assert caught.value.kind == "not_a_file"


def test_a_pipe_that_took_a_files_place_is_not_read(
    pipe: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    regular = os.stat_result([stat.S_IFREG, 0, 0, 1, 0, 0, 9, 0, 0, 0])
    monkeypatch.setattr(Path, "stat", lambda _: regular)

    assert kind_of(pipe) == "not_a_file"


# Standard input.


def test_standard_input_is_read_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    content = os.urandom(3 << 20)
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(content)))

    assert read_standard_input() == content


@pytest.mark.parametrize("closed", [None, io.StringIO("text")], ids=["none", "no bytes"])
def test_standard_input_that_is_not_open(closed: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", closed)

    with pytest.raises(InputError, match="standard input is not open") as caught:
        read_standard_input()
    assert caught.value.kind == "no_input"


def test_standard_input_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_reading, "MAX_BYTES", 3 << 20)

    with Path("/dev/zero").open("rb") as zeros:
        monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=zeros))
        with pytest.raises(InputError, match="standard input is larger than 3,145,728") as caught:
            read_standard_input()
    assert caught.value.kind == "too_large"


# What the system says.


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ENOENT, "missing"),
        (errno.ENOTDIR, "missing"),
        (errno.ELOOP, "missing"),
        (errno.ENAMETOOLONG, "missing"),
        (errno.EACCES, "permission"),
        (errno.EPERM, "permission"),
        (errno.EISDIR, "not_a_file"),
        (errno.ENXIO, "not_a_file"),
        (errno.EIO, "damaged"),
        (errno.ESTALE, "damaged"),
    ],
)
def test_what_a_refusal_means(number: int, kind: str) -> None:
    explained = explain("a.jpg", OSError(number, os.strerror(number)))

    assert explained.kind == kind
    assert str(explained).startswith("a.jpg ")


def test_a_link_that_leads_nowhere_is_named(tmp_path: Path) -> None:
    link = tmp_path / "a.jpg"
    link.symlink_to("gone.jpg")
    assert "is a dangling link" in str(explain(str(link), FileNotFoundError()))

    circle = tmp_path / "b.jpg"
    circle.symlink_to("b.jpg")
    assert "is a dangling link" in str(explain(str(circle), OSError(errno.ELOOP, "")))

    assert "does not exist" in str(explain(str(tmp_path / "c.jpg"), FileNotFoundError()))
    assert "the empty name" in str(explain("", FileNotFoundError()))
    assert "does not exist" in str(explain("a" * 9999, OSError(errno.ENAMETOOLONG, "")))


def test_a_failing_disk_is_quoted() -> None:
    explained = explain("a.jpg", OSError(errno.EIO, "Input/output error"))

    assert str(explained) == "a.jpg cannot be read: Input/output error"
