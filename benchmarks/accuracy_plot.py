"""Reports as one picture: a row of three diagrams for each."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np

from age_pipeline.data import OLDEST
from benchmarks.accuracy_report import parts_by_age
from benchmarks.age_metrics import Numbers, mean_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from benchmarks.accuracy_report import Report
    from benchmarks.age_answers import Answers
    from benchmarks.age_metrics import Bin

MOST_INTERVALS = 60
"""Up to so many faces are drawn with the interval of each."""

_FACES, _MEAN, _OTHER, _IDEAL = "#3b6ea5", "#c1440e", "#2a7f4f", "#888888"


def plot(reports: Sequence[Report]) -> bytes:
    """Draw the reports.

    Returns:
        The content of a PNG file.
    """
    # A figure without pyplot: no window, no state that outlives it.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(16, 5.4 * len(reports)), dpi=100, layout="constrained")
    rows = figure.subplots(len(reports), 3, squeeze=False)
    for (estimates, errors, reliability), report in zip(rows, reports, strict=True):
        _draw_estimates(estimates, report)
        _draw_errors(errors, report)
        _draw_reliability(reliability, report)
    content = BytesIO()
    figure.savefig(content, format="png")
    return content.getvalue()


def _draw_estimates(axes: Axes, report: Report) -> None:
    answers = report.result.answers.chosen(report.result.answers.found)
    x = _spread(answers)
    many = len(answers) > MOST_INTERVALS
    axes.plot([0, OLDEST], [0, OLDEST], color=_IDEAL, linewidth=1)
    for first, last in sorted({(label.first, label.last) for label in answers.labels}):
        if first < last:
            axes.fill_between(
                [first, last + 1], first, last + 1, color=_IDEAL, alpha=0.25, linewidth=0
            )
    axes.scatter(
        x, answers.years, s=6 if many else 16, color=_FACES, alpha=0.35 if many else 1, linewidth=0
    )
    if many:
        _draw_band(axes, report, answers, x)
    else:
        axes.vlines(x, *answers.intervals.T, color=_FACES, alpha=0.5, linewidth=1)
    axes.set(
        title=f"{report.title}: {len(answers)} of {len(report.result.answers)} faces",
        xlabel="true age",
        ylabel="estimated years, 80% interval",
        xlim=(0, OLDEST),
        ylim=(0, OLDEST),
        aspect="equal",
    )


def _draw_band(axes: Axes, report: Report, answers: Answers, x: Numbers) -> None:
    """The middle estimate and the mean interval of each part."""
    parts = [wanted for _, _, wanted in parts_by_age(answers, report.groups)]
    middles = [np.mean(x[wanted]) for wanted in parts]
    low, high = np.array([answers.intervals[wanted].mean(0) for wanted in parts]).T
    medians = [np.median(answers.years[wanted]) for wanted in parts]
    axes.fill_between(middles, low, high, color=_MEAN, alpha=0.15, linewidth=0, label="interval")
    axes.plot(middles, medians, color=_MEAN, marker="o", markersize=4, label="median")
    axes.legend(loc="upper left")


def _draw_errors(axes: Axes, report: Report) -> None:
    answers = report.result.answers.chosen(report.result.answers.found)
    # Anywhere inside a labelled group there is no error.
    what = "years" if (answers.first == answers.last).all() else "years outside of the group"
    errors = answers.years - np.clip(answers.years, answers.first, answers.last)
    parts = list(parts_by_age(answers, report.groups))
    places = range(len(parts))
    signed = [mean_of(errors[wanted]) for _, _, wanted in parts]
    absolute = [mean_of(np.abs(errors[wanted])) for _, _, wanted in parts]
    axes.axhline(0, color=_IDEAL, linewidth=1)
    axes.bar(
        places, [each.mean or 0 for each in absolute], color=_FACES, alpha=0.35, label="absolute"
    )
    axes.errorbar(
        places,
        [each.mean or 0 for each in signed],
        [each.margin or 0 for each in signed],
        color=_MEAN,
        marker="o",
        capsize=3,
        label="signed, 95% confidence",
    )
    names = [f"{name}\n{wanted.sum()}" for _, name, wanted in parts]
    axes.set_xticks(places, names)
    axes.set(title="mean error by age", xlabel="true age, faces", ylabel=f"{what}, above 0 too old")
    axes.legend()


def _draw_reliability(axes: Axes, report: Report) -> None:
    error = report.calibration.error
    axes.plot([0, 1], [0, 1], color=_IDEAL, linewidth=1)
    for bins, colour, name in (
        (report.calibration.groups, _FACES, "most probable group"),
        (report.calibration.challenge, _OTHER, f"P(age >= {report.challenge_age})"),
    ):
        _draw_bins(axes, bins, colour, name)
    axes.set(
        title="reliability" if error is None else f"reliability, group's ECE {error:.3f}",
        xlabel="probability said",
        ylabel="how often it is so",
        xlim=(0, 1),
        ylim=(0, 1),
        aspect="equal",
    )
    axes.legend(loc="lower right")


def _draw_bins(axes: Axes, bins: Sequence[Bin], colour: str, name: str) -> None:
    said, true = [each.said for each in bins], [each.true for each in bins]
    most = max((each.of for each in bins), default=1)
    axes.plot(said, true, color=colour, linewidth=1, label=name)
    sizes = [10 + 90 * each.of / most for each in bins]
    axes.scatter(said, true, s=sizes, color=colour, alpha=0.6, clip_on=False)


def _spread(answers: Answers) -> Numbers:
    """The true ages, spread evenly over what each label allows, so that points lie apart."""
    part = np.arange(len(answers)) * 0.618 % 1
    return np.asarray(answers.first + part * (answers.last + 1 - answers.first))
