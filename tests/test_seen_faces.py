"""The faces of folders and archives, by a detector that sees the same everywhere."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import numpy as np
import pytest
from fakes import FACE, FakeFaces
from picture_files import GREEN, RED, encode
from PIL import Image as PillowImage

from age_pipeline.data import Box, Face, FailedInput
from age_pipeline.errors import UsageError
from benchmarks.seen_faces import SeenFace, seen_faces

BESIDE = Face(Box(20, 6, 30, 16), confidence=0.6)


def png(colour: tuple[int, int, int]) -> bytes:
    return encode(PillowImage.new("RGB", (40, 32), colour), "PNG")


FILES = {"a.png": png(RED), "b.png": png(GREEN), "c.png": png((0, 0, 0)), "d.png": b"no picture"}
BLUE_GREEN_RED = {"a.png": RED[::-1], "b.png": GREEN[::-1]}


@pytest.fixture(params=["set", "set.tar"])
def pictures(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A red, a green, a black and a damaged picture."""
    path = tmp_path / str(request.param)
    if path.suffix == ".tar":
        with tarfile.open(path, "w") as tar:
            for name, data in FILES.items():
                member = tarfile.TarInfo(f"in/{name}")
                member.size = len(data)
                tar.addfile(member, io.BytesIO(data))
    else:
        path.mkdir()
        for name, data in FILES.items():
            (path / name).write_bytes(data)
    return path


def summary(seen: list[SeenFace | FailedInput]) -> list[tuple[object, ...]]:
    """The picture's first pixel, the box and the age of each face; of what failed, its name."""
    return [
        (each.name,)
        if isinstance(each, FailedInput)
        else (tuple(each.image[0, 0]), each.face and each.face.box, each.age)
        for each in seen
    ]


def test_without_labels_all_faces_count(pictures: Path) -> None:
    detector = FakeFaces([FACE, BESIDE])
    assert summary(list(seen_faces(pictures, detector))) == [
        (RED[::-1], FACE.box, None),
        (RED[::-1], BESIDE.box, None),
        (GREEN[::-1], FACE.box, None),
        (GREEN[::-1], BESIDE.box, None),
        ((0, 0, 0), None, None),
        ("d.png",),
    ]


@pytest.mark.parametrize(
    ("limit", "names"), [(1, ["a"]), (2, ["a", "c"]), (3, ["a", "b", "c"]), (9, list("abcd"))]
)
def test_a_limit_is_spread_evenly(limit: int, names: list[str], pictures: Path) -> None:
    seen = summary(list(seen_faces(pictures, FakeFaces(), limit)))
    colours = {"a": RED[::-1], "b": GREEN[::-1], "c": (0, 0, 0), "d": "d.png"}
    assert [each[0] for each in seen] == [colours[name] for name in names]


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    folder = tmp_path / "labelled"
    folder.mkdir()
    for name, data in FILES.items():
        (folder / name).write_bytes(data)
    (folder / "labels.csv").write_text(
        "file,age,x,y\na.png,42,14,18\na.png,30-39,25,11\na.png,50,39,31\nc.png,60,,\nd.png,70,,\n"
    )
    return folder


def test_with_labels_only_those_count(labelled: Path) -> None:
    detector = FakeFaces([FACE, BESIDE])
    assert summary(list(seen_faces(labelled, detector))) == [
        (RED[::-1], FACE.box, 42),
        # A group is no known age.
        (RED[::-1], BESIDE.box, None),
        (RED[::-1], None, 50),
        ((0, 0, 0), None, 60),
        ("d.png",),
    ]
    # Each picture is looked at once, however many labels it has.
    assert len(detector.seen) == 2


def test_of_labels_a_limit_is_spread_too(labelled: Path) -> None:
    assert [each[-1] for each in summary(list(seen_faces(labelled, FakeFaces(), 2)))] == [42, 50]


def test_a_list_may_choose_among_the_labels(labelled: Path, tmp_path: Path) -> None:
    chosen = tmp_path / "chosen.txt"
    chosen.write_text("c\n")
    seen = summary(list(seen_faces(labelled, FakeFaces(), only=chosen)))
    assert seen == [((0, 0, 0), None, 60)]


def test_a_list_wants_labels(pictures: Path, tmp_path: Path) -> None:
    chosen = tmp_path / "chosen.txt"
    chosen.write_text("a\n")
    with pytest.raises(UsageError, match="no name tells an age"):
        list(seen_faces(pictures, FakeFaces(), only=chosen))


def test_names_may_be_labels(tmp_path: Path) -> None:
    (tmp_path / "25_0_3_20170104160912835.jpg").write_bytes(png(RED))
    (tmp_path / "holiday.png").write_bytes(png(GREEN))
    assert [each[-1] for each in summary(list(seen_faces(tmp_path, FakeFaces())))] == [25]


def test_no_picture_at_all_is_a_wrong_option(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no picture"):
        list(seen_faces(tmp_path, FakeFaces()))


def test_pixels_are_blue_green_red(labelled: Path) -> None:
    first = next(seen_faces(labelled, FakeFaces()))
    assert isinstance(first, SeenFace)
    np.testing.assert_array_equal(first.image[5, 5], RED[::-1])
