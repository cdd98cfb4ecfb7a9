from __future__ import annotations

from pathlib import Path

from PIL import Image as PillowImage

from benchmarks.caffe_files import age_net
from benchmarks.speed_inputs import main
from benchmarks.speed_scenes import PICTURES


def test_every_scene_gets_its_pictures_and_all_one_network(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    argv = [str(folder), "--sizes", "640x480", "80x60", "--faces", "1", "2"]
    assert main(argv) == 0
    assert (folder / "age_net.caffemodel").read_bytes() == age_net()
    for size in ("640x480", "80x60"):
        for faces in ("1", "2"):
            files = sorted((folder / size / faces).iterdir())
            assert len({path.read_bytes() for path in files}) == PICTURES
            for path in files:
                with PillowImage.open(path) as picture:
                    assert f"{picture.width}x{picture.height}" == size
