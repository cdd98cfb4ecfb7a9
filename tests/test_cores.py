from __future__ import annotations

import os
from pathlib import Path

import pytest

from age_pipeline import cores as cores_module
from age_pipeline.cores import usable_cores


@pytest.fixture(autouse=True)
def no_quota(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cores_module, "_QUOTAS", ())


def test_a_process_that_is_kept_to_one_core_counts_one() -> None:
    before = os.sched_getaffinity(0)
    assert usable_cores() == len(before)
    try:
        os.sched_setaffinity(0, {min(before)})
        assert usable_cores() == 1
    finally:
        os.sched_setaffinity(0, before)


@pytest.mark.parametrize(("count", "cores"), [(7, 7), (None, 1)])
def test_where_that_cannot_be_asked_all_cores_count(
    monkeypatch: pytest.MonkeyPatch, count: int | None, cores: int
) -> None:
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: count)
    assert usable_cores() == cores


@pytest.mark.parametrize(
    ("files", "cores"),
    [
        (["300000 100000\n"], 3),
        (["250000 100000\n"], 3),
        (["5000 100000\n"], 1),
        (["max 100000\n"], 64),
        (["9900000 100000\n"], 64),
        (["200000\n", "100000\n"], 2),
        (["-1\n", "100000\n"], 64),
        (["0 0\n"], 64),
        (["nonsense\n"], 64),
        (["2 1 3\n"], 64),
        ([], 64),
    ],
)
def test_a_container_that_has_the_time_of_some_cores_counts_those(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, files: list[str], cores: int
) -> None:
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    names = [str(tmp_path / str(number)) for number in range(len(files) or 1)]
    for name, text in zip(names, files, strict=False):
        Path(name).write_text(text)
    monkeypatch.setattr(cores_module, "_QUOTAS", (tuple(names),))
    assert usable_cores() == cores
