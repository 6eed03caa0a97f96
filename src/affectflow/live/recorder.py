"""What was seen, as the tables that the workflow would make of the same faces. No picture is kept."""

from __future__ import annotations

import re
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from affectflow import __version__
from affectflow.config.study import Study
from affectflow.errors import UsageError
from affectflow.face.affect.expressions_backend import ExpressionsBackend
from affectflow.face.affect.extract_affect import extract_affect, smoothed
from affectflow.face.extract_units import extract_units
from affectflow.face.finish_faces import TrackTotals
from affectflow.face.map_expressions import map_expressions
from affectflow.face.units.geometric import GeometricUnits
from affectflow.io.table_stream import TableStream, read_pieces, stream_table, transform_table
from affectflow.io.tables import write_table
from affectflow.live.held_folder import held_folder
from affectflow.live.stream import LiveFrame
from affectflow.live.units import NEUTRAL_S
from affectflow.schema import AFFECT, VIDEO_FRAMES

UNITS = "geometric"
# A browser tells its frames' times in parts of a millisecond.
CAMERA_CLOCK = Fraction(1, 1_000_000)
NAMES = re.compile(r"[A-Za-z0-9_-]{1,80}")
DRAFT = ".live-draft-"
# Rows of a piece of the draft: some 3 MiB.
PIECE_ROWS = 256


@dataclass(frozen=True)
class FrameTime:
    """Where a frame stands in its own source: time stamp in units of `time_base`."""

    pts: int
    time_base: Fraction
    keyframe: bool = True

    @classmethod
    def of_camera(cls, time_s: float) -> FrameTime:
        """Return the time stamp of a camera's frame."""
        return cls(round(time_s / CAMERA_CLOCK), CAMERA_CLOCK)


@dataclass(frozen=True)
class Recording:
    """A recording that was written.

    Attributes
    ----------
    recording_id
        Its name.
    n_frames, duration_s
        Frames, and the time from the first to the last.
    paths
        Table → where it lies; see `table_paths`. Empty when there was no frame to write.
    """

    recording_id: str
    n_frames: int
    duration_s: float
    paths: dict[str, Path]


class Recorder:
    """Keeps what is seen until `stop` writes it.

    Faces go to a draft on the disk, so that memory holds some 100 bytes a frame.
    A recording that is cut off (kill -9) leaves its draft, which the next one
    removes, and no table.

    Parameters
    ----------
    folder
        Where the tables go, in folders like those of results/<study>/.
    recording_id
        Letters, digits, - and _.
    study
        Settings of the stages.
    source
        "camera", or the name of the video file; for the footers.
    affect
        Name of the network that reads valence and arousal; None without one.

    Raises
    ------
    UsageError
        If the name is none, or a recording of that name lies there.
    """

    def __init__(
        self, folder: Path, recording_id: str, *, study: Study, source: str, affect: str | None = None
    ) -> None:
        if not NAMES.fullmatch(recording_id):
            raise UsageError(
                f"recording {recording_id[:80]!r}: a name has up to 80 letters, digits, - and _. Choose another."
            )
        self.recording_id, self._study = recording_id, study
        self._affect = affect
        self._paths = table_paths(folder, recording_id, affect)
        if there := [path for path in self._paths.values() if path.exists()]:
            raise UsageError(f"recording {recording_id}: {there[0]} exists. Choose another name.")
        self._footer: dict[str, Any] = {
            "stage": "live",
            "affectflow": __version__,
            "params": {
                "source": source,
                "face": study.face.model_dump(mode="json", exclude={"codes", "emoca"}),
            },
            "inputs": {},
        }
        self._totals = TrackTotals(min_track_s=study.face.min_track_s)
        self._rows: list[pl.DataFrame] = []
        self._readings: list[pl.DataFrame] = []
        self._times = _Times()
        self._rest_s: list[tuple[float, float]] = []
        self._folder_open, self._draft_open = ExitStack(), ExitStack()
        self._draft = self._folder_open.enter_context(held_folder(folder, DRAFT)) / "faces.parquet"
        self._faces: TableStream = self._draft_open.enter_context(stream_table(self._draft, "faces"))

    @property
    def n_frames(self) -> int:
        """How many frames were added."""
        return len(self._times.time_s)

    @property
    def duration_s(self) -> float:
        """From the first frame to the last, seconds."""
        return self._times.time_s[-1] if self._times.time_s else 0.0

    def add(self, seen: LiveFrame, at: FrameTime) -> None:
        """Keep a frame.

        Parameters
        ----------
        seen
            What was seen in it.
        at
            Its place in its source; the recording's times count from its first frame.
        """
        frame_id, time_s = self._times.add(seen.picture.frame_id, at)
        row = _renamed(seen.face, self.recording_id, frame_id, time_s)
        self._rows.append(row)
        if seen.affect is not None:
            self._keep_reading(seen.affect.row)
        if len(self._rows) >= PIECE_ROWS:
            self._write_rows()

    def _keep_reading(self, row: pl.DataFrame) -> None:
        """Keep a reading of a frame of this recording, once."""
        frame_id = row["frame_id"][0] - self._times.first_id
        last = self._readings[-1]["frame_id"][0] if self._readings else -1
        if frame_id > last:
            self._readings.append(_renamed(row, self.recording_id, frame_id, self._times.time_s[frame_id]))

    def take_rest(self) -> None:
        """Note that the face is at rest for the next two seconds."""
        self._rest_s.append((self.duration_s, self.duration_s + NEUTRAL_S))

    def forget_rest(self) -> None:
        """Note that no face was at rest; what was noted before is forgotten."""
        self._rest_s.clear()

    def _write_rows(self) -> None:
        if self._rows:
            piece = pl.concat(self._rows, rechunk=True)
            self._faces.append(next(self._totals.watch([piece])))
            self._rows = []

    def stop(self) -> Recording:
        """Write the tables, each whole, and remove the draft."""
        with self._folder_open:
            with self._draft_open:
                self._write_rows()
            if self.n_frames:
                self._write_tables()
        paths = self._paths if self.n_frames else {}
        return Recording(self.recording_id, self.n_frames, self.duration_s, paths)

    def discard(self) -> None:
        """Throw away what was kept."""
        with self._folder_open:
            self._draft_open.close()

    def _write_tables(self) -> None:
        paths, face = self._paths, self._study.face
        rest_s = np.array(self._rest_s) if self._rest_s else None
        footer = {**self._footer, "params": {**self._footer["params"], "rest_s": self._rest_s or None}}
        finish = self._totals.finisher(n_frames=self.n_frames, where=f"recording {self.recording_id}")
        transform_table(self._draft, paths["faces"], "faces", finish, footer=footer)
        units, blinks = extract_units(
            read_pieces(paths["faces"], "faces"),
            GeometricUnits(face.units, self._study.features.blink),
            rest_s=rest_s,
            blink=self._study.features.blink,
            legacy_au43=face.units.legacy_au43,
        )
        expressions, intervals = map_expressions(
            units, options=face.expressions, legacy_au43=face.units.legacy_au43
        )
        rough = ExpressionsBackend.load()
        tables = {
            "video_frames": self._times.table(self.recording_id),
            "action_units": units,
            "blinks": blinks,
            "expressions": expressions,
            "expression_intervals": intervals,
            f"affect/{rough.name}": pl.concat(extract_affect([expressions], rough)),
        }
        if self._affect is not None:
            tables[f"affect/{self._affect}"] = self._affect_table(self._affect)
        for name, table in tables.items():
            write_table(table, paths[name], name.partition("/")[0], footer=footer)

    def _affect_table(self, method: str) -> pl.DataFrame:
        """Return a row per frame; those that the network was too busy to read have nulls and valid = false."""
        times = self._times.table(self.recording_id).select("recording_id", "frame_id", "time_s")
        read = pl.concat(self._readings) if self._readings else AFFECT.empty()
        table = times.join(
            read.drop("recording_id", "time_s"), on="frame_id", how="left", maintain_order="left"
        )
        table = table.with_columns(pl.col("valid").fill_null(False), pl.lit(self._affect).alias("method"))
        settings = self._study.face.affect
        if settings.smoothing == "none":
            return table
        return smoothed(table, legacy_zero_start=settings.legacy_zero_start)


def table_paths(folder: Path, recording_id: str, affect: str | None) -> dict[str, Path]:
    """Return where the tables of a recording lie: as below results/<study>/.

    Parameters
    ----------
    folder, recording_id
        Of the recording.
    affect
        The network that read valence and arousal, or None.

    Returns
    -------
    Kind of table → path; for valence and arousal affect/<estimator> → path, of
    the rough estimate always.
    """
    units, expressions = folder / "units" / UNITS, folder / "expressions" / UNITS
    methods = [ExpressionsBackend.name, *([] if affect is None else [affect])]
    return {
        "video_frames": folder / "video" / f"{recording_id}.frames.parquet",
        "faces": folder / "faces" / f"{recording_id}.parquet",
        "action_units": units / f"{recording_id}.parquet",
        "blinks": units / f"{recording_id}.blinks.parquet",
        "expressions": expressions / f"{recording_id}.parquet",
        "expression_intervals": expressions / f"{recording_id}.intervals.parquet",
        **{f"affect/{name}": folder / "affect" / name / f"{recording_id}.parquet" for name in methods},
    }


def free_name(folder: Path, source: str) -> str:
    """Return a name for a recording: its source and the time of day, and a number if that is taken."""
    stem = re.sub(r"[^A-Za-z0-9_-]+", "_", source)[:40].strip("_") or "live"
    name = first = f"{stem}_{datetime.now():%Y%m%d-%H%M%S}"
    number = 2
    while any(path.exists() for path in table_paths(folder, name, None).values()):
        name, number = f"{first}_{number}", number + 1
    return name


@dataclass
class _Times:
    """The frames' times: in the recording, and in their source."""

    first_id: int = 0
    first: FrameTime | None = None
    time_s: list[float] = field(default_factory=list)
    stamps: list[FrameTime] = field(default_factory=list)

    def add(self, frame_id: int, at: FrameTime) -> tuple[int, float]:
        """Return the frame's number and time in the recording."""
        if self.first is None:
            self.first_id, self.first = frame_id, at
        self.stamps.append(at)
        self.time_s.append(float((at.pts - self.first.pts) * at.time_base))
        return frame_id - self.first_id, self.time_s[-1]

    def table(self, recording_id: str) -> pl.DataFrame:
        """Return `schema.VIDEO_FRAMES`."""
        return pl.DataFrame(
            {
                "recording_id": [recording_id] * len(self.stamps),
                "frame_id": range(len(self.stamps)),
                "time_s": self.time_s,
                "pts": [at.pts for at in self.stamps],
                "container_time_s": [float(at.pts * at.time_base) for at in self.stamps],
                "keyframe": [at.keyframe for at in self.stamps],
            },
            schema={c.name: c.dtype for c in VIDEO_FRAMES.columns},
        )


def _renamed(row: pl.DataFrame, recording_id: str, frame_id: int, time_s: float) -> pl.DataFrame:
    return row.with_columns(
        recording_id=pl.lit(recording_id),
        frame_id=pl.lit(frame_id, dtype=pl.Int32),
        time_s=pl.lit(time_s, dtype=pl.Float64),
    )
