"""Reports as data, for `--json`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from age_pipeline import __version__
from age_pipeline.data import FailedInput
from age_pipeline.escaping import readable
from age_pipeline.labels import INTERVAL_LEVEL
from benchmarks.accuracy_report import Report
from benchmarks.age_agreement import agreements
from benchmarks.age_metrics import Share
from benchmarks.calibration_figures import THRESHOLDS

SCHEMA = 1


def accuracy_record(
    reports: Sequence[Report], unreadable: Sequence[FailedInput], asked: Mapping[str, Any]
) -> dict[str, Any]:
    """Everything that is known after a run, as JSON has it: names and numbers, no picture.

    Args:
        reports: One for each detector and age model.
        unreadable: The pictures that could not be read.
        asked: What was measured, for example the folder.
    """
    return {
        "schema": SCHEMA,
        "program": __version__,
        "asked": _plain(asked),
        "interval_level": INTERVAL_LEVEL,
        "thresholds": list(THRESHOLDS),
        "unreadable": [
            _plain({"file": each.name, "kind": each.error.kind, "message": str(each.error)})
            for each in unreadable
        ],
        "reports": [_report(report) for report in reports],
        "agreements": [_plain(each) for each in agreements(reports)],
    }


def _report(report: Report) -> dict[str, Any]:
    detector, model = report.result.detector, report.result.model
    return {
        "models": {
            "face": None if detector is None else _plain(detector.model),
            "age": _plain(model.model),
        },
        "groups": list(report.groups.names),
        "figures": _plain(report.figures),
        "calibration": _plain(report.calibration),
        "challenge": {"age": report.challenge_age, **_plain(report.challenge)},
        "parts": _plain(report.parts),
        "faces": _faces(report),
    }


def _faces(report: Report) -> list[dict[str, Any]]:
    answers = report.result.answers
    at_least = answers.probabilities[:, report.challenge_age :].sum(1)
    return [
        {
            **_plain(label),
            "found": bool(answers.found[index]),
            "years": _plain(float(answers.years[index])),
            "interval": _plain(answers.intervals[index].tolist()),
            "at_least": _plain(float(at_least[index])),
        }
        for index, label in enumerate(answers.labels)
    ]


def _plain(value: Any) -> Any:
    """As JSON has it: records by their fields, numbers to four digits, else None."""
    if isinstance(value, Share):
        names = ("share", "count", "of", "confidence")
        return {name: _plain(getattr(value, name)) for name in names}
    if is_dataclass(value):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Mapping):
        return {readable(name): _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, float):
        return round(value, 4) if math.isfinite(value) else None
    return value if value is None or isinstance(value, bool | int) else readable(str(value))
