import os
from pathlib import Path, PurePath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from age_pipeline.annotated_copies import annotated_copies, copies_among
from age_pipeline.output_names import OutputNames

FILES = ["a.jpg", "a.JPG", "a.heic", "a.gif", "a.ages.jpg", "scan.2024", "b.tif", "a-2.jpg"]


@pytest.mark.parametrize(
    ("original", "copy"),
    [
        ("a.jpg", "a.ages.jpg"),
        ("A.JPG", "A.ages.JPG"),
        ("a.jpg", "a.ages-12.jpg"),
        ("a.heic", "a.heic.ages.jpg"),
        ("a.GIF", "a.GIF.ages-2.png"),
        ("scan.2024", "scan.2024.ages.png"),
        ("a.ages.png", "a.ages.ages.png"),
    ],
)
def test_a_copy_is_known_by_the_original_beside_it(original: str, copy: str) -> None:
    assert copies_among([copy]) == set()
    assert copies_among([copy, original]) == {copy}


@pytest.mark.parametrize(
    "name", ["a.ages.png", "b.ages.jpg", "a.ages-x.jpg", "a.agesjpg", "a-2.jpg"]
)
def test_another_name_is_no_copy(name: str) -> None:
    assert copies_among([name, "a.jpg"]) == set()


@given(st.sets(st.sampled_from(FILES), min_size=1))
def test_whatever_lies_beside_its_original_is_known_again(originals: set[str]) -> None:
    names = OutputNames(Path("/x"), [Path("/x", each) for each in originals])

    copies = {names.choose(PurePath(each)).name for each in originals}

    assert copies <= copies_among(originals | copies)


def test_the_folder_is_asked_not_what_was_found(tmp_path: Path) -> None:
    for name in ("a.jpg", "a.ages.jpg"):
        (tmp_path / name).touch()
    copy = os.fspath(tmp_path / "a.ages.jpg")

    assert annotated_copies([copy], os.fspath(tmp_path), None) == {copy}


def test_a_folder_that_has_gone_meanwhile_holds_no_copies(tmp_path: Path) -> None:
    assert annotated_copies([os.fspath(tmp_path / "gone/a.ages.jpg")], ".", None) == set()


def test_a_link_into_the_output_folder_leads_to_a_copy(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/a.jpg").touch()
    (tmp_path / "b.jpg").symlink_to("out/a.jpg")
    found = [os.fspath(tmp_path / name) for name in ("b.jpg", "out/a.jpg", "outer.jpg")]

    assert annotated_copies(found, os.fspath(tmp_path), os.fspath(tmp_path / "out")) == {*found[:2]}
