import io
import tarfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from fakes import FACE
from hypothesis import given
from hypothesis import strategies as st
from picture_files import BLUE, GREEN, RED, encode
from PIL import Image as PillowImage

from age_pipeline.data import Box, Face, FailedInput
from age_pipeline.errors import UsageError
from benchmarks.age_labels import AgeLabel
from benchmarks.labelled_folders import (
    LabelledPicture,
    LabelledPictures,
    half_of,
    labelled_face,
    open_labelled,
)

UTKFACE = "25_0_3_20170104160912835.jpg"
ALL_AGE_FACES = "07381A80.jpg"


def png(colour: tuple[int, int, int], width: int = 4, height: int = 3) -> bytes:
    return encode(PillowImage.new("RGB", (width, height), colour), "PNG")


SOUND = {"a.png": png(RED), "in/b.png": png(GREEN)}
CSV = b"file,age\na.png,42\nin/b.png,7\n"


def make(path: Path, files: Mapping[str, bytes]) -> Path:
    """A folder or, where `path` ends in .tar, an archive of these files."""
    if path.suffix == ".tar":
        with tarfile.open(path, "w") as tar:
            for name, data in files.items():
                member = tarfile.TarInfo(name)
                member.size = len(data)
                tar.addfile(member, io.BytesIO(data))
        return path
    for name, data in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
    return path


@pytest.fixture(params=["set", "set.tar"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Where a set of pictures is to be made: once a folder, once an archive."""
    return tmp_path / str(request.param)


def pictures_of(pictures: LabelledPictures) -> list[LabelledPicture]:
    found = list(pictures)
    assert len(found) == len(pictures)
    return [each for each in found if isinstance(each, LabelledPicture)]


def failures_of(pictures: LabelledPictures) -> list[FailedInput]:
    return [each for each in pictures if isinstance(each, FailedInput)]


def picture(width: int, height: int, centre: tuple[float, float] | None = None) -> LabelledPicture:
    image = np.zeros((height, width, 3), np.uint8)
    return LabelledPicture(name="a", first=1, last=1, image=image, centre=centre)


def test_pictures_and_labels_come_together(path: Path) -> None:
    first, second = pictures_of(open_labelled(make(path, {**SOUND, "labels.csv": CSV})))

    assert (first.name, first.first, first.last) == ("a.png", 42, 42)
    assert (second.name, second.first, second.last) == ("in/b.png", 7, 7)
    assert first.image.shape == (3, 4, 3)
    assert [tuple(each.image[0, 0, ::-1]) for each in (first, second)] == [RED, GREEN]


def test_they_can_be_read_again(path: Path) -> None:
    pictures = open_labelled(make(path, {**SOUND, "labels.csv": CSV}))
    assert len(list(pictures)) == len(list(pictures)) == 2


@pytest.mark.parametrize("top", ["", "./", "set/", "/set/"])
def test_names_in_an_archive_count_from_the_folder_of_all(tmp_path: Path, top: str) -> None:
    files = {top + name: data for name, data in {**SOUND, "labels.csv": CSV}.items()}
    pictures = pictures_of(open_labelled(make(tmp_path / "a.tar", files)))
    assert [each.name for each in pictures] == ["a.png", "in/b.png"]


def test_names_in_an_archive_may_begin_at_the_root_or_not(tmp_path: Path) -> None:
    files = {"/a.png": png(RED), "in/b.png": png(GREEN), "labels.csv": CSV}
    assert len(pictures_of(open_labelled(make(tmp_path / "a.tar", files)))) == 2


def test_a_csv_from_elsewhere_goes_before_the_own_one(path: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text("file,age_group,sex\na.png,70+,female\n")
    pictures = open_labelled(make(path, {**SOUND, "labels.csv": CSV}), labels=tmp_path / "mine.csv")
    [found] = pictures_of(pictures)
    assert (found.first, found.last, found.groups) == (70, 100, {"sex": "female"})


def test_without_a_csv_the_names_tell(path: Path) -> None:
    files = {UTKFACE: png(RED), f"below/{ALL_AGE_FACES}": png(BLUE), "notes.txt": b"notes"}
    found = {each.name: each for each in pictures_of(open_labelled(make(path, files)))}
    assert {name: each.first for name, each in found.items()} == {
        UTKFACE: 25,
        f"below/{ALL_AGE_FACES}": 80,
    }
    assert found[UTKFACE].groups == {"sex": "male", "race": "Indian"}


def test_names_that_tell_nothing_are_left_out_with_a_line(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    files = {name: png(RED) for name in (UTKFACE, "a.jpg", "b.jpg", "c.jpg", "d.jpg", "._e.jpg")}
    assert len(open_labelled(make(path, files))) == 1
    assert [record.getMessage() for record in caplog.records] == [
        f"{path}: 4 of 5 pictures are left out, their names tell no age: a.jpg, b.jpg, c.jpg, ..."
    ]


def test_hidden_files_are_no_pictures(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    open_labelled(make(tmp_path / "a.tar", {UTKFACE: png(RED), f"._{UTKFACE}": b"Finder's"}))
    assert not caplog.records


def test_a_missing_and_a_damaged_picture_cost_one_item_each(path: Path) -> None:
    files = {
        "labels.csv": b"file,age\ngone.png,1\nbad.png,2\na.png,3\n",
        "bad.png": png(RED)[:50],
        "a.png": png(RED),
    }
    pictures = open_labelled(make(path, files))

    assert [each.name for each in pictures] == ["gone.png", "bad.png", "a.png"]
    gone, bad = failures_of(pictures)
    assert (gone.error.kind, bad.error.kind) == ("missing", "damaged")
    assert "gone.png" in str(gone.error)
    assert str(path) in str(gone.error)
    assert str(path) in str(bad.error)


def test_an_archive_that_is_gone_meanwhile_costs_its_pictures(tmp_path: Path) -> None:
    path = make(tmp_path / "a.tar", {**SOUND, "labels.csv": CSV})
    pictures = open_labelled(path)
    path.unlink()
    assert [each.error.kind for each in failures_of(pictures)] == ["missing", "missing"]


def test_people_of_one_picture_come_in_a_row_and_share_it(path: Path) -> None:
    csv = b"file,age,x,y\na.png,1,1,1\nin/b.png,9,,\na.png,2,3,1\n"
    found = pictures_of(open_labelled(make(path, {**SOUND, "labels.csv": csv})))

    assert [(each.name, each.first) for each in found] == [
        ("a.png", 1),
        ("a.png", 2),
        ("in/b.png", 9),
    ]
    assert found[0].image is found[1].image
    assert [each.centre for each in found] == [(1, 1), (3, 1), None]


def test_a_list_chooses_by_name_or_stem(path: Path, tmp_path: Path) -> None:
    (tmp_path / "only.txt").write_text("b.webp\n\nother\n")
    pictures = open_labelled(make(path, {**SOUND, "labels.csv": CSV}), only=tmp_path / "only.txt")
    assert [each.name for each in pictures] == ["in/b.png"]


def test_what_a_list_names_in_vain_is_counted(
    path: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "only.txt").write_text("b\nother\nnobody.png\n")
    open_labelled(make(path, {**SOUND, "labels.csv": CSV}), only=tmp_path / "only.txt")
    assert [record.getMessage() for record in caplog.records] == [
        f"2 of the 3 pictures that {tmp_path / 'only.txt'} names are not there, for example nobody"
    ]


def test_a_list_of_others_leaves_nothing(path: Path, tmp_path: Path) -> None:
    (tmp_path / "only.txt").write_text("other\n")
    with pytest.raises(UsageError, match="names none of the pictures that are labelled"):
        open_labelled(make(path, {**SOUND, "labels.csv": CSV}), only=tmp_path / "only.txt")


def test_pictures_whose_ages_nobody_knows_are_no_labelled_set(path: Path) -> None:
    with pytest.raises(UsageError, match=r"has no labels\.csv, and no name tells an age"):
        open_labelled(make(path, SOUND))


def test_without_pictures_there_is_nothing(path: Path) -> None:
    with pytest.raises(UsageError, match="holds no picture, by the names of its files"):
        open_labelled(make(path, {"notes.txt": b"notes"}))


def test_an_empty_archive_holds_no_picture(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no picture, by the names of its files"):
        open_labelled(make(tmp_path / "a.tar", {}))


def test_what_is_neither_folder_nor_archive_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "a.tar").write_bytes(b"not an archive" * 99)
    with pytest.raises(UsageError, match=r"expected a folder or an uncompressed \.tar archive"):
        open_labelled(tmp_path / "a.tar")
    with pytest.raises(UsageError, match="does not exist; check the name"):
        open_labelled(tmp_path / "gone")


def test_labels_that_cannot_be_read_are_said_so(path: Path, tmp_path: Path) -> None:
    make(path, SOUND)
    with pytest.raises(UsageError, match=r"gone\.csv does not exist"):
        open_labelled(path, labels=tmp_path / "gone.csv")
    with pytest.raises(UsageError, match="is a folder"):
        open_labelled(path, labels=tmp_path)


def test_faulty_labels_are_named_with_their_file(path: Path) -> None:
    make(path, {**SOUND, "labels.csv": b"file,age\na.png,old\n"})
    with pytest.raises(UsageError, match=r"labels\.csv.*, line 2: age is 'old'"):
        open_labelled(path)


def pictures_named(number: int) -> LabelledPictures:
    labels = [AgeLabel(name=f"{index}.jpg", first=index, last=index) for index in range(number)]
    return LabelledPictures(tuple(labels), store=NotImplemented)


@given(st.integers(1, 100), st.integers(1, 120))
def test_a_spread_takes_as_many_as_asked_for_evenly(number: int, wanted: int) -> None:
    ages = [label.first for label in pictures_named(number).spread(wanted).labels]
    assert len(ages) == min(number, wanted)
    assert ages == sorted(set(ages))
    gaps = np.diff([*ages, number])
    assert gaps.max() - gaps.min() <= 1


def test_some_can_be_chosen_by_their_labels() -> None:
    chosen = pictures_named(5).chosen(lambda label: label.first > 2)
    assert [label.first for label in chosen.labels] == [3, 4]


@given(st.text(st.characters(exclude_characters="/.", exclude_categories=["Cs"]), min_size=1))
def test_a_half_depends_on_the_name_alone(stem: str) -> None:
    assert half_of(f"{stem}.jpg") == half_of(f"folder/{stem}.webp") in ("first", "second")


def test_halves_are_the_same_everywhere_and_of_a_size() -> None:
    # SHA-256 of "a" begins with ca, that of "b" with 3e (FIPS 180-4).
    assert (half_of("a.png"), half_of("b.png")) == ("second", "first")
    first = sum(half_of(f"{number}.jpg") == "first" for number in range(2000))
    assert 900 < first < 1100


def face(left: int, top: int, side: int) -> Face:
    return Face(Box(left, top, left + side, top + side), 0.9)


def test_the_labelled_face_is_the_large_one_in_the_middle() -> None:
    large, small, aside = face(30, 30, 40), face(47, 40, 6), face(0, 0, 40)
    assert labelled_face([aside, large, small], picture(100, 100)) is large
    assert labelled_face([aside], picture(100, 100)) is aside


def test_a_centre_says_which_face_is_meant() -> None:
    left, right = face(0, 30, 40), face(50, 30, 40)
    assert labelled_face([left, right], picture(100, 100, (60, 60))) is right
    assert labelled_face([left, right], picture(100, 100, (45, 50))) is None


def test_of_two_that_hold_the_centre_the_nearer_counts() -> None:
    near, far = face(40, 40, 20), face(30, 30, 25)
    assert labelled_face([far, near], picture(100, 100, (50, 50))) is near


def test_a_box_ends_before_its_right_and_bottom() -> None:
    box = FACE.box
    inside, outside = picture(99, 99, (box.left, box.top)), picture(99, 99, (box.right, box.top))
    assert labelled_face([FACE], inside) is FACE
    assert labelled_face([FACE], outside) is None


def test_where_no_face_is_found_none_is_labelled() -> None:
    assert labelled_face([], picture(10, 10)) is None
