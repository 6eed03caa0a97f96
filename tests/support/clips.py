"""Tiny videos whose frames can be told apart, made on the spot."""

from __future__ import annotations

import subprocess
from fractions import Fraction
from pathlib import Path

import imageio_ffmpeg
import numpy as np

from affectflow.io.video_writer import VideoWriter

TIME_BASE = Fraction(1, 12800)


def numbered_frame(number: int, *, width: int = 64, height: int = 48) -> np.ndarray:
    """A frame that shows its number as eight black or white bars, uint8 (height, width, 3)."""
    bits = [(number >> bit) & 1 for bit in range(8)]
    row = np.repeat(np.array(bits, dtype=np.uint8) * 255, width // 8)
    return np.repeat(np.tile(row, (height, 1))[:, :, None], 3, axis=2)


def number_of(rgb: np.ndarray) -> int:
    """The number that a frame of `numbered_frame` shows."""
    bars = rgb.mean(axis=(0, 2)).reshape(8, -1).mean(axis=1)
    return sum(int(bright > 127) << bit for bit, bright in enumerate(bars))


def write_clip(path: Path, times_s: list[float], *, width: int = 64, height: int = 48) -> Path:
    """Write numbered frames shown at the given times."""
    with VideoWriter(path, width, height, time_base=TIME_BASE, crf=10) as writer:
        for number, time_s in enumerate(times_s):
            writer.write(numbered_frame(number, width=width, height=height), time_s)
    return path


def run_ffmpeg(*arguments: str | Path) -> None:
    """Run the bundled ffmpeg on an argument list."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-y", "-nostdin", "-loglevel", "error", *map(str, arguments)]
    subprocess.run(command, check=True)


def irregular_times(n_frames: int, *, seed: int = 0) -> list[float]:
    """Increasing times with steps of 20 to 200 ms, whole ticks of `TIME_BASE`."""
    steps = np.random.default_rng(seed).integers(256, 2560, n_frames - 1)
    return [float(t * TIME_BASE) for t in np.concatenate([[0], np.cumsum(steps)])]
