"""What one engine made of the networks, in a file that another environment can compare with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from age_pipeline.destinations import write_whole
from age_pipeline.errors import UsageError


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What one network said.

    Attributes:
        sha256: Of the network's file, in hexadecimal.
        crops: What it was asked: uint8, shape (crops, height, width, 3), blue-green-red.
        outputs: float32, shape (crops, 101), probabilities.
    """

    sha256: str
    crops: npt.NDArray[np.uint8]
    outputs: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """What one engine made of each network.

    Attributes:
        engine: Its name and version.
        answers: By the name of the age model.
    """

    engine: str
    answers: Mapping[str, Answers]


def write_reference(path: Path, reference: Reference) -> None:
    """Write it as an npz file, whole or not at all.

    Raises:
        OutputError: That fails.
    """
    arrays: dict[str, npt.NDArray[np.generic]] = {"engine": np.array(reference.engine)}
    for name, answers in reference.answers.items():
        arrays[f"{name}/sha256"] = np.array(answers.sha256)
        arrays[f"{name}/crops"] = answers.crops
        arrays[f"{name}/outputs"] = answers.outputs
    content = BytesIO()
    np.savez_compressed(content, allow_pickle=False, **arrays)
    write_whole(path, content.getvalue())


def read_reference(path: Path, sha256s: Mapping[str, str]) -> Reference:
    """Read what another environment wrote.

    Args:
        path: The file.
        sha256s: Of each network's file here, by the name of the age model.

    Raises:
        UsageError: It cannot be read, or is not of these files.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            engine = str(arrays["engine"])
            answers = {
                name: Answers(
                    str(arrays[f"{name}/sha256"]),
                    arrays[f"{name}/crops"],
                    arrays[f"{name}/outputs"],
                )
                for name in sha256s
            }
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}") from error
    except (ValueError, KeyError, EOFError, TypeError, BadZipFile) as error:
        raise UsageError(
            f"{path} holds no outputs of {', '.join(sha256s)}: write it with --write-reference"
        ) from error
    for name, sha256 in sha256s.items():
        if answers[name].sha256 != sha256:
            raise UsageError(
                f"{path} was written with another file of {name}: write it with this one"
            )
    return Reference(engine, answers)
