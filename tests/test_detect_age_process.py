"""The program as a process: signals, pipes, full disks, encodings, absent packages, start-up."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import pytest
from detect_age_with_fakes import grey
from PIL import Image as PillowImage

ROOT = Path(__file__).parent.parent
FAKED = Path(__file__).parent / "detect_age_with_fakes.py"


def environment(**changes: str) -> dict[str, str]:
    dropped = ("DISPLAY", "LANG", "LC_ALL", "LC_CTYPE", "PYTHONIOENCODING", "PYTHONUNBUFFERED")
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    return {**kept, "LANG": "C.UTF-8", **changes}


def start(folder: Path, *argv: str | bytes, **settings: Any) -> subprocess.Popen[bytes]:
    settings = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **settings}
    settings["env"] = environment(**settings.get("env", {}))
    return subprocess.Popen([sys.executable, FAKED, *argv], cwd=folder, **settings)


def run(folder: Path, *argv: str | bytes, **settings: Any) -> tuple[int, bytes, bytes]:
    """Run to the end: exit code, stdout, stderr."""
    sent = settings.pop("input", None)
    if sent is not None:
        settings["stdin"] = subprocess.PIPE
    with start(folder, *argv, **settings) as process:
        out, err = process.communicate(sent, timeout=60)
    return process.returncode, out or b"", err or b""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Five pictures with a face each: 1.png to 5.png."""
    for number in range(1, 6):
        colour = (grey(number),) * 3
        PillowImage.new("RGB", (64, 48), colour).save(tmp_path / f"{number}.png")
    return tmp_path


PICTURES = [f"{number}.png" for number in range(1, 6)]


def images(path: Path) -> list[str]:
    return [json.loads(line)["image"] for line in path.read_text(encoding="utf-8").splitlines()]


def first_cells(path: Path) -> list[str]:
    rows = csv.reader(path.read_text(encoding="utf-8").splitlines())
    return [row[0] for row in rows][1:]


def leftovers(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*.part")]


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_stopped_program_keeps_what_was_finished(
    folder: Path, number: signal.Signals, code: int
) -> None:
    argv = ["-i", *PICTURES, "--json", "a.json", "--csv", "a.csv", "--output", "out"]
    with start(folder, *argv, env={"WAIT_AT": "3"}) as process:
        until = time.monotonic() + 30
        while not (folder / "out" / "2.png").exists():
            assert time.monotonic() < until
            assert process.poll() is None
            time.sleep(0.02)
        time.sleep(0.1)
        assert (folder / "a.json.part").exists()
        process.send_signal(number)
        out, err = process.communicate(timeout=30)

    assert process.returncode == code
    assert images(folder / "a.json") == ["1.png", "2.png"]
    assert first_cells(folder / "a.csv") == ["1.png", "2.png"]
    assert sorted(path.name for path in (folder / "out").iterdir()) == ["1.png", "2.png"]
    assert leftovers(folder) == []
    assert len(out.splitlines()) == 2
    assert err.endswith(
        b"detect_age: 2 of 5 pictures were done\ndetect_age: stopped; what was finished is kept\n"
    )


def test_a_program_stops_at_once_while_every_job_is_inside_a_library(folder: Path) -> None:
    for number in (4, 5):
        (folder / f"{number}.png").write_bytes((folder / "3.png").read_bytes())
    argv = ["-i", *PICTURES, "--jobs", "3", "--json", "a.json", "--output", "out"]
    with start(folder, *argv, env={"WAIT_AT": "3"}) as process:
        until = time.monotonic() + 30
        while not (folder / "out" / "2.png").exists():
            assert time.monotonic() < until
            time.sleep(0.02)
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)

    assert process.returncode == 130
    assert images(folder / "a.json") == ["1.png", "2.png"]
    assert leftovers(folder) == []
    assert err.endswith(b"detect_age: stopped; what was finished is kept\n")


def test_stopped_before_the_first_result_an_earlier_file_stays(folder: Path) -> None:
    for name in ("a.json", "a.csv"):
        (folder / name).write_text("earlier")
    argv = ["-i", *PICTURES, "--json", "a.json", "--csv", "a.csv"]
    with start(folder, *argv, env={"WAIT_AT": "1"}) as process:
        until = time.monotonic() + 30
        while not (folder / "a.csv.part").exists():
            assert time.monotonic() < until
            time.sleep(0.02)
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)

    assert process.returncode == 130
    assert (folder / "a.json").read_text() == (folder / "a.csv").read_text() == "earlier"
    assert leftovers(folder) == []


@pytest.fixture
def gone() -> Iterator[IO[bytes]]:
    """Standard output for a reader that has had enough, as in `| head`."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as stream:
        yield stream


@pytest.mark.parametrize("option", [[], ["--json", "-"], ["--csv", "-"]])
def test_a_reader_that_has_enough_ends_the_program_quietly(
    folder: Path, gone: IO[bytes], option: Sequence[str]
) -> None:
    # It would wait for a minute at the second picture.
    code, _, err = run(folder, "-i", *PICTURES, *option, stdout=gone, env={"WAIT_AT": "2"})

    assert code == 0
    assert err == b"detect_age: ages by fake-ages (ages.bin)\n"


def test_what_else_is_written_is_written_to_the_end(folder: Path, gone: IO[bytes]) -> None:
    argv = ["-i", *PICTURES, "--json", "a.json", "--output", "out"]

    code, _, err = run(folder, *argv, stdout=gone)

    assert code == 0
    assert err == b"detect_age: ages by fake-ages (ages.bin)\n"
    assert images(folder / "a.json") == PICTURES
    assert sorted(path.name for path in (folder / "out").iterdir()) == PICTURES


def test_a_full_standard_output_is_an_error_and_the_rest_is_done(folder: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        code, _, err = run(folder, "-i", *PICTURES, "--quiet", "--json", "a.json", stdout=full)

    assert code == 1
    assert err == (
        b"detect_age: error: cannot write standard output (No space left on device): "
        b"choose another place\n"
    )
    assert images(folder / "a.json") == PICTURES


def test_a_full_disk_costs_what_did_not_fit_and_nothing_else(folder: Path) -> None:
    (folder / "a.json").write_text("earlier")
    PillowImage.effect_noise((200, 200), 90).save(folder / "3.png")
    argv = ["-i", *PICTURES, "--quiet", "--json", "a.json", "--output", "out", "--csv", "-"]

    code, out, err = run(folder, *argv, env={"LARGEST_FILE": "2000"})

    assert code == 1
    assert [line.split()[4] for line in err.decode().splitlines()] == ["out/3.png", "a.json"]
    assert (folder / "a.json").read_text() == "earlier"
    assert sorted(path.name for path in (folder / "out").iterdir()) == [
        name for name in PICTURES if name != "3.png"
    ]
    assert len(out.splitlines()) == 6
    assert leftovers(folder) == ["a.json.part"]


@pytest.mark.parametrize(
    "settings", [{"LANG": "C"}, {"LC_ALL": "POSIX"}, {"PYTHONIOENCODING": "ascii"}]
)
def test_names_of_any_bytes_are_written_in_any_locale(
    folder: Path, settings: Mapping[str, str]
) -> None:
    names = [b"caf\xe9.png", "Zoë 東.png".encode(), b"gone\xff.png"]
    for name in names[:2]:
        (folder / os.fsdecode(name)).write_bytes((folder / "1.png").read_bytes())

    argv = [b"-i", *names, b"--json", b"a.json", b"--csv", b"a.csv", b"--output", b"out"]
    code, out, err = run(folder, *argv, env=dict(settings))

    assert code == 1
    assert out.startswith(b"caf\\xe9.png: (")
    assert b"error: " in err
    assert b"Traceback" not in err
    assert images(folder / "a.json") == ["caf\\xe9.png", "Zoë 東.png", "gone\\xff.png"]
    assert first_cells(folder / "a.csv") == ["caf\\xe9.png", "Zoë 東.png", "gone\\xff.png"]
    assert sorted(os.fsencode(path.name) for path in (folder / "out").iterdir()) == sorted(
        names[:2]
    )


def test_one_picture_through_standard_streams(folder: Path) -> None:
    picture = (folder / "1.png").read_bytes()

    code, out, _ = run(folder, "-i", "-", "--output", "-", input=picture)

    assert code == 0
    assert out.startswith(b"\x89PNG")


def test_records_of_standard_input(folder: Path) -> None:
    code, out, _ = run(folder, "-i", "-", "--json", "-", input=b"not a picture")

    assert code == 1
    record = json.loads(out)
    assert (record["image"], record["error"]["kind"]) == ("-", "not_an_image")


def test_a_pipe_takes_records_and_stays_a_pipe(folder: Path) -> None:
    pipe = folder / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)

    code, out, _ = run(folder, "-i", "1.png", "--json", "pipe")

    assert (code, len(out.splitlines())) == (0, 1)
    assert json.loads(os.read(reader, 10000))["image"] == "1.png"
    os.close(reader)
    assert pipe.is_fifo()


def test_help_loads_nothing_heavy() -> None:
    program = (
        "import sys, detect_age\n"
        "try: detect_age.main(['--help'])\n"
        "except SystemExit: print(sorted({'cv2', 'numpy', 'PIL', 'tqdm'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert done.stdout.splitlines()[-1] == "[]"


def test_without_its_packages_the_program_says_how_to_get_them(tmp_path: Path) -> None:
    # -S leaves out the folder that packages are installed in.
    done = subprocess.run(
        [sys.executable, "-S", ROOT / "detect_age.py", "-i", "a.png"],
        cwd=tmp_path,
        env=environment(PYTHONPATH=""),
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("detect_age: error: No module named '")
    assert done.stderr.endswith("run `python -m pip install -r requirements.txt`\n")
    assert done.stderr.count("\n") == 1
