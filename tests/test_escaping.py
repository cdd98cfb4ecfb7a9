import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from age_pipeline.escaping import one_line, readable


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (os.fsdecode(b"caf\xe9.jpg"), "caf\\xe9.jpg"),
        ("\ud800.jpg", "\\ud800.jpg"),
        ("Zoë 東京\n.jpg", "Zoë 東京\n.jpg"),
    ],
)
def test_a_name_that_is_not_utf8_is_escaped_not_lost(name: str, text: str) -> None:
    assert readable(name) == text


@given(st.text(st.characters(codec=None)))
def test_every_name_can_be_written(name: str) -> None:
    readable(name).encode("utf-8")


def test_a_name_cannot_command_a_terminal() -> None:
    assert one_line("a\n\x1b[2J\x9b2J\u2028b\udce9.jpg") == "a\\n\\x1b[2J\\x9b2J\\u2028b\\xe9.jpg"
    assert one_line("Zoë 東京\u202f1.jpg") == "Zoë 東京\u202f1.jpg"


@given(st.text(st.characters(codec=None)))
def test_every_text_becomes_one_line(text: str) -> None:
    assert len(one_line(text).splitlines()) <= 1
