"""A recording with known codes: frames of one colour, a face that moves across them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import polars as pl

from affectflow.schema import CODES, EXP, FACES, N_LANDMARKS, N_LANDMARKS_68, N_LANDMARKS_105, POSE

WIDTH, HEIGHT = 320, 240
GROUND = (60, 90, 60)


@dataclass
class PlainFrame:
    """A frame of one colour that counts how often its picture is asked for."""

    frame_id: int
    time_s: float
    width: int = WIDTH
    height: int = HEIGHT
    asked: list[int] = field(default_factory=list)

    @property
    def rgb(self) -> np.ndarray:
        """uint8 (height, width, 3)."""
        self.asked.append(self.frame_id)
        picture = np.empty((self.height, self.width, 3), np.uint8)
        picture[:] = GROUND
        return picture


def plain_frames(time_s: np.ndarray, *, width: int = WIDTH, height: int = HEIGHT) -> list[PlainFrame]:
    """One frame per time; all share one list of what was asked for."""
    asked: list[int] = []
    return [PlainFrame(i, float(t), width, height, asked) for i, t in enumerate(time_s)]


def face_centre(n: int) -> np.ndarray:
    """Where the face is, (n, 2) pixels: it walks to the right."""
    return np.column_stack([np.linspace(110, 210, n), np.full(n, 120.0)])


def codes_table(
    time_s: np.ndarray, *, lost: np.ndarray | None = None, recording_id: str = "S01_a", **columns: np.ndarray
) -> pl.DataFrame:
    """A schema.CODES table; lost = frames without a face; further columns replace made-up ones."""
    n = len(time_s)
    lost = np.zeros(n, bool) if lost is None else lost
    rng = np.random.default_rng(1)
    centre = face_centre(n)
    ring = np.linspace(0, 2 * np.pi, N_LANDMARKS_68, endpoint=False)
    many = np.linspace(0, 2 * np.pi, N_LANDMARKS_105, endpoint=False)
    values: dict[str, np.ndarray] = {
        "score": np.full(n, 0.9),
        **{name: 0.1 * (i + 1) * np.sin(time_s + i) for i, name in enumerate(EXP)},
        **{name: 0.2 * np.sin(time_s + i) * (i < 4) for i, name in enumerate(POSE)},
        "ear_left": 0.3 - 0.25 * (np.abs(time_s - 1.0) < 0.1),
        "ear_right": 0.3 - 0.25 * (np.abs(time_s - 1.0) < 0.1),
        **{name: rng.normal(0.3, 0.05, n) for name in ("brow_raise", "smile", "mouth_open", "lip_press")},
        "crop_x_px": centre[:, 0],
        "crop_y_px": centre[:, 1],
        "crop_size_px": np.full(n, 120.0),
        "l68_x": np.tile(0.6 * np.cos(ring), (n, 1)),
        "l68_y": np.tile(0.6 * np.sin(ring), (n, 1)),
        "mp_x": np.tile(0.3 * np.cos(many), (n, 1)),
        "mp_y": np.tile(0.3 * np.sin(many), (n, 1)),
        "l68_visible": np.ones((n, N_LANDMARKS_68), bool),
        "mp_visible": np.ones((n, N_LANDMARKS_105), bool),
        **columns,
    }
    table = pl.DataFrame(
        {"recording_id": [recording_id] * n, "frame_id": range(n), "time_s": time_s, "valid": ~lost, **values}
    ).with_columns(pl.col(c.name).cast(c.dtype) for c in CODES.columns)
    return table.select(CODES.names).with_columns(
        pl.when("valid").then(pl.col(name)).alias(name) for name in CODES.names[4:]
    )


def faces_table(codes: pl.DataFrame) -> pl.DataFrame:
    """The schema.FACES table that belongs to `codes_table`: a box of 100 pixels around the face, no landmarks."""
    face = pl.col("valid")
    return codes.select(
        "recording_id",
        "frame_id",
        "time_s",
        pl.when(face).then(0).otherwise(-1).cast(pl.Int32).alias("track_id"),
        face.alias("primary"),
        "valid",
        "score",
        pl.col("score").alias("detection_score"),
        (pl.col("crop_x_px") - 50).alias("x0_px"),
        (pl.col("crop_y_px") - 50).alias("y0_px"),
        (pl.col("crop_x_px") + 50).alias("x1_px"),
        (pl.col("crop_y_px") + 50).alias("y1_px"),
        pl.lit(None, pl.Array(pl.Float32, N_LANDMARKS * 3)).alias("landmarks_px"),
    ).select(FACES.names)


class BallMaker:
    """Stands in for a face backend: a ball of 9 cm radius whose size follows exp_00 and whose place follows pose_00."""

    def __init__(self) -> None:
        self.ball, self.triangles = ball()
        self.n_calls = 0

    def mesh(self, exp: np.ndarray, pose: np.ndarray) -> np.ndarray:
        """Build the meshes (n, V, 3)."""
        self.n_calls += 1
        made = self.ball * (9.0 + exp[:, 0])[:, None, None]
        made[:, :, 0] += 10 * pose[:, 0, None]
        return made.astype(np.float32)


def ball(n_rings: int = 24, n_sides: int = 48) -> tuple[np.ndarray, np.ndarray]:
    """A unit ball: vertices (V, 3) float32 and triangles (T, 3) int32, counter-clockwise from outside."""
    polar = np.linspace(0, np.pi, n_rings + 1)[1:-1]
    around = np.linspace(0, 2 * np.pi, n_sides, endpoint=False)
    rings = [
        np.column_stack(
            [np.sin(p) * np.cos(around), np.full(n_sides, np.cos(p)), -np.sin(p) * np.sin(around)]
        )
        for p in polar
    ]
    vertices = np.concatenate([[[0, 1, 0]], *rings, [[0, -1, 0]]])
    triangles = []
    for side in range(n_sides):
        nxt = (side + 1) % n_sides
        triangles.append((0, 1 + side, 1 + nxt))
        for ring in range(n_rings - 2):
            a, b = 1 + ring * n_sides + side, 1 + ring * n_sides + nxt
            c, d = a + n_sides, b + n_sides
            triangles += [(a, c, b), (b, c, d)]
        last = 1 + (n_rings - 2) * n_sides
        triangles.append((len(vertices) - 1, last + nxt, last + side))
    return vertices.astype(np.float32), np.array(triangles, np.int32)
