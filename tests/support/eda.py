"""Recordings of crops made on the spot, without any video."""

from __future__ import annotations

import numpy as np

from affectflow.eda.clips import Recording, open_recording

RATE_HZ = 4.0


class Crops(dict):
    """What `io.weights.WeightsFile` offers of a file of crops, in memory."""

    def rows(self, name: str, first: int, last: int) -> np.ndarray:
        return np.array(self[name][max(first, 0) : last])

    def shape(self, name: str) -> tuple[int, ...]:
        return self[name].shape


def crops_file(
    seed: int,
    *,
    n: int = 96,
    size_px: int = 16,
    link: float = 1.0,
    pulse: bool = True,
    region: slice = slice(4, 8),
) -> Crops:
    """Crops in which a patch of the face brightens with the skin conductance (`link` 0: with something else).

    The course wanders with periods of 5 to 12 s, so that neither its mean, nor
    its last value before a clip, nor the time tells it.
    """
    rng = np.random.default_rng([7, seed])
    time_s = np.arange(n) / RATE_HZ
    courses = []
    for _ in range(2):
        hz, phase = rng.uniform(1 / 12, 1 / 5, 3), rng.uniform(0, 2 * np.pi, 3)
        courses.append(np.sin(2 * np.pi * hz * time_s[:, None] + phase).sum(axis=1) / 1.2)
    seen, other = courses
    face = rng.uniform(60, 160, (1, size_px, size_px, 3))
    pictures = face + rng.normal(0, 3, (n, size_px, size_px, 3))
    pictures[:, region, region] += 25 * seen[:, None, None, None]
    eda = 4 + rng.uniform(0, 3) + 0.5 * (seen if link else other)
    eda = eda.astype(np.float32)
    return Crops(
        crops=np.clip(pictures, 0, 255).astype(np.uint8),
        time_s=time_s,
        valid=np.ones(n, bool),
        frame_id=np.arange(n, dtype=np.int32),
        square_px=np.full((n, 3), np.nan, np.float32),
        eda=eda,
        eda_tonic=eda - np.float32(0.1),
        eda_phasic=np.full(n, 0.1, np.float32),
        pulse=(rng.normal(size=n) if pulse else np.full(n, np.nan)).astype(np.float32),
    )


def recordings(people: int, *, each: int = 1, target: str = "whole", **options: object) -> list[Recording]:
    """Recordings P0_0, P0_1, … of people P0, P1, …; targets as measured."""
    return [
        open_recording(f"P{p}_{k}", f"P{p}", crops_file(10 * p + k, **options), target=target)  # type: ignore[arg-type]
        for p in range(people)
        for k in range(each)
    ]
