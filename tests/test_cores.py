from __future__ import annotations

import os
from contextlib import suppress

import cv2
import pytest

from age_pipeline.cores import opencv_threads, usable_cores


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


def test_opencv_has_so_many_threads_and_then_as_many_as_before() -> None:
    before = cv2.getNumThreads()
    with suppress(LookupError), opencv_threads(before + 1):
        assert cv2.getNumThreads() == before + 1
        raise LookupError
    assert cv2.getNumThreads() == before


def test_it_has_at_least_one() -> None:
    with opencv_threads(0):
        assert cv2.getNumThreads() == 1
