"""How benchmarks are run."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.running import run

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"


def test_a_stopped_benchmark_does_not_claim_to_keep_figures(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    assert run(stop, "some") == 130
    said = "some: stopped; nothing is kept but what was printed or written before\n"
    assert capsys.readouterr().err == said


def test_every_benchmark_is_run_so() -> None:
    others = [path for path in BENCHMARKS.glob("*.py") if path.name != "running.py"]
    assert any("running.run(" in path.read_text(encoding="utf-8") for path in others)
    for path in others:
        assert "command_line.run(" not in path.read_text(encoding="utf-8"), path.name
