import os
from pathlib import Path, PurePath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from age_pipeline.errors import UsageError
from age_pipeline.output_names import WRITTEN, OutputNames, is_one_file, writable
from age_pipeline.picture_formats import SUFFIXES


def test_a_copy_has_the_place_and_name_of_its_picture(tmp_path: Path) -> None:
    names = OutputNames(tmp_path, [])

    assert names.choose(PurePath("sub/a.JPG")) == tmp_path / "sub/a.JPG"


def test_inputs_that_collide_are_numbered(tmp_path: Path) -> None:
    names = OutputNames(tmp_path, [])
    wanted = ["a.jpg", "a.jpg", "a-2.jpg", "a.jpg", "b/a.jpg"]

    chosen = [str(names.choose(PurePath(name)).relative_to(tmp_path)) for name in wanted]

    assert chosen == ["a.jpg", "a-2.jpg", "a-2-2.jpg", "a-3.jpg", "b/a.jpg"]


def test_an_input_is_never_overwritten(tmp_path: Path) -> None:
    names = OutputNames(tmp_path, [tmp_path / "a.jpg", tmp_path / "b.jpg", tmp_path / "b.ages.jpg"])

    assert names.choose(PurePath("a.jpg")) == tmp_path / "a.ages.jpg"
    assert names.choose(PurePath("b.jpg")) == tmp_path / "b.ages-2.jpg"


def test_a_copy_of_another_format_beside_its_original_is_named_as_one(tmp_path: Path) -> None:
    names = OutputNames(tmp_path, [tmp_path / "a.heic", tmp_path / "b.GIF", tmp_path / "scan.2024"])

    assert names.choose(PurePath("a.heic")) == tmp_path / "a.heic.ages.jpg"
    assert names.choose(PurePath("b.GIF")) == tmp_path / "b.GIF.ages.png"
    assert names.choose(PurePath("scan.2024")) == tmp_path / "scan.2024.ages.png"
    assert names.choose(PurePath("sub/a.heic")) == tmp_path / "sub/a.heic.jpg"


def test_an_input_is_known_by_whatever_way_leads_to_it(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "a.jpg").touch()
    (tmp_path / "link").symlink_to(photos)
    (tmp_path / "a.jpg").symlink_to(photos / "a.jpg")

    through_folder = OutputNames(tmp_path / "link", [photos / "a.jpg"])
    through_file = OutputNames(tmp_path, [photos / ".." / "photos" / "a.jpg"])

    assert through_folder.choose(PurePath("a.jpg")).name == "a.ages.jpg"
    assert through_file.choose(PurePath("a.jpg")).name == "a.ages.jpg"


@given(st.lists(st.sampled_from(["a.jpg", "a.png", "a-2.jpg", "a.gif", "a.ages.jpg"]), max_size=12))
def test_no_file_is_given_twice_and_none_is_an_input(wanted: list[str]) -> None:
    inputs = [Path("/x/a.jpg"), Path("/x/a-2.jpg")]
    names = OutputNames(Path("/x"), inputs)

    chosen = [names.choose(PurePath(name)) for name in wanted]

    assert len({*chosen, *inputs}) == len(chosen) + len(inputs)


def test_many_inputs_of_one_name_are_numbered_without_counting_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    def realpath(path: Path) -> str:
        asked.append(str(path))
        return str(path)

    monkeypatch.setattr(os.path, "realpath", realpath)
    names = OutputNames(Path("/x"), [])

    chosen = [names.choose(PurePath("a.jpg")) for _ in range(100)]

    assert chosen[-1] == Path("/x/a-100.jpg")
    assert len(asked) < 500


@pytest.mark.parametrize(
    ("name", "copy"),
    [
        ("a.jpeg", "a.jpeg"),
        ("a.TIF", "a.TIF"),
        ("a.heic", "a.heic.jpg"),
        ("a.AVIF", "a.AVIF.jpg"),
        ("a.gif", "a.gif.png"),
        ("photo", "photo.png"),
        ("scan.2024", "scan.2024.png"),
        ("-", "-.png"),
    ],
)
def test_a_format_that_is_not_written_becomes_another(name: str, copy: str) -> None:
    assert writable(PurePath("sub", name)) == PurePath("sub", copy)


def test_pictures_that_differ_in_their_format_alone_stay_apart(tmp_path: Path) -> None:
    names = OutputNames(tmp_path / "out", [])
    chosen = [names.choose(PurePath(name)).name for name in ("a.heic", "a.HEIC", "a.jpg", "a.gif")]
    assert chosen == ["a.heic.jpg", "a.HEIC.jpg", "a.jpg", "a.gif.png"]


def test_every_suffix_that_is_read_has_one_to_be_written_as() -> None:
    for suffix in SUFFIXES:
        assert writable(PurePath(f"a{suffix}")).suffix.lower() in WRITTEN


@pytest.mark.parametrize(
    ("output", "one_picture", "expected"),
    [
        ("new.jpg", True, True),
        ("old.jpg", True, True),
        ("missing/new.PNG", True, True),
        ("folder", True, False),
        ("folder.jpg", True, False),
        ("new", True, False),
        ("new.jpg/", True, False),
        ("new", False, False),
        ("new.2024", False, False),
        ("folder.jpg", False, False),
    ],
)
def test_output_is_a_file_or_a_folder(
    tmp_path: Path, output: str, one_picture: bool, expected: bool
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder.jpg").mkdir()
    (tmp_path / "old.jpg").touch()

    assert is_one_file(f"{tmp_path}/{output}", one_picture=one_picture) is expected


def test_standard_output_takes_one_picture() -> None:
    assert is_one_file("-", one_picture=True)
    with pytest.raises(UsageError, match="--output - takes one picture"):
        is_one_file("-", one_picture=False)


@pytest.mark.parametrize(
    ("output", "one_picture", "message"),
    [
        ("new.jpg", False, r"new\.jpg names a file: several pictures need a folder"),
        ("old", False, r"old names a file"),
        ("new.gif", True, r"new\.gif is of a format that is not written: use \.png, \.jpg,"),
        ("old", True, r"old is of a format that is not written"),
    ],
)
def test_an_output_that_does_not_fit_is_a_wrong_option(
    tmp_path: Path, output: str, one_picture: bool, message: str
) -> None:
    (tmp_path / "old").touch()

    with pytest.raises(UsageError, match=message):
        is_one_file(f"{tmp_path}/{output}", one_picture=one_picture)


def test_the_suffixes_are_in_lower_case() -> None:
    assert all(suffix == suffix.lower() and suffix[0] == "." for suffix in WRITTEN)
