"""What teachers, networks that were trained before, say about the training faces."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import torch

from training.faces import LabelledFace, plain_batches
from training.network import SHAPES, CompactAgeNetwork, both_ways


def load_network(checkpoint: Path) -> CompactAgeNetwork:
    """The averaged network of a checkpoint, ready to answer."""
    state = torch.load(checkpoint, weights_only=True, map_location="cpu")
    weights = state["averaged"]
    network = CompactAgeNetwork(SHAPES[state["shape"]], weights["log_prior"].exp())
    network.load_state_dict(weights)
    return network.eval().to(memory_format=torch.channels_last)


def predictions(network: CompactAgeNetwork, faces: Sequence[LabelledFace]) -> torch.Tensor:
    """The network's probabilities for faces as prediction crops them, shape (faces, 101)."""
    return torch.cat(
        [both_ways(network, batch) for batch in plain_batches(faces, network.shape.side)]
    )


def soft_labels(teachers: Iterable[Path], faces: Sequence[LabelledFace]) -> torch.Tensor:
    """The average of the teachers' probabilities, shape (faces, 101).

    Only faces with a group for a label get one: where the year is known, it says more than
    teachers that were taught by groups.
    """
    asked = [number for number, face in enumerate(faces) if face.first != face.last]
    chosen = [faces[number] for number in asked]
    answers = [predictions(load_network(teacher), chosen) for teacher in teachers]
    soft = torch.zeros(len(faces), answers[0].shape[1])
    soft[asked] = torch.stack(answers).mean(0)
    return soft
