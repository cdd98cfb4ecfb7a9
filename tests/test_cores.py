from __future__ import annotations

import os

import pytest

from age_pipeline.cores import usable_cores


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
