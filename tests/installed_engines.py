"""The engines, each skipped by name where it is not installed."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from age_pipeline.network_engines import ENGINES, Engine


def needs(engine: Engine) -> pytest.MarkDecorator:
    """Skips a test where an engine is not installed."""
    is_installed = engine == "opencv" or find_spec(engine) is not None
    return pytest.mark.skipif(not is_installed, reason=f"{engine} is not installed")


EACH_ENGINE = [pytest.param(engine, id=engine, marks=needs(engine)) for engine in ENGINES]

OTHER_ENGINES = EACH_ENGINE[1:]
"""All but OpenCV."""
