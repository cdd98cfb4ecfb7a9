"""A report as tables for a terminal of 100 columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby, zip_longest

from age_pipeline.escaping import one_line
from benchmarks.accuracy_figures import CLOSE, Figures
from benchmarks.accuracy_report import Part, Report
from benchmarks.age_agreement import agreements
from benchmarks.age_metrics import Bin, Mean, Share
from benchmarks.calibration_figures import THRESHOLDS

MOST_FACES = 40
"""Up to so many faces are listed one by one."""

LEGEND = f"""\
lost: the face was not found, which counts as wrong within {CLOSE} years, in brackets and groups;
errors, intervals and probabilities are of the faces found. MAE, bias: mean absolute and mean
signed error in years. in {CLOSE}: within {CLOSE} years. in 80%: the 80% interval holds the age.
width: that of the interval in years. group: the group that the years fall in (9.7 years is 9) is
the true one; +-1: that or a neighbour. ECE: expected calibration error of the most probable group,
in ten bins of equal mass; chance alone makes it large where faces are few. Where people judged the
ages from pictures, accuracy is agreement with them.
"""


def report_text(report: Report) -> str:
    """One report; several lines, the last ends in a line feed."""
    blocks = [
        _heading(report),
        *([_faces(report)] if report.figures.faces <= MOST_FACES else []),
        _headline(report),
        *(_parts(column, list(own)) for column, own in groupby(report.parts, _column)),
        _calibration(report),
        _challenge(report),
    ]
    return "".join(f"{line}\n" for block in blocks for line in [*block, ""])


def comparison_text(reports: Sequence[Report]) -> str:
    """The reports' main figures below each other, and how far apart their ages lie."""
    has_years = any(report.figures.years for report in reports)
    rows = [
        [
            report.short_title,
            *_cells(report.figures, has_years),
            _number(report.calibration.error, ".3f"),
        ]
        for report in reports
    ]
    lines = _table(["compared", *_columns(has_years), "ECE"], rows)
    apart = [
        [
            f"{each.first} to {each.second}",
            _number(each.median),
            _number(each.bias, "+.2f"),
            f"{each.of}",
        ]
        for each in agreements(reports)
    ]
    lines += [
        "",
        *_table(["years apart on faces that both found", "median", "bias", "faces"], apart),
    ]
    return "".join(f"{line}\n" for line in [*lines, ""])


def _heading(report: Report) -> list[str]:
    models = [report.result.model.model]
    if report.result.detector is not None:
        models.append(report.result.detector.model)
    return [
        report.title,
        *(
            f"  {each.name}: {each.file}, sha256 {each.sha256}"
            for each in models
            if each.file is not None
        ),
        f"  {report.figures.faces} faces, {report.figures.not_found} not found",
    ]


def _headline(report: Report) -> list[str]:
    figures = report.figures
    rows = []
    if figures.years is not None:
        years = figures.years
        rows += [
            _mean("mean absolute error, years", years.error),
            _mean("mean signed error (bias), years", years.bias, "+.2f"),
            _share(f"within {CLOSE} years", years.close),
            _share("the 80% interval holds the age", years.held),
            _share("most probable Adience bracket: exact", years.bracket),
            _share("  exact or next to it", years.bracket_near),
        ]
    groups = figures.groups
    rows += [
        _mean("the 80% interval's width, years", figures.width, ".1f"),
        _share(f"group of {len(report.groups.spans)} by years: exact", groups.exact),
        _share("  exact or next to it", groups.near),
        _share("most probable group: exact", groups.probable),
        _share("  exact or next to it", groups.probable_near),
        [
            "its expected calibration error",
            _number(report.calibration.error, ".3f"),
            "",
            f"{sum(each.of for each in report.calibration.groups)}",
        ],
    ]
    return _table(["in all", "", "95% confidence", "faces"], rows)


def _parts(column: str, parts: Sequence[Part]) -> list[str]:
    has_years = any(part.figures.years for part in parts)
    rows = [[part.value, *_cells(part.figures, has_years)] for part in parts]
    return _table([f"by {column}", *_columns(has_years)], rows)


def _columns(has_years: bool) -> list[str]:
    years = ["MAE", "bias", f"in {CLOSE}", "in 80%"] if has_years else []
    return ["faces", "lost", *years, "width", "group", "+-1"]


def _cells(figures: Figures, has_years: bool) -> list[str]:
    cells = [f"{figures.faces}", f"{figures.not_found}"]
    if figures.years is not None:
        years = figures.years
        cells += [
            _number(years.error.mean),
            _number(years.bias.mean, "+.2f"),
            _number(years.close.share, ".1%"),
            _number(years.held.share, ".1%"),
        ]
    elif has_years:
        cells += [""] * 4
    return [
        *cells,
        _number(figures.width.mean, ".1f"),
        _number(figures.groups.exact.share, ".1%"),
        _number(figures.groups.near.share, ".1%"),
    ]


def _faces(report: Report) -> list[str]:
    answers = report.result.answers
    rows = []
    for index, label in enumerate(answers.labels):
        truth = f"{label.first}" if label.first == label.last else f"{label.first}-{label.last}"
        if answers.found[index]:
            low, high = answers.intervals[index]
            said = [f"{answers.years[index]:.1f}", f"{low:.0f}-{high:.0f}"]
        else:
            said = ["not found", ""]
        known = ", ".join(label.groups.values())
        rows.append([label.name, truth, *said, known])
    return _table(["picture", "age", "years", "80%", ""], rows, left={0, 4})


def _calibration(report: Report) -> list[str]:
    title = f"P(age >= {report.challenge_age})"
    both = zip_longest(
        _bins("most probable group", report.calibration.groups),
        _bins(title, report.calibration.challenge),
        fillvalue="",
    )
    return [f"{left:46}{right}".rstrip() for left, right in both]


def _bins(title: str, bins: Iterable[Bin]) -> list[str]:
    rows = [["", f"{each.said:.1%}", f"{each.true:.1%}", f"{each.of}"] for each in bins]
    return _table([title, "said", "true", "faces"], rows)


def _challenge(report: Report) -> list[str]:
    age, whole = report.challenge_age, report.challenge
    rows = [
        [f"{age} or older", *_reached(whole.older)],
        [f"younger than {age}", *_reached(whole.younger)],
        *(
            [f"  {part.column} {part.value}", *_reached(part.challenge.younger)]
            for part in report.parts
            if part.challenge.younger[0].of
        ),
    ]
    lines = _table(
        [f"taken for {age} or older from P >=", *(f"{each:.0%}" for each in THRESHOLDS), "faces"],
        rows,
    )
    if whole.unknown:
        lines.append(f"{whole.unknown} faces are left out: their age group does not tell")
    return lines


def _reached(shares: Sequence[Share]) -> list[str]:
    return [*(_number(each.share, ".1%") for each in shares), f"{shares[0].of}"]


def _mean(name: str, mean: Mean, form: str = ".2f") -> list[str]:
    confidence = ""
    if mean.mean is not None and mean.margin is not None:
        low, high = mean.mean - mean.margin, mean.mean + mean.margin
        confidence = f"{low:{form}} to {high:{form}}"
    return [name, _number(mean.mean, form), confidence, f"{mean.of}"]


def _share(name: str, share: Share) -> list[str]:
    confidence = ""
    if share.confidence is not None:
        low, high = share.confidence
        confidence = f"{low:.1%} to {high:.1%}"
    return [name, _number(share.share, ".1%"), confidence, f"{share.count} of {share.of}"]


def _number(value: float | None, form: str = ".2f") -> str:
    return "-" if value is None else f"{value:{form}}"


def _column(part: Part) -> str:
    return part.column


def _table(
    header: Sequence[str], rows: Sequence[Sequence[str]], left: Iterable[int] = (0,)
) -> list[str]:
    """Columns as wide as their widest cell, the numbers right-aligned."""
    cells = [[one_line(cell) for cell in row] for row in [header, *rows]]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        "  ".join(
            f"{cell:{'<' if index in left else '>'}{width}}"
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    ]
