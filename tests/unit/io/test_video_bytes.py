"""The same frames give the same bytes, whatever the memory held before."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from affectflow.io.video_writer import VideoWriter


def dirty_memory(seed: int) -> list[np.ndarray]:
    """Fill blocks of many sizes with a byte and free most of them, so that new memory is not zero."""
    rng = np.random.default_rng(seed)
    sizes = rng.choice([1_000, 20_000, 200_000, 600_000, 1_200_000], 300)
    blocks = [np.full(size, rng.integers(256), np.uint8) for size in sizes]
    return blocks[::3]


# 35 and 17 macroblocks wide: x264's AVX-512 code read past the row's end.
@pytest.mark.parametrize("size", [(560, 304), (270, 480), (320, 240)])
def test_same_frames_same_bytes(tmp_path, size):
    rng = np.random.default_rng(0)
    ground = np.cumsum(rng.normal(0, 12, (size[1], size[0], 3)), axis=1) % 256
    written = set()
    for run in range(5):
        kept = dirty_memory(run)
        path = tmp_path / f"{run}.mp4"
        with VideoWriter(path, *size, time_base=Fraction(1, 1000), crf=23) as writer:
            for i in range(12):
                writer.write(np.roll(ground, 3 * i, axis=1).astype(np.uint8), i / 25)
        written.add(path.read_bytes())
        del kept
    assert len(written) == 1
