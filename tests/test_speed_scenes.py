from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.speed_scenes import Scene, picture_size, repeated


def test_a_scene_has_its_place() -> None:
    scene = Scene(640, 480, 4)
    assert scene.size == "640x480"
    assert scene.folder(Path("all")) == Path("all/640x480/4")


def test_a_size_is_read() -> None:
    assert picture_size("4000x3000") == (4000, 3000)


@pytest.mark.parametrize("text", ["", "640", "640x", "axb", "640x480x3", "0x480", "640x-1"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected a size"):
        picture_size(text)


def test_pictures_are_repeated_under_other_names(tmp_path: Path) -> None:
    originals = tmp_path / "originals"
    originals.mkdir()
    for name in ("a.jpg", "b.jpg"):
        (originals / name).write_text(name)
    folder = repeated(originals, tmp_path / "new" / "5", 5)
    files = sorted(folder.iterdir())
    assert [path.read_text() for path in files] == ["a.jpg", "b.jpg", "a.jpg", "b.jpg", "a.jpg"]
    assert {path.suffix for path in files} == {".jpg"}
    assert len({path.name for path in files}) == 5
