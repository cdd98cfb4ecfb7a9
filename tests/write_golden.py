"""Write what the program finds on images/ to golden.json: `python tests/write_golden.py`.

To be run when a model or a crop was changed on purpose; what has changed is then there to be read
in the difference between the old file and the new one.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import age_detector
import face_detector
from age_pipeline.data import Frame
from age_pipeline.pictures import decode
from age_pipeline.stages import ModelUse, find_people

ROOT = Path(__file__).resolve().parent.parent
GOLDEN = ROOT / "tests" / "golden.json"
PICTURES = ("1.png", "2.jpg", "einstein_1947.jpg", "nasa_group15.jpg", "solvay_1927.jpg")


def results() -> dict[str, Any]:
    """The models that answer by default, and the people that they see on each picture."""
    faces, ages = face_detector.load(), age_detector.load(age_detector.DEFAULT)
    pictures = {}
    for name in PICTURES:
        image = decode((ROOT / "images" / name).read_bytes(), name)
        pictures[name] = [
            {
                "box": [box.left, box.top, box.right, box.bottom],
                "confidence": round(person.face.confidence or 0, 3),
                "years": round(person.age.years, 1),
                "brackets": {key: round(held, 4) for key, held in person.age.brackets.items()},
            }
            for person in find_people(Frame(image, name), faces, ages)
            for box in [person.face.box]
        ]
    return {
        "models": {"face": _model(faces.model), "age": _model(ages.model)},
        "pictures": pictures,
    }


def _model(use: ModelUse) -> dict[str, str | None]:
    return {"name": use.name, "sha256": use.sha256}


def main() -> None:
    """Write the file, whole or not at all."""
    part = GOLDEN.with_name(f"{GOLDEN.name}.part")
    # A person on a line, so that a difference can be read.
    found = results()
    lines = ['{"models": ' + json.dumps(found["models"]) + ",", ' "pictures": {']
    for name, people in found["pictures"].items():
        rows = ",\n".join(f"   {json.dumps(person)}" for person in people)
        last = name == PICTURES[-1]
        lines.append(f"  {json.dumps(name)}: [\n{rows}]{'' if last else ','}")
    part.write_text("\n".join([*lines, "}}"]) + "\n", encoding="utf-8")
    part.replace(GOLDEN)
    print(f"{GOLDEN}: {sum(map(len, found['pictures'].values()))} people")


if __name__ == "__main__":
    main()
