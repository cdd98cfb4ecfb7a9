import errno
import io
import os
import random
import socket
import weakref
from collections.abc import Iterator
from pathlib import Path, PurePath
from types import SimpleNamespace
from typing import BinaryIO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from picture_files import BOMBS, RED, corners, encode
from PIL import Image as PillowImage

from age_pipeline.data import FailedInput, Frame
from age_pipeline.errors import InputError, UsageError
from age_pipeline.picture_reading import read_picture
from age_pipeline.sources import PictureInput, list_pictures, read_names

PNG = encode(corners(), "PNG")
TINY = encode(PillowImage.new("RGB", (1, 1), RED), "PNG")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder of every test."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


def save(*names: str, data: bytes = TINY) -> None:
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(data)


def names_of(inputs: list[PictureInput]) -> list[str]:
    assert [each.error for each in inputs] == [None] * len(inputs)
    return [each.name for each in inputs]


def error_of(name: str, *, recursive: bool = False) -> InputError:
    """The one error that a name gives, from `list_pictures` alone."""
    [found] = list_pictures([name], recursive=recursive)
    assert found.name == name
    assert found.error is not None
    return found.error


def read(*names: str, recursive: bool = False) -> list[Frame | FailedInput]:
    return [read_picture(each) for each in list_pictures(names, recursive=recursive)]


def read_one(name: str) -> Frame:
    [found] = read(name)
    assert isinstance(found, Frame)
    return found


def failure_of(name: str) -> InputError:
    [found] = read(name)
    assert isinstance(found, FailedInput)
    assert found.name == name
    return found.error


def give(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(data)))


# One picture.


@pytest.mark.parametrize(
    "name", ["a.png", "./a.png", "sub/../sub/a.png", "no suffix", "Zürich 東.x"]
)
def test_a_picture_is_reported_as_it_was_named(name: str) -> None:
    save(name, data=PNG)

    frame = read_one(name)

    assert (frame.name, frame.relative) == (name, PurePath(Path(name).name))
    assert (frame.width, frame.height) == (48, 32)


def test_an_absolute_name_is_no_place_below_an_output_folder(folder: Path) -> None:
    save("a.png")

    assert read_one(f"{folder}/a.png").relative == PurePath("a.png")


def test_a_name_that_is_not_utf8_survives() -> None:
    name = os.fsdecode(b"caf\xe9.png")
    save(name)

    assert read_one(name).name == name
    assert names_of(list_pictures(["."])) == [name]
    assert names_of(list_pictures(["caf*"])) == [name]


def test_a_name_that_is_given_twice_counts_twice() -> None:
    save("a.png", "b.png")

    assert [each.name for each in read("b.png", "a.png", "b.png")] == ["b.png", "a.png", "b.png"]


@pytest.mark.parametrize(
    "name", ["gone.jpg", "gone/a.jpg", "a.png/", "a.png/b.jpg", "", "a\0b", "\ud800", "x" * 999]
)
def test_what_does_not_exist_is_missing(name: str) -> None:
    save("a.png")

    assert error_of(name).kind == "missing"
    assert failure_of(name).kind == "missing"


def test_a_dangling_link_is_missing_and_called_so() -> None:
    Path("a.jpg").symlink_to("gone.jpg")

    assert error_of("a.jpg").kind == "missing"
    assert "dangling link" in str(error_of("a.jpg"))


def test_what_is_neither_file_nor_folder_is_said_without_opening_it() -> None:
    os.mkfifo("a.jpg")

    assert error_of("a.jpg").kind == "not_a_file"
    assert error_of("/dev/null").kind == "not_a_file"


def test_a_folder_of_the_path_that_may_not_be_entered(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str) -> os.stat_result:
        raise PermissionError(errno.EACCES, "Permission denied", name)

    with monkeypatch.context() as patched:
        patched.setattr(os, "stat", refuse)
        [found] = list_pictures(["locked/a.jpg"])
    assert found.error is not None
    assert found.error.kind == "permission"


# Standard input.


@pytest.mark.parametrize(
    ("file_format", "relative"),
    [("PNG", "stdin.png"), ("JPEG", "stdin.jpg"), ("TIFF", "stdin.tif")],
)
def test_standard_input_is_one_picture(
    monkeypatch: pytest.MonkeyPatch, file_format: str, relative: str
) -> None:
    give(monkeypatch, encode(corners(), file_format))

    frame = read_one("-")

    assert (frame.name, frame.relative) == ("-", PurePath(relative))


def test_standard_input_may_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, b"")
    assert failure_of("-").kind == "empty"
    assert "standard input is empty" in str(failure_of("-"))

    monkeypatch.setattr("sys.stdin", None)
    assert failure_of("-").kind == "no_input"


def test_standard_input_is_read_once() -> None:
    with pytest.raises(UsageError, match="only once"):
        list_pictures(["-", "a.jpg", "-"])


# Folders.


def test_a_folder_stands_for_its_pictures_in_plain_order() -> None:
    save("f/10.jpg", "f/9.JPG", "f/a.webp", "f/B.TIFF", "f/c.heic", "f/notes.txt", "f/jpg")
    save("f/.hidden.jpg", "f/sub/d.jpg")

    found = list_pictures(["f"])

    assert names_of(found) == ["f/10.jpg", "f/9.JPG", "f/B.TIFF", "f/a.webp", "f/c.heic"]
    assert found[0].path == Path("f/10.jpg")
    assert found[0].relative == PurePath("10.jpg")


@pytest.mark.parametrize(
    ("name", "reported"),
    [("f", "f/a.jpg"), ("f/", "f/a.jpg"), ("./f", "f/a.jpg"), ("f/s/..", "f/s/../a.jpg")],
)
def test_a_picture_in_a_folder_carries_the_folders_name(name: str, reported: str) -> None:
    save("f/a.jpg")
    Path("f/s").mkdir()

    [found] = list_pictures([name])

    assert (found.name, found.relative) == (reported, PurePath("a.jpg"))


def test_the_current_and_the_parent_folder() -> None:
    save("a.jpg", "../b.jpg", "sub/c.jpg")

    assert names_of(list_pictures(["."])) == ["a.jpg"]
    assert names_of(list_pictures([".."])) == ["../b.jpg"]
    assert [each.relative for each in list_pictures([".."], recursive=True)] == [
        PurePath("b.jpg"),
        PurePath("here/a.jpg"),
        PurePath("here/sub/c.jpg"),
    ]


def test_subfolders_come_only_when_asked_for_and_after_the_folders_own() -> None:
    save("f/z.jpg", "f/b/2.jpg", "f/b/1.jpg", "f/a/deep/3.jpg", "f/.git/4.jpg", "f/n.txt")

    assert names_of(list_pictures(["f"])) == ["f/z.jpg"]
    found = list_pictures(["f"], recursive=True)
    assert names_of(found) == ["f/z.jpg", "f/a/deep/3.jpg", "f/b/1.jpg", "f/b/2.jpg"]
    assert [each.relative for each in found[1:]] == [
        PurePath("a/deep/3.jpg"),
        PurePath("b/1.jpg"),
        PurePath("b/2.jpg"),
    ]


def test_links_in_a_folder() -> None:
    save("f/a.jpg", "elsewhere/b.jpg")
    Path("f/link.jpg").symlink_to("a.jpg")
    Path("f/gone.jpg").symlink_to("nowhere")
    Path("f/loop").symlink_to(".")
    Path("f/second").symlink_to("../f")
    Path("f/other").symlink_to("../elsewhere")

    for recursive in (False, True):
        found = read("f", recursive=recursive)
        assert [each.name for each in found] == ["f/a.jpg", "f/gone.jpg", "f/link.jpg"]
        assert isinstance(found[1], FailedInput)
        assert found[1].error.kind == "missing"
    assert names_of(list_pictures(["f/other"])) == ["f/other/b.jpg"]


def test_a_link_to_a_folder_that_is_named_like_a_picture_is_reported() -> None:
    save("elsewhere/b.jpg", "f/a.png")
    Path("f/album.jpg").symlink_to("../elsewhere")

    for recursive in (False, True):
        _, found = read("f", recursive=recursive)
        assert isinstance(found, FailedInput)
        assert (found.name, found.error.kind) == ("f/album.jpg", "not_a_file")


def test_a_folder_named_like_a_picture_is_reported_unless_it_is_entered() -> None:
    save("f/a.jpg/b.jpg")

    [found] = read("f")
    assert isinstance(found, FailedInput)
    assert (found.name, found.error.kind) == ("f/a.jpg", "not_a_file")
    assert names_of(list_pictures(["f"], recursive=True)) == ["f/a.jpg/b.jpg"]


@pytest.mark.parametrize(("name", "recursive"), [("f/notes.txt", False), ("f/s/notes.txt", True)])
def test_a_folder_without_pictures_is_one_error(name: str, recursive: bool) -> None:
    save(name)

    error = error_of("f", recursive=recursive)

    assert error.kind == "no_input"
    assert "--recursive" not in str(error)


def test_a_folder_whose_subfolders_were_passed_over_says_so() -> None:
    save("f/sub/a.jpg")

    assert "--recursive" in str(error_of("f"))


def test_a_subfolder_that_cannot_be_listed_is_one_error(monkeypatch: pytest.MonkeyPatch) -> None:
    save("f/a.jpg", "f/locked/b.jpg", "f/open/c.jpg")
    scandir = os.scandir

    def refuse(path: str) -> Iterator[os.DirEntry[str]]:
        if path.endswith("locked"):
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    found = list_pictures(["f"], recursive=True)

    assert [(each.name, each.error and each.error.kind) for each in found] == [
        ("f/a.jpg", None),
        ("f/locked", "permission"),
        ("f/open/c.jpg", None),
    ]
    assert error_of("f/locked").kind == "permission"


# Patterns.


def test_a_pattern_stands_for_what_matches_whatever_its_suffix() -> None:
    save("f/b.jpg", "f/a.jpg", "f/a.txt", "f/.a.jpg", "f/sub/a.jpg")

    found = list_pictures(["f/a*"])

    assert names_of(found) == ["f/a.jpg", "f/a.txt"]
    assert [each.relative for each in found] == [PurePath("a.jpg"), PurePath("a.txt")]
    assert names_of(list_pictures(["f/?.jpg"])) == ["f/a.jpg", "f/b.jpg"]
    assert names_of(list_pictures(["[f]/[!a].*"])) == ["f/b.jpg"]


def test_an_existing_file_of_that_very_name_wins() -> None:
    save("photo[1].jpg", "photo1.jpg", "a*.jpg", "ab.jpg")

    assert names_of(list_pictures(["photo[1].jpg"])) == ["photo[1].jpg"]
    assert names_of(list_pictures(["a*.jpg"])) == ["a*.jpg"]
    Path("photo[1].jpg").unlink()
    assert names_of(list_pictures(["photo[1].jpg"])) == ["photo1.jpg"]


def test_a_dangling_link_of_that_very_name_wins_too() -> None:
    save("a1.jpg")
    Path("a[1].jpg").symlink_to("gone")

    assert error_of("a[1].jpg").kind == "missing"


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("**/*.jpg", ["a.jpg", "x/b.jpg", "x/y/c.jpg", "z[1]/d.jpg"]),
        ("x/**/*.jpg", ["x/b.jpg", "x/y/c.jpg"]),
        ("x/**", ["x/b.jpg", "x/n.txt", "x/y/c.jpg"]),
        ("**/y/*", ["x/y/c.jpg"]),
        ("**/**/c.*", ["x/y/c.jpg"]),
        ("?/**/c.jpg", ["x/y/c.jpg"]),
        ("z[[]1]/**/*.jpg", ["z[1]/d.jpg"]),
        ("./**/b.jpg", ["x/b.jpg"]),
    ],
)
def test_two_stars_reach_any_depth(pattern: str, expected: list[str]) -> None:
    save("a.jpg", "x/b.jpg", "x/n.txt", "x/y/c.jpg", "x/.hidden/e.jpg", "z[1]/d.jpg")

    assert names_of(list_pictures([pattern])) == expected


def test_two_stars_within_a_name_are_one() -> None:
    save("x/b.jpg", "xyz/b.jpg", "xyz/deep/b.jpg")

    assert names_of(list_pictures(["x**/b.jpg"])) == ["x/b.jpg", "xyz/b.jpg"]


def test_two_stars_come_back_from_circles_of_links() -> None:
    save("f/a.jpg")
    for number in range(4):
        Path(f"f/loop{number}").symlink_to(".")

    assert names_of(list_pictures(["**/*.jpg"])) == ["f/a.jpg"]


def test_folders_that_match_are_left_out_unless_named_like_pictures() -> None:
    save("f/a.jpg", "f/sub/b.jpg", "f/album.jpg/c.jpg")

    found = read("f/*")

    assert [each.name for each in found] == ["f/a.jpg", "f/album.jpg"]
    assert isinstance(found[1], FailedInput)
    assert found[1].error.kind == "not_a_file"


def test_a_pattern_without_a_match_is_one_error() -> None:
    save("f/sub/a.jpg")

    for pattern in ("*.jpg", "gone/**/*.jpg", "f/[", "gone[1].jpg"):
        assert error_of(pattern).kind in ("no_input", "missing")
    assert error_of("*.jpg").kind == "no_input"
    assert "nothing but folders" in str(error_of("f/*"))


# What an earlier run annotated.


def test_a_copy_beside_its_original_is_found_by_its_own_name_alone() -> None:
    save("f/a.png", "f/a.ages.png", "f/gone.ages.png")

    for name in ("f", "f/*", "**/*.png"):
        assert names_of(list_pictures([name])) == ["f/a.png", "f/gone.ages.png"]
    assert names_of(list_pictures(["f/a.ages.png"])) == ["f/a.ages.png"]
    assert "nothing but annotated copies" in str(error_of("f/a.ages.*"))


@pytest.mark.parametrize("name", [".", "**/*.jpg", "*/*.jpg"])
def test_the_output_folder_below_what_is_looked_through_is_left_out(name: str) -> None:
    save("f/a.jpg", "out/a.jpg")

    def found(output: str) -> list[str]:
        return names_of(list_pictures([name], recursive=True, output=output))

    assert found("out") == found("f/../out/") == ["f/a.jpg"]
    assert found(".") == found("new") == ["f/a.jpg", "out/a.jpg"]


def test_an_output_folder_that_is_named_is_looked_through() -> None:
    save("out/a.jpg")

    for name in ("out", "out/*.jpg", "out/a.jpg"):
        assert names_of(list_pictures([name], recursive=True, output="out")) == ["out/a.jpg"]
    [found] = list_pictures(["."], recursive=True, output="out")
    assert found.error is not None
    assert found.error.kind == "no_input"


# Places below an output folder.


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    names=st.lists(
        st.sampled_from(
            [
                *(".", "..", "../here", "sub", "sub/..", "sub/../a.jpg", "./sub//deep/b.jpg"),
                *("**/*.jpg", "../**/*.jpg", "*", "empty", "empty/..", "..jpg", "ABSOLUTE"),
                *("gone", "../gone", ""),
            ]
        )
    ),
    recursive=st.booleans(),
)
def test_no_output_can_lie_outside_its_folder(
    folder: Path, names: list[str], recursive: bool
) -> None:
    save("a.jpg", "sub/deep/b.jpg", "..jpg", "sub/...jpg")
    Path("empty").mkdir(exist_ok=True)
    names = [str(folder) if name == "ABSOLUTE" else name for name in names]

    found = list_pictures(names, recursive=recursive)

    assert len(found) >= len(names)
    for each in found:
        assert not each.relative.is_absolute()
        assert ".." not in each.relative.parts
        assert bool(each.relative.parts) == (each.error is None)


# Lists of names.


@pytest.mark.parametrize(
    ("content", "names"),
    [
        (b"a.jpg\nb c.jpg\n", ["a.jpg", "b c.jpg"]),
        (b"a.jpg\r\nb.jpg\r\n", ["a.jpg", "b.jpg"]),
        (b"a.jpg\nb.jpg", ["a.jpg", "b.jpg"]),
        (b"\n\na.jpg\n  \n\r\n", ["a.jpg"]),
        (b" a.jpg \n", [" a.jpg "]),
        (b"\xef\xbb\xbfa.jpg\n", ["a.jpg"]),
        (b"caf\xe9.jpg\nZ\xc3\xbcrich.jpg", ["caf\udce9.jpg", "Zürich.jpg"]),
        (b"#1.jpg\n-\n*.png\n", ["#1.jpg", "-", "*.png"]),
        (b"", []),
    ],
)
def test_a_list_holds_one_name_a_line(
    monkeypatch: pytest.MonkeyPatch, content: bytes, names: list[str]
) -> None:
    save("list.txt", data=content)
    give(monkeypatch, content)

    assert read_names("list.txt") == names
    assert read_names("-") == names


@given(names=st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1)))
def test_any_names_come_through_a_list(names: list[str]) -> None:
    names = [name for name in names if name.strip() and not set(name) & set("\n\r\0\ufeff")]
    save("list.txt", data="\n".join(names).encode())

    assert read_names("list.txt") == [name for name in names if name.encode().strip()]


@given(names=st.lists(st.binary(min_size=1).filter(lambda name: b"\0" not in name), min_size=1))
def test_a_list_may_be_split_by_zero_bytes(names: list[bytes]) -> None:
    save("list.txt", data=b"\0".join(names) + b"\0")

    assert read_names("list.txt") == [os.fsdecode(name) for name in names]


@pytest.mark.parametrize("source", ["gone.txt", ".", "", "a\0b"])
def test_a_list_that_cannot_be_read_is_wrong_usage(source: str) -> None:
    with pytest.raises(UsageError, match=r"list of names .* cannot be read: \w+"):
        read_names(source)


def test_a_list_from_standard_input_that_is_not_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)

    with pytest.raises(UsageError, match="standard input is not open"):
        read_names("-")


# Reading.


def test_nothing_is_read_before_its_turn_and_nothing_is_kept() -> None:
    save("a.png")
    [found] = list_pictures(["a.png"])

    frame = read_picture(found)
    assert isinstance(frame, Frame)
    image = weakref.ref(frame.image)
    del frame
    assert image() is None
    Path("a.png").unlink()
    failed = read_picture(found)
    assert isinstance(failed, FailedInput)
    assert failed.error.kind == "missing"


def test_an_error_keeps_nothing_else_in_memory() -> None:
    save("a.png", data=PNG[: len(PNG) // 2])
    error = failure_of("a.png")

    assert error.kind == "damaged"
    assert (error.__traceback__, error.__cause__, error.__context__) == (None, None, None)


def test_the_limit_on_pixels_is_handed_on() -> None:
    save("a.png", data=PNG)

    [wanted] = list_pictures(["a.png"])
    found = read_picture(wanted, max_pixels=100)
    assert isinstance(found, FailedInput)
    assert found.error.kind == "too_large"


def test_a_disk_that_fails_while_reading_costs_one_error(monkeypatch: pytest.MonkeyPatch) -> None:
    save("a.png", "b.png")

    def fail(stream: BinaryIO, name: str, expected: int) -> bytes:
        if name == "a.png":
            raise OSError(errno.EIO, "Input/output error")
        return stream.read(expected)

    monkeypatch.setattr("age_pipeline.file_reading._read_bounded", fail)
    first, second = read("a.png", "b.png")

    assert isinstance(first, FailedInput)
    assert first.error.kind == "damaged"
    assert isinstance(second, Frame)


def test_a_file_larger_than_memory_costs_one_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> bytes:
        raise MemoryError

    save("a.png")
    monkeypatch.setattr("age_pipeline.file_reading._read_bounded", fail)

    assert failure_of("a.png").kind == "too_large"


def mess() -> dict[str, str]:
    """A thousand inputs in a folder f, and what each must come to."""
    bombs = list(BOMBS.values())
    expected: dict[str, str] = {}
    for number in range(100):
        files = {
            "picture": TINY,
            "empty": b"",
            "damaged": PNG[: len(PNG) // 2],
            "not_an_image": b"<html>404</html>",
            "too_large": bombs[number % len(bombs)],
            "permission": TINY,
        }
        for kind, data in files.items():
            expected[f"f/{number}-{kind}.jpg"] = kind
            save(f"f/{number}-{kind}.jpg", data=data)
        Path(f"f/{number}-link.jpg").symlink_to("gone")
        Path(f"f/{number}-folder.jpg").mkdir()
        os.mkfifo(f"f/{number}-pipe.jpg")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(f"f/{number}-socket.jpg")
        expected[f"f/{number}-link.jpg"] = "missing"
        for what in ("folder", "pipe", "socket"):
            expected[f"f/{number}-{what}.jpg"] = "not_a_file"
    return expected


@pytest.mark.parametrize("by_name", [False, True])
def test_a_thousand_inputs_cost_one_error_each_at_the_most(
    monkeypatch: pytest.MonkeyPatch, by_name: bool
) -> None:
    expected = mess()
    os_open = os.open

    def refuse(path: str, flags: int, mode: int = 0o777) -> int:
        assert expected[str(path)] not in ("not_a_file", "missing")
        if "permission" in str(path):
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return os_open(path, flags, mode)

    monkeypatch.setattr(os, "open", refuse)
    order = sorted(expected)
    if by_name:
        random.Random(0).shuffle(order)
        # A folder that is named itself stands for its pictures, of which it has none.
        expected |= {name: "no_input" for name in order if name.endswith("folder.jpg")}
    found = read(*(order if by_name else ["f"]))

    assert [each.name for each in found] == order
    assert len(found) == 1000
    assert {
        each.name: each.error.kind if isinstance(each, FailedInput) else "picture" for each in found
    } == expected
