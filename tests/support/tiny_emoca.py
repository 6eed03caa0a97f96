"""Networks small enough to run a thousand frames a second, and recordings for them, for tests of all that lies around networks."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import polars as pl
import torch

from affectflow.face.emoca.codes import CODES, N_DETAIL
from affectflow.io.table_stream import stream_table
from affectflow.io.video_writer import VideoWriter
from tests.support.synth_faces import faces_from_codes, random_codes

FPS = 25
# Mean and spread of each code: as real faces have them, for the synthetic head.
CENTRES: dict[str, tuple[float, float]] = {"cam": (0.02, 0.005), "pose": (0.0, 0.1)}


class TinyEncoders:
    """Takes the place of `affectflow.face.emoca.encoders.Encoders`: codes from 7 × 7 means of a crop."""

    def __init__(self, *, batch_size: int = 8, detail: bool = False) -> None:
        self.batch_size, self.dtype = batch_size, torch.float32
        self.device = torch.device("cpu")
        rng = np.random.default_rng(5)
        widths = {**CODES, "detail": N_DETAIL} if detail else CODES
        self._maps = {name: rng.normal(0, 0.05, (147, n)).astype(np.float32) for name, n in widths.items()}
        self.passes: list[int] = []

    @classmethod
    def from_arrays(
        cls, weights: Any, *, batch_size: int | None = None, detail: bool = False, **_: Any
    ) -> TinyEncoders:
        """Make it; weights are not looked at."""
        return cls(batch_size=batch_size or 8, detail=detail)

    @property
    def names(self) -> tuple[str, ...]:
        """Keys of what `encode` returns."""
        return tuple(self._maps)

    def encode(self, crops_nhwc: np.ndarray) -> dict[str, np.ndarray]:
        """Turn crops (n, 224, 224, 3) uint8 into codes, each crop for itself."""
        assert crops_nhwc.dtype == np.uint8
        assert crops_nhwc.shape[1:] == (224, 224, 3)
        self.passes.append(len(crops_nhwc))
        means = [cv2.resize(crop, (7, 7), interpolation=cv2.INTER_AREA).ravel() for crop in crops_nhwc]
        inputs = np.array(means, np.float32).reshape(-1, 147) / 255 - 0.5
        codes = {}
        for name, matrix in self._maps.items():
            middle, spread = CENTRES.get(name, (0.0, 1.0))
            codes[name] = middle + spread * np.einsum("nk,kj->nj", inputs, matrix)
        codes["cam"][:, 0] += 9.0
        return codes


def moving_picture(number: int, *, width: int, height: int) -> np.ndarray:
    """A picture of smooth blots that changes with its number, uint8 (height, width, 3)."""
    rng = np.random.default_rng(number)
    return cv2.resize(rng.integers(0, 256, (9, 16, 3), dtype=np.uint8), (width, height))


def write_recording(
    folder: Path,
    n_frames: int,
    *,
    gaps: tuple[int, ...] = (),
    recording_id: str = "rec",
    width: int = 640,
    height: int = 360,
    n_pictures: int = 40,
) -> tuple[Path, Path]:
    """Write a video and a faces table with a face in the middle of every frame but those in `gaps`.

    Returns
    -------
    Paths of the video and the table.
    """
    video, faces = folder / f"{recording_id}.mp4", folder / f"{recording_id}.faces.parquet"
    pictures = [moving_picture(i, width=width, height=height) for i in range(n_pictures)]
    with VideoWriter(video, width, height, time_base=Fraction(1, FPS), crf=20) as writer:
        for i in range(n_frames):
            writer.write(pictures[i % n_pictures], i / FPS)
    with stream_table(faces, "faces") as stream:
        for start in range(0, n_frames, 300):
            n = min(300, n_frames - start)
            own = tuple(g - start for g in gaps if start <= g < start + n)
            table = faces_from_codes(*random_codes(n, seed=start), gaps=own, recording_id=recording_id)
            ids = pl.col("frame_id") + start
            stream.append(table.with_columns(frame_id=ids.cast(pl.Int32), time_s=ids / FPS))
    return video, faces
