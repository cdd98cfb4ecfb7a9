from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
import pytest
from full_disk import files_limited_to

from age_pipeline.best_faces import BestFaces
from age_pipeline.data import Box, Image
from age_pipeline.errors import OutputError


def plain(level: int, width: int = 100, height: int = 80) -> Image:
    return np.full((height, width, 3), level, np.uint8)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def level(path: Path) -> float:
    return float(cv2.imread(str(path)).mean())  # type: ignore[union-attr]


BOX = Box(40, 20, 60, 50)


def test_each_person_has_one_picture_and_it_is_the_best(tmp_path: Path) -> None:
    with closing(BestFaces(tmp_path / "new" / "faces")) as faces:
        for track, quality, grey in [(3, 0.5, 10), (3, 0.9, 90), (12, 0.1, 200), (3, 0.9, 30)]:
            faces.offer(track, plain(grey), BOX, quality, 1.5)
        assert names(tmp_path / "new" / "faces") == []

    assert names(tmp_path / "new" / "faces") == ["person-003.jpg", "person-012.jpg"]
    assert level(tmp_path / "new" / "faces" / "person-003.jpg") == pytest.approx(90, abs=2)
    assert level(tmp_path / "new" / "faces" / "person-012.jpg") == pytest.approx(200, abs=2)


def test_the_face_has_a_margin_as_far_as_the_picture_reaches(tmp_path: Path) -> None:
    image = plain(100)
    image[20:50, 40:60] = 200
    with closing(BestFaces(tmp_path)) as faces:
        faces.offer(1, image, BOX, 1, 0)
        faces.offer(2, image, Box(0, 0, 20, 30), 1, 0)

    inside = cv2.imread(str(tmp_path / "person-001.jpg"))
    at_the_edge = cv2.imread(str(tmp_path / "person-002.jpg"))

    assert inside is not None
    assert at_the_edge is not None
    assert inside.shape == (54, 36, 3)
    assert inside[27, 18] == pytest.approx([200] * 3, abs=5)
    assert inside[2, 2] == pytest.approx([100] * 3, abs=5)
    assert at_the_edge.shape == (42, 28, 3)


def test_a_large_face_is_shrunk_and_keeps_its_shape(tmp_path: Path) -> None:
    with closing(BestFaces(tmp_path)) as faces:
        faces.offer(1, plain(90, 3000, 2000), Box(1000, 500, 1600, 1500), 1, 0)

    image = cv2.imread(str(tmp_path / "person-001.jpg"))

    assert image is not None
    assert image.shape[:2] == (512, 307)


def test_a_picture_that_is_reused_changes_nothing(tmp_path: Path) -> None:
    image = plain(90)
    with closing(BestFaces(tmp_path)) as faces:
        faces.offer(1, image, BOX, 1, 0)
        image[:] = 250

    assert level(tmp_path / "person-001.jpg") == pytest.approx(90, abs=2)


def test_who_has_left_is_written_at_once_and_held_no_longer(tmp_path: Path) -> None:
    faces = BestFaces(tmp_path)
    faces.offer(1, plain(10), BOX, 1, 0)
    faces.offer(2, plain(20), BOX, 1, 0)
    faces.finish(1)
    assert names(tmp_path) == ["person-001.jpg"]
    (tmp_path / "person-001.jpg").unlink()
    faces.finish(1)
    faces.close()
    assert names(tmp_path) == ["person-002.jpg"]


def test_one_picture_that_cannot_be_written_keeps_no_other_back(tmp_path: Path) -> None:
    (tmp_path / "person-002.jpg").mkdir()
    faces = BestFaces(tmp_path)
    for track in (1, 2, 3):
        faces.offer(track, plain(90), BOX, 1, 0)
    with pytest.raises(OutputError, match=r"person-002\.jpg"):
        faces.close()
    assert names(tmp_path) == ["person-001.jpg", "person-002.jpg", "person-003.jpg"]


def test_nobody_has_no_picture(tmp_path: Path) -> None:
    with closing(BestFaces(tmp_path)) as faces:
        for track in (1, 2):
            faces.offer(track, plain(90), Box(20, 20, 40, 40), 1.0, 0.0)
        faces.forget(2)
        faces.forget(3)
    assert names(tmp_path) == ["person-001.jpg"]


def test_a_stopped_run_has_the_pictures_too(tmp_path: Path) -> None:
    def stopped() -> None:
        with closing(BestFaces(tmp_path)) as faces:
            faces.offer(1, plain(90), BOX, 1, 0)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()

    assert names(tmp_path) == ["person-001.jpg"]


def test_people_of_an_earlier_run_are_told_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with closing(BestFaces(tmp_path)) as faces:
        faces.offer(1, plain(90), BOX, 1, 0)
    assert not caplog.records

    BestFaces(tmp_path)

    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "holds people of an earlier run" in caplog.text


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(OutputError, match=r"cannot make the folder .*file"):
        BestFaces(tmp_path / "file")


def test_a_full_disk_leaves_no_half_picture(tmp_path: Path) -> None:
    faces = BestFaces(tmp_path)
    faces.offer(1, plain(90), BOX, 1, 0)

    with files_limited_to(100), pytest.raises(OutputError, match=r"person-001\.jpg \(File too"):
        faces.close()

    assert names(tmp_path) == []
    faces.close()


def test_a_box_outside_the_picture_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="inside a picture"):
        BestFaces(tmp_path).offer(1, plain(90), Box(200, 200, 210, 210), 1, 0)
