"""Tables of boxes, and the pictures that they are of."""

from __future__ import annotations

import tarfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from picture_files import RED, encode
from PIL import Image as PillowImage
from sample_pictures import GROUPS, IMAGES, PORTRAITS

from age_pipeline.data import Box, FailedInput
from age_pipeline.errors import UsageError
from benchmarks.composed_clips import FACES
from benchmarks.face_boxes import BOXES, Scene, boxes_from_csv, open_boxed

HEADER = "file,left,top,right,bottom\n"
PNG = encode(PillowImage.new("RGB", (40, 30), RED), "PNG")


def boxes_of(rows: str) -> dict[str, tuple[Box, ...]]:
    return boxes_from_csv((HEADER + rows).encode(), "a.csv")


def error_of(rows: str, header: str = HEADER) -> str:
    with pytest.raises(UsageError) as raised:
        boxes_from_csv((header + rows).encode(), "a.csv")
    return str(raised.value)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three pictures and a table of them."""
    for name in ("a.png", "b.png", "in/c.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(PNG)
    rows = "a.png,1,2,11,12\nb.png,,,,\nin/c.png,0,0,9,9\nin/c.png,20,0,29,9\n"
    (tmp_path / BOXES).write_text(HEADER + rows)
    return tmp_path


def test_each_row_is_a_face_and_an_empty_one_nobody() -> None:
    assert boxes_of("b,1,2,11,12\na,,,,\nb,20,2,30,12\n") == {
        "b": (Box(1, 2, 11, 12), Box(20, 2, 30, 12)),
        "a": (),
    }


def test_names_have_one_spelling() -> None:
    assert list(boxes_of("./a//b,1,2,11,12\na/b,20,2,30,12\n")) == ["a/b"]


def test_other_columns_and_another_order_do_no_harm() -> None:
    data = b"name,bottom,right,top,left,file\nAnna,12,11,2,1,a.jpg\n"
    assert boxes_from_csv(data, "a.csv") == {"a.jpg": (Box(1, 2, 11, 12),)}


def test_fractions_and_what_lies_left_or_above_are_cut_off() -> None:
    assert boxes_of("a,-3,-0.5,10.9,12\n") == {"a": (Box(0, 0, 10, 12),)}


@pytest.mark.parametrize(
    "edges", ["5,2,5,12", "1,12,11,2", "1,2,11,", "1,2,eleven,12", "nan,2,11,12", "-9,2,-1,12"]
)
def test_what_is_no_box_is_named_with_its_line(edges: str) -> None:
    error = error_of(f"a,1,2,11,12\nb,{edges}\n")
    assert error.startswith("a.csv, line 3: it has left ")
    assert error.endswith(
        "expected pixels with left < right and top < bottom, or nothing in all four where the"
        " picture shows nobody"
    )
    assert all(repr(cell) in error for cell in edges.split(","))


@pytest.mark.parametrize("row", ["a,1,2,11,12", "b,,,,"])
def test_the_same_twice_is_an_error(row: str) -> None:
    assert error_of(f"a,1,2,11,12\nb,,,,\n{row}\n") == (
        f"a.csv, line 4: it says the same of {row[0]} as a line above"
    )


@pytest.mark.parametrize("rows", ["a,1,2,11,12\na,,,,\n", "a,,,,\na,1,2,11,12\n"])
def test_nobody_and_a_face_contradict_each_other(rows: str) -> None:
    assert error_of(rows) == ("a.csv, line 3: a has a line with a face and one that says nobody")


def test_a_row_without_a_file_is_no_picture() -> None:
    assert error_of(",1,2,11,12\n") == "a.csv, line 2: the column file is empty"


def test_a_header_alone_names_no_picture() -> None:
    assert error_of("") == "a.csv names no picture: it has a header and nothing below"


@pytest.mark.parametrize("header", ["", "file,left,top,right\n", "file;left;top;right;bottom\n"])
def test_the_columns_that_are_needed_are_named(header: str) -> None:
    there = ", ".join(header.strip().split(",")) or "none"
    assert error_of("", header) == (
        "a.csv needs the columns file, left, top, right, bottom, separated by commas;"
        f" it has: {there}"
    )


@given(st.text('a,.-0123\n"nif', max_size=60))
def test_any_text_gives_boxes_or_one_line(text: str) -> None:
    with suppress(UsageError):
        assert boxes_of(text)


def test_pictures_come_with_their_boxes(folder: Path) -> None:
    pictures = open_boxed(folder)
    found = [each for each in pictures if isinstance(each, Scene)]
    assert len(pictures) == len(found) == 3
    assert [(each.case, each.level, each.boxes) for each in found] == [
        ("one face", "a.png", (Box(1, 2, 11, 12),)),
        ("nobody", "b.png", ()),
        ("several faces", "in/c.png", (Box(0, 0, 9, 9), Box(20, 0, 29, 9))),
    ]
    assert found[0].image.shape == (30, 40, 3)
    assert len(list(pictures)) == 3


def test_an_archive_is_read_like_a_folder(folder: Path, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "set.tar", "w") as tar:
        for name in ("a.png", "b.png", "in/c.png", BOXES):
            tar.add(folder / name, f"set/{name}")
    pictures = open_boxed(tmp_path / "set.tar")
    assert pictures.boxes == open_boxed(folder).boxes
    assert all(isinstance(each, Scene) for each in pictures)


def test_a_table_from_elsewhere_goes_before_the_own_one(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text(f"{HEADER}b.png,3,3,9,9\n")
    assert open_boxed(folder, tmp_path / "mine.csv").boxes == {"b.png": (Box(3, 3, 9, 9),)}


def test_without_a_table_the_columns_are_named(folder: Path) -> None:
    (folder / BOXES).unlink()
    with pytest.raises(UsageError, match=r"has no boxes.csv: name a CSV file with the columns fi"):
        open_boxed(folder)


def test_what_cannot_be_read_is_told_and_the_rest_is_read(folder: Path) -> None:
    (folder / "a.png").write_bytes(PNG[:40])
    (folder / "b.png").unlink()
    first, second, third = open_boxed(folder)
    assert isinstance(first, FailedInput)
    assert first.error.kind == "damaged"
    assert isinstance(second, FailedInput)
    assert second.error.kind == "missing"
    assert isinstance(third, Scene)


def test_boxes_end_where_the_picture_does(folder: Path) -> None:
    (folder / BOXES).write_text(f"{HEADER}a.png,25,20,45,32\nb.png,1,1,9,9\nb.png,36,0,50,9\n")
    first, second = open_boxed(folder)
    assert isinstance(first, Scene)
    assert first.boxes == (Box(25, 20, 40, 30),)
    assert isinstance(second, FailedInput)
    assert str(second.error) == (
        "b.png has 40 x 30 pixels, and most of Box(left=36, top=0, right=50, bottom=9) lies outside"
        " of it: correct its row"
    )


def test_the_faces_of_the_sample_pictures_are_known() -> None:
    pictures = open_boxed(IMAGES)
    counts = {name: len(boxes) for name, boxes in pictures.boxes.items()}
    assert counts == dict.fromkeys(PORTRAITS, 1) | dict(zip(GROUPS, (23, 29), strict=True))
    assert all(isinstance(each, Scene) for each in pictures)
    for name, box in FACES.items():
        assert pictures.boxes[name][0].iou(box) > 0.8
    for boxes in pictures.boxes.values():
        assert all(0.6 < box.width / box.height < 0.95 for box in boxes)
        assert all(one.iou(other) < 0.1 for one in boxes for other in boxes if one is not other)
