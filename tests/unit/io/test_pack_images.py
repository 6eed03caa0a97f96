"""Pictures in a video: the same pixels, in the order of their numbers, at the rate that was asked for."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from affectflow.errors import InputError
from affectflow.io.pack_images import pack_images
from affectflow.io.video import read_frames


def pictures(folder, n=12, size=(33, 50)):
    folder.mkdir()
    rng = np.random.default_rng(0)
    made = [rng.integers(0, 256, (*size, 3), dtype=np.uint8) for _ in range(n)]
    for i, rgb in enumerate(made, start=1):
        Image.fromarray(rgb).save(folder / f"{i}.png")
    return made


@pytest.mark.parametrize("fps", [25.0, 29.97])
def test_the_same_pixels_in_order_at_the_rate(tmp_path, fps):
    made = pictures(tmp_path / "clip")
    assert pack_images(tmp_path / "clip", tmp_path / "clip.mkv", fps=fps) == len(made)
    frames = list(read_frames(tmp_path / "clip.mkv"))
    for frame, rgb in zip(frames, made, strict=True):
        assert np.array_equal(frame.rgb, rgb)
    assert [f.time_s for f in frames] == pytest.approx([i / fps for i in range(len(made))], abs=0.0006)


def test_same_pictures_same_bytes(tmp_path):
    pictures(tmp_path / "clip")
    for name in ("a.mkv", "b.mkv"):
        pack_images(tmp_path / "clip", tmp_path / name, fps=25)
    assert (tmp_path / "a.mkv").read_bytes() == (tmp_path / "b.mkv").read_bytes()


def test_sizes_that_differ_and_an_empty_folder_are_said(tmp_path):
    pictures(tmp_path / "clip", 2)
    Image.new("RGB", (8, 8)).save(tmp_path / "clip" / "3.png")
    with pytest.raises(InputError, match=r"3\.png: has 8 x 8 pixels, the first picture 50 x 33"):
        pack_images(tmp_path / "clip", tmp_path / "a.mkv", fps=25)
    (tmp_path / "none").mkdir()
    with pytest.raises(InputError, match="holds no picture"):
        pack_images(tmp_path / "none", tmp_path / "a.mkv", fps=25)
    assert not (tmp_path / "a.mkv").exists()
