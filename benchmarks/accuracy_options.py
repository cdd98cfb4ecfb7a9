"""What `python -m benchmarks.accuracy` understands.

Nothing heavy is imported here, so that `--help` and a wrong option are answered at once.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import age_detector
import face_detector
from age_pipeline import options

DESCRIPTION = """\
Measures how far the estimated ages are from the true ones, on any folder of faces whose ages are
known: mean error, bias, share within 5 years, age groups, by decade and by groups of people, what
the 80% intervals and the probabilities are worth, and who would wrongly pass for the challenge
age. Pictures are read where they lie; nothing of them is kept or leaves this machine.

The ages come from --labels, else from a labels.csv in the folder, else from the pictures' names
as UTKFace (AGE_GENDER_RACE_DATE) or All-Age-Faces (SERIALAyy) have them. The CSV file has the
columns file and age (42) or age_group (3-9, 70+). With x and y, the middle of the face in pixels,
a picture may show several people; without them the large face in the middle is meant. Every other
column, say sex or light, is one to report by."""

EXAMPLES = """\
examples:
  python -m benchmarks.accuracy images
      the sample pictures, face by face
  python -m benchmarks.accuracy utkface-dev.tar --only utkface-val.txt --json utkface.json
      the pictures of an archive that a list names; all figures as JSON too
  python -m benchmarks.accuracy faces --labels ages.csv --by light camera --plot faces.png
      labels from elsewhere, parted by two of their columns, and a picture of it all
  python -m benchmarks.accuracy faces --age-model compact levi-hassner
      two age models on the same faces, and their figures beside each other
  python -m benchmarks.accuracy crops --whole --challenge-age 21
      pictures that are faces already; who would wrongly pass for 21?
"""


def make_parser() -> argparse.ArgumentParser:
    """The parser of `python -m benchmarks.accuracy`."""
    parser = options.Parser("python -m benchmarks.accuracy", DESCRIPTION, EXAMPLES)
    parser.usage = "python -m benchmarks.accuracy FOLDER [options]"
    parser.add_argument(
        "folder",
        type=Path,
        metavar="FOLDER",
        help="pictures of faces, subfolders too; or a .tar archive, which is not unpacked",
    )
    labels = parser.add_argument_group("labels and pictures")
    labels.add_argument("--labels", type=Path, metavar="CSV", help="the ages; see above")
    labels.add_argument(
        "--only",
        type=Path,
        metavar="FILE",
        help="take the pictures that this text file names, one a line, with or without suffix",
    )
    labels.add_argument(
        "--half",
        choices=("first", "second"),
        help="take one half, told by a hash of each picture's name without its suffix: what is"
        " fitted on one half is reported on the other",
    )
    labels.add_argument(
        "--limit",
        type=_whole_number(1),
        metavar="N",
        help="take N faces, evenly spread over the set",
    )
    models = parser.add_argument_group("models (of several, each with each)")
    models.add_argument(
        "--age-model",
        nargs="+",
        action="extend",
        choices=age_detector.NAMES,
        help="what estimates the ages (default: what detect_age.py takes)",
    )
    models.add_argument(
        "-a",
        "--age",
        metavar="DIR",
        default=options.AGE_FOLDER,
        help="folder of the age models' files (default: the program's own %(default)s)",
    )
    models.add_argument(
        "--detector",
        nargs="+",
        action="extend",
        choices=face_detector.NAMES,
        help=f"what finds the faces (default: {face_detector.NAMES[0]}, unless --whole)",
    )
    models.add_argument(
        "--whole", action="store_true", help="take each picture as one face, without a detector"
    )
    report = parser.add_argument_group("report")
    report.add_argument(
        "--challenge-age",
        type=_whole_number(0, 100),
        metavar="T",
        default=18,
        help="judge P(age >= T), and who would pass for T (default: %(default)s)",
    )
    report.add_argument(
        "--by",
        nargs="+",
        action="extend",
        metavar="COLUMN",
        help="part the figures by these columns (default: those with 2 to 12 different values)",
    )
    report.add_argument(
        "--json", metavar="FILE", help="all figures and the answer to each face; - for stdout"
    )
    report.add_argument(
        "--plot",
        metavar="FILE.png",
        help="a picture: estimated against true ages, errors by age, reliability",
    )
    options.add_talk_options(parser)
    return parser


def _whole_number(low: int, high: int | None = None) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not text.isdecimal() or not low <= int(text) <= (high or int(text)):
            expected = f"{low} to {high}" if high else f"{low} or more"
            raise argparse.ArgumentTypeError(f"expected a whole number, {expected}, not {text!r}")
        return int(text)

    return parse
