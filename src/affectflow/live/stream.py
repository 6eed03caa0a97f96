"""One picture after the other: face, landmarks, action units, eyes, expressions, valence and arousal."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from affectflow.config.face import Face
from affectflow.config.features import Blink
from affectflow.face.track_faces import track_faces
from affectflow.live.affect import Affect, AffectReader
from affectflow.live.expressions import FaceExpressions, RunningExpressions
from affectflow.live.units import FaceUnits, RunningUnits
from affectflow.schema import N_LANDMARKS

# Until a recording has a name of its own.
UNNAMED = "live"


@dataclass
class Picture:
    """One frame, as the stages take them.

    Attributes
    ----------
    frame_id
        0-based number among the frames of this stream.
    time_s
        Seconds, rising; from any origin.
    rgb
        uint8 (height, width, 3), C-contiguous.
    """

    frame_id: int
    time_s: float
    rgb: NDArray[np.uint8]


@dataclass(frozen=True)
class LiveFrame:
    """What was seen in one picture.

    Attributes
    ----------
    picture
        What was looked at.
    face
        Its row of `schema.FACES`.
    landmarks_px
        (478, 3), or None without a face.
    units, expressions
        What the face does; expressions are None where they cannot be told.
    affect
        The newest reading of valence and arousal from pixels that is still fresh, or None.
    """

    picture: Picture
    face: pl.DataFrame
    landmarks_px: NDArray[np.float32] | None
    units: FaceUnits
    expressions: FaceExpressions | None
    affect: Affect | None


class LiveStream:
    """A face that is being watched; memory does not grow with time.

    Parameters
    ----------
    face
        Settings of tracking, units and expressions; one face is followed.
    blink
        When eyes count as shut.
    affect
        Reads valence and arousal from pixels; None where no network is installed.
    every_frame
        Wait for that network in every frame (a file), instead of reading as
        often as it can keep up with (a camera).
    """

    def __init__(
        self, face: Face, blink: Blink, *, affect: AffectReader | None = None, every_frame: bool = False
    ) -> None:
        self._units = RunningUnits(face.units, blink)
        self._expressions = RunningExpressions(face.expressions)
        self._affect, self._every_frame = affect, every_frame
        self._feed = _Feed()
        self._n_frames = 0
        self.last_s = -np.inf
        # Of one row each: the stage's own loop, which waits for a picture instead of reading a file.
        self._tracked = track_faces(
            self._feed,
            recording_id=UNNAMED,
            max_faces=1,
            detection_score_min=face.detection_score_min,
            presence_score_min=face.presence_score_min,
            detect_every_s=face.detect_every_s,
            max_gap_s=face.max_gap_s,
            mirrored_pass=face.mirrored_pass,
            piece_rows=1,
        )

    @property
    def rest(self) -> str:
        """What movements are counted from; see `RunningUnits.rest`."""
        return self._units.rest

    def step(self, rgb: NDArray[np.uint8], time_s: float) -> LiveFrame:
        """Look at the next picture.

        Parameters
        ----------
        rgb
            uint8 (height, width, 3), C-contiguous, upright.
        time_s
            Later than that of the picture before.
        """
        if not time_s > self.last_s:
            raise ValueError(f"a picture of {time_s:.3f} s after one of {self.last_s:.3f} s")
        self.last_s = time_s
        picture = Picture(self._n_frames, time_s, rgb)
        self._n_frames += 1
        self._feed.picture = picture
        face = next(self._tracked)
        units = self._units.step(face)
        expressions = self._expressions.step(units.units, eyes_closed=units.eyes_closed, time_s=time_s)
        row = face["landmarks_px"][0]
        landmarks = None if row is None else row.to_numpy().reshape(N_LANDMARKS, 3)
        return LiveFrame(picture, face, landmarks, units, expressions, self._read(face, picture))

    def _read(self, face: pl.DataFrame, picture: Picture) -> Affect | None:
        if self._affect is None:
            return None
        return self._affect.read(face, picture) if self._every_frame else self._affect.offer(face, picture)

    def take_rest(self) -> None:
        """Take the face of the next two seconds for the person's neutral one."""
        self._units.take_rest(self.last_s)

    def forget_rest(self) -> None:
        """Go back to the running rest."""
        self._units.forget_rest()

    def close(self) -> None:
        """Free the networks."""
        assert isinstance(self._tracked, Generator)
        self._tracked.close()


class _Feed(Iterator[Picture]):
    """Hands the picture that was put into it to whoever asks next."""

    picture: Picture

    def __next__(self) -> Picture:
        return self.picture
