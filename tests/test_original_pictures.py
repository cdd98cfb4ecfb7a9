from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from fakes import FACE, FakeAges, FakeFaces, bell
from sample_pictures import close_up, picture

import age_detector
import face_detector
from age_detector import levi_hassner
from age_pipeline.data import BRACKET_NAMES, Box, Face
from age_pipeline.model_files import locate
from benchmarks import original_pictures
from benchmarks.camera_pictures import camera_picture
from benchmarks.composed_clips import FACES
from benchmarks.original_pictures import load_age, load_faces, main
from face_detector import ssd

FACE_FOLDER = locate(ssd.WEIGHTS).parent


def test_its_constants_are_those_beside_the_weights() -> None:
    copied = (
        (original_pictures.FACE_WEIGHTS, ssd.WEIGHTS.file),
        (original_pictures.FACE_SIZE, ssd.INPUT_SIZE),
        (original_pictures.FACE_MEAN, ssd.MEAN),
        (original_pictures.AGE_WEIGHTS, levi_hassner.WEIGHTS.file),
        (original_pictures.AGE_SIZE, levi_hassner.INPUT_SIZE),
        (original_pictures.AGE_MEAN, pytest.approx(levi_hassner.MEAN.tolist())),
        (original_pictures.BRACKETS, BRACKET_NAMES),
    )
    assert [copy for copy, constant in copied if copy != constant] == []


def test_it_sees_what_our_stages_see(age_net_folder: Path) -> None:
    image = picture("einstein_1947.jpg")
    (face,) = face_detector.load(looks="single").detect(image)
    (corners,) = load_faces(FACE_FOLDER)(image)
    box = face.box
    assert corners == pytest.approx((box.left, box.top, box.right, box.bottom), abs=1)

    ages = age_detector.load("levi-hassner", age_net_folder)
    (age,) = ages.estimate([ages.crop(image, face)])
    bracket, probability = load_age(age_net_folder)(
        image, (box.left, box.top, box.right, box.bottom)
    )
    assert bracket == age.bracket
    assert probability == pytest.approx(age.bracket_confidence, abs=1e-3)


def test_a_line_for_each_face_and_a_copy_of_each_picture(
    tmp_path: Path, age_net_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pictures, output = tmp_path / "pictures", tmp_path / "deep" / "output"
    pictures.mkdir()
    (pictures / "2.jpg").write_bytes(camera_picture(2, 640, 480, 0))
    cv2.imwrite(str(pictures / "1.png"), np.zeros((60, 80, 3), np.uint8))

    assert main([str(pictures), str(output), "--age-net", str(age_net_folder)]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert [line.startswith("[INFO] (") and line.endswith("%") for line in lines] == [True] * 2
    assert sorted(path.name for path in output.iterdir()) == ["1.png", "2.jpg"]
    plain, copy = (cv2.imread(str(folder / "2.jpg")) for folder in (pictures, output))
    assert plain is not None
    assert copy is not None
    for left, top, right, bottom in load_faces(FACE_FOLDER)(np.asarray(plain, np.uint8)):
        around = copy[top : bottom + 1, [left, right]].astype(int)
        # Red, as far as a JPEG keeps thin lines.
        assert (around[..., 2] - around[..., 0]).mean() > 60


def test_what_is_no_picture_ends_it(tmp_path: Path, age_net_folder: Path) -> None:
    (tmp_path / "a.jpg").write_text("a poem")
    with pytest.raises(SystemExit, match=r"a\.jpg is no picture"):
        main([str(tmp_path), str(tmp_path / "out"), "--age-net", str(age_net_folder)])


def test_what_cannot_be_written_ends_it(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), picture("1.png"))
    copy = tmp_path / "absent" / "a.png"
    with pytest.raises(SystemExit, match="cannot be written"):
        original_pictures.annotate(tmp_path / "a.png", copy, lambda _: [], lambda *_: ("0-2", 1.0))


def test_a_face_that_reaches_out_of_the_picture_is_cut_at_its_edge() -> None:
    inside = close_up("1.png", FACES["1.png"], 0.8)
    ((left, top, right, bottom),) = load_faces(FACE_FOLDER)(
        np.asarray(cv2.resize(inside, (600, 600)), np.uint8)
    )
    assert (left, bottom) == (0, 600)
    assert top < 60
    assert right > 540


def test_where_opencv_reads_no_caffe_files_the_stages_run_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(original_pictures, "HAS_CAFFE", False)
    asked: list[tuple[object, ...]] = []

    def faces(*arguments: object, **options: object) -> FakeFaces:
        asked.append((*arguments, options))
        return FakeFaces([Face(Box(1, 2, 3, 4), 0.9), FACE])

    def ages(*arguments: object) -> FakeAges:
        asked.append(arguments)
        return FakeAges([bell(30, spread=0)])

    monkeypatch.setattr(face_detector, "load", faces)
    monkeypatch.setattr(age_detector, "load", ages)
    image = np.full((40, 40, 3), 9, np.uint8)
    found = load_faces(tmp_path)(image)
    assert found == [(1, 2, 3, 4), (4, 6, 24, 30)]
    assert load_age(tmp_path)(image, found[1]) == ("25-32", 1.0)
    options = {"min_confidence": 0.5, "looks": "single"}
    assert asked == [("ssd", tmp_path, options), ("levi-hassner", tmp_path)]
