"""benchmarks.speed as a command, with programs that take no time."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from speed_fakes import fake_programs
from stop_signals import is_running, signal_once_there

from age_pipeline.cores import usable_cores
from benchmarks import original_pictures, speed, speed_programs
from benchmarks.program_runs import ROOT

QUICK = ["--sizes", "64x48", "--faces", "1", "2", "--pictures", "2", "--repeat", "1"]


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that temporary folders are made in."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speed_programs, "find_programs", lambda _: fake_programs())


@pytest.mark.usefixtures("fakes")
def test_all_parts_are_told_of(
    tmp_path: Path, temporary: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "speed.json"
    argv = [*QUICK, "--memory-after", "3", "4", "--json", str(file)]
    assert speed.main(argv) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert "cores; pictures: 2, turns: 1" in out
    heads = ["| picture |", "| pictures per second |", "| picture |", "| picture |"]
    assert all(
        text.startswith(head) for head, text in zip(heads, out.split("\n\n")[1:], strict=True)
    )
    assert out.count("| 64x48 | 2 | 1 | ours |") == 1
    assert out.count("| 64x48 | 1 | 4 |") == 1
    record = json.loads(file.read_text())
    assert record["cores"] == usable_cores()
    assert [len(record[part]) for part in ("pace", "start", "memory")] == [2 * 5, 3, 4]
    scene = {"width": 64, "height": 48, "faces": 2}
    assert record["pace"][-1]["scene"] == scene
    assert list(temporary.iterdir()) == []


@pytest.mark.usefixtures("fakes", "temporary")
def test_a_part_alone_and_json_on_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert speed.main(["memory", *QUICK, "--memory-after", "2", "--json", "-"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert [(each["program"], each["pictures"]) for each in record["memory"]] == [
        ("original", 2),
        ("ours", 2),
    ]
    assert "pace" not in record


@pytest.mark.usefixtures("fakes", "temporary")
def test_an_opencv_without_caffe_is_told_of(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ["memory", *QUICK, "--memory-after", "1"]
    assert speed.main(argv) == 0
    told = [capsys.readouterr().out]
    monkeypatch.setattr(original_pictures, "HAS_CAFFE", not original_pictures.HAS_CAFFE)
    assert speed.main(argv) == 0
    told.append(capsys.readouterr().out)
    assert sorted(text.count("reads no Caffe networks") for text in told) == [0, 1]


def test_a_program_that_fails_ends_it_with_its_last_word(
    monkeypatch: pytest.MonkeyPatch, temporary: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    failing = fake_programs("raise SystemExit('no networks here')")
    monkeypatch.setattr(speed_programs, "find_programs", lambda _: failing)
    assert speed.main(["pace", *QUICK]) == 1
    err = capsys.readouterr().err
    assert err.startswith("speed: error: `")
    assert err.endswith("ended with 1: no networks here\n")
    assert list(temporary.iterdir()) == []


@pytest.mark.usefixtures("fakes")
def test_a_file_that_cannot_be_written_is_told_of_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert speed.main([*QUICK, "--json", str(tmp_path / "absent" / "a.json")]) == 1
    out, err = capsys.readouterr()
    assert (out, "folder does not exist" in err) == ("", True)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_who_is_stopped_leaves_no_process_and_no_folder(
    tmp_path: Path,
    temporary: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: signal.Signals,
    code: int,
) -> None:
    sign = tmp_path / "id"
    waiting = (
        "import os, pathlib, time\n"
        f"sign = pathlib.Path({str(sign)!r})\n"
        "sign.with_name('new').write_text(str(os.getpid()))\n"
        "sign.with_name('new').rename(sign)\n"
        "time.sleep(60)\n"
    )
    monkeypatch.setattr(speed_programs, "find_programs", lambda _: fake_programs(waiting))
    argv = ["pace", *QUICK, "--json", str(tmp_path / "a.json")]
    ended: int | str | None
    with signal_once_there(sign, number):
        try:
            ended = speed.main(argv)
        except SystemExit as error:
            ended = error.code
    assert ended == code
    assert not is_running(sign)
    assert list(temporary.iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["id", "temporary"]


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        (["swiftness"], "pace, start, memory"),
        (["--sizes", "large"], "640x480"),
        (["--faces", "0"], "whole number"),
        (["--pictures", "0"], "whole number"),
        (["--repeat", "0"], "whole number"),
        (["--memory-after", "none"], "whole number"),
    ],
)
def test_wrong_options(
    option: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert speed.main(option) == 2
    assert expected in capsys.readouterr().err


def test_help_waits_for_nothing_heavy() -> None:
    code = (
        "import sys, benchmarks.speed\n"
        "try:\n"
        "    benchmarks.speed.main(['--help'])\n"
        "except SystemExit:\n"
        "    print(sorted({'cv2', 'numpy', 'PIL'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
