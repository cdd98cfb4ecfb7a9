import argparse
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import age_detector
import face_detector
from age_pipeline import __version__
from age_pipeline.errors import UsageError
from age_pipeline.options import (
    AGE_FOLDER,
    EXIT_CODES,
    Parser,
    add_model_options,
    add_output_options,
    add_report_options,
    add_talk_options,
    check_outputs,
    model_folder,
)


@pytest.fixture
def parser() -> Parser:
    parser = Parser("program", "Does something.", "examples:\n  program\n")
    add_model_options(parser, face_detector.NAMES, age_detector.NAMES)
    add_report_options(parser)
    add_output_options(parser, output="a folder", json="a record", csv="a row")
    add_talk_options(parser)
    return parser


def test_without_any_option_the_defaults_are_the_promised_ones(parser: Parser) -> None:
    assert vars(parser.parse_args([])) == {
        "face": "face_detector",
        "age": "age_detector",
        "confidence": 0.5,
        "detector": "ssd",
        "age_model": None,
        "engine": "opencv",
        "interval": 0.8,
        "at_least": None,
        "output": None,
        "json": None,
        "csv": None,
        "show": None,
        "verbose": False,
        "quiet": False,
    }


def test_the_rooms_name_the_models_that_they_have() -> None:
    assert tuple(face_detector.MODELS) == face_detector.NAMES
    assert tuple(age_detector.MODELS) == age_detector.NAMES


@pytest.mark.parametrize(
    ("argv", "name", "value"),
    [
        (["-f", "x"], "face", "x"),
        (["-a", "x"], "age", "x"),
        (["-c", "0"], "confidence", 0),
        (["--confidence", "1"], "confidence", 1),
        (["--interval", "0.95"], "interval", 0.95),
        (["--at-least", "0"], "at_least", 0),
        (["--at-least", "100"], "at_least", 100),
        (["--age-model", "levi-hassner"], "age_model", "levi-hassner"),
        (["--engine", "openvino"], "engine", "openvino"),
        (["--json", "-"], "json", "-"),
        (["--show"], "show", True),
        (["--no-show"], "show", False),
    ],
)
def test_options_are_understood(parser: Parser, argv: list[str], name: str, value: object) -> None:
    assert vars(parser.parse_args(argv))[name] == value


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["-c", "1.01"], "expected a number from 0 to 1, not '1.01'"),
        (["-c", "-0.1"], "expected a number from 0 to 1, not '-0.1'"),
        (["-c", "nan"], "expected a number from 0 to 1, not 'nan'"),
        (["-c", "high"], "expected a number from 0 to 1, not 'high'"),
        (["--interval", "0"], "expected a number above 0 and below 1, not '0'"),
        (["--interval", "1"], "expected a number above 0 and below 1, not '1'"),
        (["--at-least", "18.5"], "expected a whole number of years from 0 to 100, not '18.5'"),
        (["--at-least", "101"], "expected a whole number of years from 0 to 100"),
        (["--at-least", "-1"], "expected a whole number of years from 0 to 100"),
        (["--detector", "eyes"], "invalid choice"),
        (["--age-model", "crystal-ball"], "invalid choice"),
        (["--engine", "steam"], "invalid choice"),
        (["--verbose", "--quiet"], "not allowed with"),
        (["--conf", "0.5"], "unrecognized arguments"),
        (["--nonsense"], r"--nonsense \(--help shows the options\)"),
    ],
)
def test_a_wrong_option_is_one_line(parser: Parser, argv: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message) as raised:
        parser.parse_args(argv)

    assert "\n" not in str(raised.value)


def test_a_word_without_an_option_is_told_which_one_it_lacks() -> None:
    parser = Parser("program", "", "", likely="--source")
    parser.add_argument("--source")

    with pytest.raises(UsageError, match=r"did you mean --source film\.mp4\?"):
        parser.parse_args(["film.mp4"])
    with pytest.raises(UsageError, match=r"arguments: --film film\.mp4 "):
        parser.parse_args(["--film", "film.mp4"])


def test_help_ends_with_examples_and_exit_codes(
    parser: Parser, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="0"):
        parser.parse_args(["--help"])

    shown = capsys.readouterr().out
    assert "examples:\n  program\n" in shown
    assert shown.endswith(EXIT_CODES)


@pytest.mark.parametrize("code", [0, 1, 2, 130, 143])
def test_every_exit_code_is_explained(code: int) -> None:
    assert re.search(rf"^  {code} +\w", EXIT_CODES, re.MULTILINE)


def test_the_version_is_told(parser: Parser, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        parser.parse_args(["--version"])

    assert capsys.readouterr().out == f"program {__version__}\n"


def test_the_default_folder_is_the_programs_own_wherever_it_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / AGE_FOLDER).mkdir()
    monkeypatch.chdir(tmp_path)

    assert model_folder("--age", "age_detector", AGE_FOLDER) is None
    assert model_folder("--age", "./age_detector/", AGE_FOLDER) is None


def test_another_folder_is_used_as_it_is(tmp_path: Path) -> None:
    assert model_folder("--age", str(tmp_path), AGE_FOLDER) == tmp_path


@pytest.mark.parametrize("name", ["missing", "file"])
def test_a_folder_that_does_not_exist_is_a_wrong_option(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(UsageError, match=f"--age .*{name}: no such folder"):
        model_folder("--age", str(tmp_path / name), AGE_FOLDER)


def outputs(
    output: str | None = None, json: str | None = None, csv: str | None = None
) -> argparse.Namespace:
    return argparse.Namespace(output=output, json=json, csv=csv)


def test_outputs_that_keep_apart_are_fine(tmp_path: Path) -> None:
    photo = tmp_path / "a.jpg"

    check_outputs(outputs(), [photo])
    check_outputs(outputs("-", "a.json", "a.csv"), [photo])
    check_outputs(outputs(str(photo), "a.json", "-"), [photo])


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (outputs("-", "-"), "--output and --json cannot both go to standard output"),
        (outputs(None, "-", "-"), "--json and --csv cannot both go to standard output"),
        (outputs("-", None, "-"), "--output and --csv cannot both go to standard output"),
        (outputs(None, "a", "./a"), "--json and --csv cannot both go to ./a"),
        (outputs("a", "b", "a"), "--output and --csv cannot both go to a"),
    ],
)
def test_outputs_that_would_mix_are_wrong_options(asked: argparse.Namespace, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        check_outputs(asked, [])


def test_without_an_output_no_input_is_looked_at() -> None:
    def inputs() -> Iterator[Path]:
        pytest.fail("nothing can be overwritten")
        yield Path()

    check_outputs(outputs(), inputs())


@pytest.mark.parametrize("option", ["json", "csv"])
def test_records_never_overwrite_an_input(tmp_path: Path, option: str) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    asked = outputs(**{option: os.fspath(tmp_path / "link" / "a.jpg")})

    with pytest.raises(UsageError, match=rf"--{option} .*a\.jpg would overwrite an input"):
        check_outputs(asked, [tmp_path / "b.jpg", tmp_path / "a.jpg"])


@pytest.mark.parametrize("option", ["json", "csv"])
def test_records_never_overwrite_a_picture_that_is_no_input(tmp_path: Path, option: str) -> None:
    (tmp_path / "a.JPG").write_bytes(b"a picture")
    (tmp_path / "ages").symlink_to("a.JPG")
    for name in ("a.JPG", "ages"):
        asked = outputs(**{option: os.fspath(tmp_path / name)})
        with pytest.raises(UsageError, match=rf"--{option} .*a\.JPG is named like a picture"):
            check_outputs(asked, [])
