"""How far the estimated ages of labelled faces are from their labels."""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import age_detector
import face_detector
from age_pipeline import command_line, options
from age_pipeline.errors import InputError, PackageMissing, UsageError
from age_pipeline.installed_packages import pip_install
from benchmarks import running
from benchmarks.accuracy_options import make_parser

if TYPE_CHECKING:
    from age_pipeline.destinations import Destination
    from benchmarks.accuracy_report import Report
    from benchmarks.age_answers import Outcome
    from benchmarks.labelled_folders import LabelledPictures


def main(argv: Sequence[str] | None = None) -> int:
    """Run on these arguments, or on the command line's; returns the exit code."""
    return running.run(lambda: _run(make_parser().parse_args(argv)), "accuracy")


def _run(asked: argparse.Namespace) -> None:
    command_line.set_talk(verbose=asked.verbose, quiet=asked.quiet)
    _check_outputs(asked)

    # What is heavy comes only now: --help and wrong options are answered without it.
    from age_pipeline.destinations import open_destination
    from benchmarks.accuracy_report import report_of, usual_columns
    from benchmarks.age_answers import ask
    from benchmarks.age_groups import groups_of

    pictures = _pictures(asked)
    # Of all labels, whatever part of them is looked at.
    groups = groups_of(pictures.labels)
    columns = usual_columns(pictures.labels) if asked.by is None else asked.by
    pictures = _part(pictures, asked)
    folder = options.model_folder("--age", asked.age, options.AGE_FOLDER)
    models = [age_detector.load(name, folder) for name in dict.fromkeys(asked.age_model or [None])]
    names = asked.detector or ([] if asked.whole else face_detector.NAMES[:1])
    detectors = [*map(face_detector.load, dict.fromkeys(names)), *([None] if asked.whole else [])]

    with ExitStack() as opened:
        files: dict[str, Destination] = {}
        for option in ("json", "plot"):
            if vars(asked)[option] is not None:
                files[option] = open_destination(vars(asked)[option])
                opened.callback(files[option].discard)
        outcome = ask(pictures, detectors, models)
        if not len(outcome.results[0].answers):
            raise InputError("no_input", f"{asked.folder}: none of its pictures could be read")
        reports = [
            report_of(result, groups, columns, asked.challenge_age) for result in outcome.results
        ]
        _write(reports, outcome, asked, files)


def _pictures(asked: argparse.Namespace) -> LabelledPictures:
    from benchmarks.accuracy_report import values_of
    from benchmarks.labelled_folders import open_labelled

    pictures = open_labelled(asked.folder, labels=asked.labels, only=asked.only)
    columns = values_of(pictures.labels)
    for column in asked.by or []:
        if column not in columns:
            there = ", ".join(columns) or "none"
            raise UsageError(f"--by {column}: no label has this column; there is: {there}")
    if asked.whole and any(label.centre is not None for label in pictures.labels):
        raise UsageError("--whole takes each picture as one face, but labels say where faces are")
    return pictures


def _part(pictures: LabelledPictures, asked: argparse.Namespace) -> LabelledPictures:
    from benchmarks.labelled_folders import half_of

    if asked.half is not None:
        pictures = pictures.chosen(lambda label: half_of(label.name) == asked.half)
        if not len(pictures):
            raise UsageError(f"--half {asked.half}: none of the pictures belongs to it")
    return pictures if asked.limit is None else pictures.spread(asked.limit)


def _check_outputs(asked: argparse.Namespace) -> None:
    if asked.plot is not None and Path(asked.plot).suffix.lower() != ".png":
        raise UsageError(f"--plot {asked.plot}: the picture is a PNG, so name it .png")
    if asked.plot is not None and importlib.util.find_spec("matplotlib") is None:
        cure = pip_install("matplotlib>=3.9,<4")
        raise PackageMissing(f"--plot needs matplotlib: run `{cure}`")
    read = {"FOLDER": asked.folder, "--labels": asked.labels, "--only": asked.only}
    taken = {os.path.realpath(path): name for name, path in read.items() if path is not None}
    for option, path in (("--json", asked.json), ("--plot", asked.plot)):
        if path is not None:
            place = os.path.realpath(path)
            if place in taken:
                raise UsageError(
                    f"{option} {path} would overwrite {taken[place]}: name another file"
                )
            taken[place] = option


def _write(
    reports: Sequence[Report],
    outcome: Outcome,
    asked: argparse.Namespace,
    files: Mapping[str, Destination],
) -> None:
    from age_pipeline.destinations import STDOUT, open_destination
    from age_pipeline.escaping import one_line
    from benchmarks.accuracy_records import accuracy_record
    from benchmarks.accuracy_tables import LEGEND, comparison_text, report_text

    if asked.json != STDOUT:
        lost = len(outcome.unreadable)
        text = f"{one_line(str(asked.folder))}: pictures that could not be read: {lost}\n\n"
        text += "".join(report_text(report) for report in reports)
        if len(reports) > 1:
            text += comparison_text(reports)
        with open_destination(STDOUT) as out:
            out.write((text + LEGEND).encode())
    if "json" in files:
        names = ("folder", "labels", "only", "half", "limit", "by", "challenge_age")
        what = {name: vars(asked)[name] for name in names}
        record = accuracy_record(reports, outcome.unreadable, what)
        files["json"].write(json.dumps(record, allow_nan=False, indent=1).encode() + b"\n")
        files["json"].close()
    if "plot" in files:
        from benchmarks.accuracy_plot import plot

        files["plot"].write(plot(reports))
        files["plot"].close()


if __name__ == "__main__":
    sys.exit(main())
