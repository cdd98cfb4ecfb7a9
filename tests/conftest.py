"""What every test gets: no cache of the user's, no proxy, and one big test file for the session."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from age_pipeline.model_files import CACHE_VARIABLE
from benchmarks.caffe_files import age_net

# A busy machine must not fail a test.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An own cache folder that does not exist yet; no test may see the user's."""
    folder = tmp_path_factory.mktemp("cache") / "detect-age"
    monkeypatch.setenv(CACHE_VARIABLE, str(folder))
    # The shell calls this Python "python", as in an environment that is activated.
    own = str(Path(sys.executable).parent)
    monkeypatch.setenv("PATH", os.pathsep.join((own, os.environ.get("PATH", os.defpath))))
    # Loopback servers are reached directly, whatever proxy the machine has.
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    return folder


@pytest.fixture(scope="session")
def age_net_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an age_net.caffemodel of the real one's format and size, weights random."""
    folder = tmp_path_factory.mktemp("age_net")
    (folder / "age_net.caffemodel").write_bytes(age_net())
    return folder
