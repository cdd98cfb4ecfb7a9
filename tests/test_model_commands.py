from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest
from loopback_source import serving, stalling, status, whole

from age_pipeline.model_commands import main
from age_pipeline.model_files import ModelFile
from age_pipeline.model_packages import ModelPackage

CONTENT = b"\x0a\x05small\x12\x80\x80\x10" + bytes(range(256)) * 1024
SHA256 = hashlib.sha256(CONTENT).hexdigest()

CANNOT_RUN = "installed, but it cannot run here"

ROOT = Path(__file__).parents[1]


@pytest.fixture
def models(tmp_path: Path) -> dict[str, ModelFile]:
    """One model of each kind: in the room's own folder, in a package, at a source."""
    home = tmp_path / "some_detector"
    home.mkdir()
    (home / "own.onnx").write_bytes(CONTENT)
    own = ModelFile(
        name="own", file="own.onnx", licence="MIT", home=home, size=4_000_000, sha256=SHA256
    )
    carried = replace(
        own,
        name="carried",
        file="carried.caffemodel",
        licence="BSD-3",
        package_folder="no_such_package/data",
        requirement="no-such-package==1",
    )
    remote = replace(own, name="remote", file="remote.caffemodel", url="http://127.0.0.1:9/")
    return {model.name: model for model in (own, carried, remote)}


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package `broken` that is there and cannot be imported."""
    error = "libabsent.so: cannot open shared object file"
    (tmp_path / "broken.py").write_text(f"raise ImportError({error!r})")
    monkeypatch.syspath_prepend(tmp_path)


def run(models: Mapping[str, ModelFile | ModelPackage], *arguments: str) -> int:
    return main("some_detector", "detectors", "--detector", lambda: models, arguments)


def packaged(module: str) -> dict[str, ModelFile | ModelPackage]:
    """A model that is part of a package's code."""
    package = ModelPackage(
        name="inside", needs=f"{module}.loads", requirement="a>=2,<3", licence="BSL-1.0"
    )
    return {"inside": package}


def test_the_list_says_of_each_what_there_is_to_know(
    models: dict[str, ModelFile], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(models) == 0
    home = models["own"].home
    assert capsys.readouterr() == (
        f"""\
own: installed, verified
  file:      {home}/own.onnx (0.3 MB)
  licence:   MIT
  to get it: it comes with this program: name no other folder, or install it again
carried: not installed
  file:      carried.caffemodel (4.0 MB)
  licence:   BSD-3
  to get it: python -m pip install no-such-package==1
remote: not installed
  file:      remote.caffemodel (4.0 MB)
  licence:   MIT
  to get it: python -m some_detector fetch remote
""",
        "",
    )


@pytest.mark.parametrize(
    ("module", "state"),
    [
        ("json", "installed"),
        ("no_such_package", "not installed"),
        ("colorsys", f"{CANNOT_RUN} (module 'colorsys' has no attribute 'loads')"),
        ("broken", f"{CANNOT_RUN} (libabsent.so: cannot open shared object file)"),
    ],
)
@pytest.mark.usefixtures("broken")
def test_the_list_says_whether_a_package_is_there(
    module: str, state: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(packaged(module)) == 0
    assert capsys.readouterr().out == (
        f"""\
inside: {state}
  file:      none of its own, it is part of the package {module}
  licence:   BSL-1.0
  to get it: python -m pip install 'a>=2,<3'
"""
    )


@pytest.mark.parametrize(
    ("needs", "state"),
    [
        ("json.loads", ""),
        ("json.unloads", ", but it cannot run here (module 'json' has no attribute 'unloads')"),
    ],
)
def test_a_file_is_no_use_without_what_runs_it(
    models: dict[str, ModelFile], needs: str, state: str, capsys: pytest.CaptureFixture[str]
) -> None:
    own = replace(models["own"], needs=needs)
    assert run({"own": own}) == 0
    assert capsys.readouterr().out.startswith(f"own: installed, verified{state}\n")
    assert run({"own": own}, "fetch", "own") == bool(state)
    assert ("own needs json.unloads (" in capsys.readouterr().err) == bool(state)


@pytest.mark.usefixtures("broken")
def test_a_package_is_not_fetched_but_installed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(packaged("json"), "fetch", "inside") == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert "part of the package json, which is installed" in err
    for absent in ("no_such_package", "broken", "colorsys"):
        assert run(packaged(absent), "fetch", "inside") == 1
        assert "run `python -m pip install 'a>=2,<3'`" in capsys.readouterr().err


def test_the_list_tells_a_file_that_is_not_the_known_one(
    models: dict[str, ModelFile], capsys: pytest.CaptureFixture[str]
) -> None:
    own = CONTENT + b"\x08\x01"
    (models["own"].home / "own.onnx").write_bytes(own)
    assert run(models) == 0
    out, err = capsys.readouterr()
    assert f"own: installed, not verified (sha256 {hashlib.sha256(own).hexdigest()})\n" in out
    assert not err


def test_a_damaged_file_is_an_error_and_the_list_goes_on(
    models: dict[str, ModelFile], capsys: pytest.CaptureFixture[str]
) -> None:
    (models["own"].home / "own.onnx").write_bytes(b"<html>")
    assert run(models) == 1
    out, err = capsys.readouterr()
    assert "own: damaged\n  file:      own.onnx (4.0 MB)\n" in out
    assert "remote: not installed" in out
    assert err.startswith("some_detector: error: ")
    assert err.count("\n") == 1
    assert "own.onnx is an HTML page" in err


def test_fetch_gives_the_path_and_says_how_to_choose_the_model(
    models: dict[str, ModelFile], cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(whole(CONTENT)) as source:
        models["remote"] = replace(models["remote"], url=source.url)
        assert run(models, "fetch", "remote") == 0
        path = cache / "remote.caffemodel"
        assert capsys.readouterr() == (
            f"{path}\n",
            "some_detector: remote is fetched and verified; choose it with --detector remote\n",
        )
        assert path.read_bytes() == CONTENT

        assert run(models, "fetch", "remote") == 0
        assert capsys.readouterr() == (
            f"{path}\n",
            "some_detector: remote is there already, verified\n",
        )
    assert len(source.ranges) == 1
    assert run(models) == 0
    assert f"remote: installed, verified\n  file:      {path} (0.3 MB)\n" in capsys.readouterr().out


@pytest.mark.parametrize("content", [CONTENT + b"\x08\x01", b"<html>"])
def test_a_wrong_file_that_is_found_first_is_pointed_out(
    models: dict[str, ModelFile], content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = models["remote"].home / "remote.caffemodel"
    mine.write_bytes(content)
    with serving(whole(CONTENT)) as source:
        models["remote"] = replace(models["remote"], url=source.url)
        assert run(models, "fetch", "remote") == 0
    assert f"warning: {mine} is found before it: delete that" in capsys.readouterr().err
    assert mine.read_bytes() == content


def test_what_is_not_fetched_says_where_it_comes_from(
    models: dict[str, ModelFile], cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(models, "fetch", "own") == 0
    out, err = capsys.readouterr()
    assert out == f"{models['own'].home}/own.onnx\n"
    assert "own comes with this program and is there already, verified" in err

    assert run(models, "fetch", "carried") == 1
    out, err = capsys.readouterr()
    assert not out
    assert err.endswith("to get it: python -m pip install no-such-package==1\n")

    (models["carried"].home / "carried.caffemodel").write_bytes(CONTENT + b"\x08\x01")
    assert run(models, "fetch", "carried") == 0
    err = capsys.readouterr().err
    assert err.endswith("comes with the pip package no-such-package==1 and is there already\n")
    assert not cache.exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["fetch", "nothing"], "no model named 'nothing'; there is: own, carried, remote"),
        (["fetch"], "required: NAME"),
        (["get", "own"], "invalid choice: 'get'"),
        (["--face"], "unrecognized arguments: --face"),
    ],
)
def test_wrong_options_are_one_line_and_exit_code_2(
    models: dict[str, ModelFile],
    arguments: list[str],
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(models, *arguments) == 2
    out, err = capsys.readouterr()
    assert not out
    assert said in err
    assert err.count("\n") == 1


def test_a_failed_fetch_is_one_line_and_exit_code_1(
    models: dict[str, ModelFile], capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(status(404)) as source:
        models["remote"] = replace(models["remote"], url=source.url)
        assert run(models, "fetch", "remote") == 1
    out, err = capsys.readouterr()
    assert not out
    assert err.startswith(f"some_detector: error: {source.url} cannot be had (HTTP 404 Not Found)")
    assert err.count("\n") == 1


@pytest.mark.parametrize("arguments", [["--help"], ["fetch", "--help"]])
def test_help_asks_no_model(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    def models() -> Mapping[str, ModelFile]:
        raise AssertionError("--help asked for the models")

    with pytest.raises(SystemExit) as caught:
        main("some_detector", "detectors", "--detector", models, arguments)
    assert caught.value.code == 0
    out = capsys.readouterr().out
    assert "python -m some_detector" in out
    assert max(map(len, out.splitlines())) <= 100


FETCH = """
import sys
from test_model_commands import ModelFile, Path, SHA256, main
model = ModelFile(
    name="remote", file="remote.onnx", licence="", home=Path(), sha256=SHA256, url=sys.argv[1]
)
sys.exit(main("some_detector", "detectors", "--detector", lambda: {"remote": model}, sys.argv[2:]))
"""


def test_ctrl_c_is_exit_code_130_and_the_next_call_goes_on(cache: Path) -> None:
    part = cache / "remote.onnx.part"
    released = threading.Event()
    with serving(stalling(CONTENT, 100_000, released), whole(CONTENT)) as source:
        command = [sys.executable, "-c", FETCH, source.url, "fetch", "remote"]
        search = os.pathsep.join([str(ROOT / "tests"), str(ROOT)])
        environment = {**os.environ, "PYTHONPATH": search}
        running = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
        try:
            for _ in range(1000):
                if part.exists() and part.stat().st_size > 50_000:
                    break
                assert running.poll() is None, running.communicate()
                time.sleep(0.01)
            running.send_signal(signal.SIGINT)
            _, said = running.communicate(timeout=10)
        finally:
            released.set()
            running.kill()
        assert running.returncode == 130
        assert said.count("\n") == 1
        kept = part.stat().st_size
        again = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert again.stdout == f"{cache / 'remote.onnx'}\n"
    assert source.ranges == [None, f"bytes={kept}-"]


@pytest.mark.parametrize(
    ("room", "name"), [("face_detector", "ssd"), ("age_detector", "levi-hassner")]
)
def test_both_rooms_have_the_command(
    room: str, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", room], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert f"{name}: " in done.stdout
    assert not done.stderr
    assert done.returncode == 0
    assert import_module(f"{room}.__main__").main([]) == 0
    assert capsys.readouterr().out == done.stdout
