"""The command, with fakes for both stages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fakes import FakeAges, FakeFaces, bell
from picture_files import RED, encode
from PIL import Image as PillowImage

import age_detector
import face_detector
from benchmarks import steadiness
from benchmarks.face_changes import BOX_MOVES, COPIES, LOSSES


def png(colour: tuple[int, int, int]) -> bytes:
    return encode(PillowImage.new("RGB", (40, 32), colour), "PNG")


@pytest.fixture(autouse=True)
def ages(monkeypatch: pytest.MonkeyPatch) -> FakeAges:
    """Each face reads 42 at first, for sure, and after every change about 45."""
    # A box of 20x24 pixels cannot be shrunk to 32 or 24 of them.
    changes = len(BOX_MOVES) + len(COPIES) + len(LOSSES) - 2
    ages = FakeAges([bell(42, 0), *[bell(45, 4)] * changes])
    monkeypatch.setattr(age_detector, "load", lambda *_: ages)
    monkeypatch.setattr(face_detector, "load", lambda _: FakeFaces())
    return ages


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """One face of 44, one that is not found, and a damaged picture."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "a.png").write_bytes(png(RED))
    (folder / "b.png").write_bytes(png((0, 0, 0)))
    (folder / "c.png").write_bytes(b"damaged")
    (folder / "labels.csv").write_text("file,age\na.png,44\nb.png,20\nc.png,30\n")
    return folder


def test_it_prints_both_tables(pictures: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert steadiness.main([str(pictures)]) == 1
    out, err = capsys.readouterr()
    face_model, age_model, *lines = out.splitlines()
    assert face_model == f"fake-faces: faces.bin, sha256 {'f' * 64}"
    assert age_model == f"fake-ages: ages.bin, sha256 {'a' * 64}"
    assert lines[1] == f"{pictures}: 1 faces, 1 not found; 1 pictures could not be read"
    assert "| box shifted or scaled, all of these | 6 | 3.00 | 3.00 |" in lines
    # The bell of 45 holds 80% in 40 to 50.
    assert (
        "| shrunk to a face of 16 pixels | 1 | 11.0 | 1.0 | 1 | 100.0% | 0.0% | 1.00 | 2.00 |"
        in lines
    )
    assert "| shrunk to a face of 24 pixels | 0 |  |  | 0 |  |  |  |  |" in lines
    assert lines[-1].startswith("| shrunk to a face of 12 pixels |")
    assert "c.png" in err


def test_all_changes_of_a_face_are_one_question(pictures: Path, ages: FakeAges) -> None:
    steadiness.main([str(pictures)])
    assert ages.calls == [1 + len(BOX_MOVES) + len(COPIES) + len(LOSSES) - 2]


def test_several_sets_stand_below_each_other(
    pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "a.png").write_bytes(png(RED))
    assert steadiness.main([str(other), str(pictures), "--limit", "1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    headings = [line for line in lines if "not found" in line]
    assert [line.split(":")[0] for line in headings] == [str(other), str(pictures)]
    # Without a label no age is known.
    assert "| shrunk to a face of 16 pixels | 1 | 11.0 | 1.0 | 0 |  |  |  |  |" in lines


def test_the_record_says_the_same(
    pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "steadiness.json"
    assert steadiness.main([str(pictures), "--json", str(file), "--limit", "2"]) == 0
    assert "| halved in size | 1 | 3.00 | 3.00 |" in capsys.readouterr().out
    record = json.loads(file.read_bytes())
    assert record["models"]["age"] == {
        "name": "fake-ages",
        "file": "ages.bin",
        "sha256": "a" * 64,
        "licence": None,
        "version": None,
    }
    assert record["models"]["face"]["name"] == "fake-faces"
    assert (record["interval_level"], record["limit"]) == (0.8, 2)
    (one,) = record["sets"]
    assert (one["pictures"], one["faces"]) == (str(pictures), 1)
    assert (one["not_found"], one["unreadable"]) == (1, 0)
    assert one["movements"][-1] == {
        "change": "halved in size",
        "faces": 1,
        "mean": 3,
        "percentile_95": 3,
    }
    assert one["doubts"][-1] == {
        "change": "shrunk to a face of 12 pixels",
        "faces": 1,
        "known": 1,
        "before": {"width": 1, "held": 0, "error": 2},
        "after": {"width": 11, "held": 1, "error": 1},
    }


def test_a_list_may_choose_the_pictures(
    pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chosen = tmp_path / "chosen.txt"
    chosen.write_text("a.png\n")
    file = tmp_path / "steadiness.json"
    assert steadiness.main([str(pictures), "--only", str(chosen), "--json", str(file)]) == 0
    assert "1 faces, 0 not found; 0 pictures could not be read" in capsys.readouterr().out
    assert json.loads(file.read_bytes())["only"] == str(chosen)


def test_the_record_can_be_all_that_is_printed(
    pictures: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    steadiness.main([str(pictures), "--json", "-"])
    assert json.loads(capfdbinary.readouterr().out)["sets"][0]["unreadable"] == 1


def test_a_run_that_fails_leaves_no_record(tmp_path: Path) -> None:
    file = tmp_path / "steadiness.json"
    assert steadiness.main([str(tmp_path / "nowhere"), "--json", str(file)]) == 2
    assert list(tmp_path.iterdir()) == []


def test_without_a_folder_it_takes_the_sample_pictures(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, pictures: Path
) -> None:
    monkeypatch.setattr("benchmarks.steadiness.IMAGES", pictures)
    steadiness.main([])
    assert f"{pictures}: 1 faces" in capsys.readouterr().out


def test_pictures_without_any_face_are_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "black.png").write_bytes(png((0, 0, 0)))
    assert steadiness.main([str(tmp_path)]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "no face was found" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--limit", "0"], "leaves nothing to measure"),
        (["--age", "/no/such/folder"], "no such folder"),
        (["--json", "/no/such/folder/a.json"], "folder does not exist"),
        (["--detector", "nobody"], "invalid choice"),
    ],
)
def test_wrong_options_are_one_line(
    arguments: list[str], message: str, pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert steadiness.main([str(pictures), *arguments]) in (1, 2)
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line
