from fractions import Fraction
from pathlib import Path

import av
import pytest
from video_files import encode_video

from age_pipeline.ffmpeg_video import exact, open_container


def test_a_ratio_is_a_fraction_whatever_gave_it(tmp_path: Path) -> None:
    path = encode_video(tmp_path / "film.mp4", frame_rate=Fraction(30_000, 1001))
    with open_container(f"file:{path}") as container:
        rate = exact(container.streams.video[0].average_rate)
    assert type(rate) is Fraction
    assert rate == Fraction(30_000, 1001)


@pytest.mark.parametrize("unset", [None, av.Packet().time_base, Fraction(0)])
def test_a_ratio_that_is_not_known(unset: Fraction | None) -> None:
    assert exact(unset) is None


@pytest.mark.parametrize("name", ["film.mp4", "film.mkv", "film.avi"])
def test_a_title_in_an_old_encoding(tmp_path: Path, name: str) -> None:
    path = encode_video(tmp_path / name)
    data = path.read_bytes()
    assert b"Lavf" in data
    path.write_bytes(data.replace(b"Lavf", "äöüß".encode("latin-1")))
    with open_container(f"file:{path}") as container:
        assert not any("Lavf" in value for value in container.metadata.values())
        assert len(list(container.decode(video=0))) == 20
