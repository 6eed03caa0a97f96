"""Geometric action units and eyes of one face while it is being watched, from the frames so far.

The functions are those of the stage `extract_units`. What the stage knows of the
whole recording (the face at rest, the eyes when open) is here what the last
minute shows, or a face at rest that the person has pointed out.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from affectflow.config.features import Blink
from affectflow.config.units import Units
from affectflow.face.blinks import LEVEL_WINDOW_S
from affectflow.face.units.closures import find_closures
from affectflow.face.units.eyes import Eyes, watch_eyes
from affectflow.face.units.geometric import (
    LIDS_MOVE_S,
    NO_DISTANCES,
    UNITS_MEASURED,
    landmark_distances,
    unit_intensity,
    unit_movements,
    untangled,
)
from affectflow.face.units.perclos import WINDOW_S as PERCLOS_WINDOW_S
from affectflow.face.units.perclos import perclos

# The running rest is that of the last minute, from a frame every 0.4 s: enough for quantiles, and quick.
REST_WINDOW_S, REST_STEP_S = 60.0, 0.4
# Until there are so many, every frame counts: nobody wants to wait for the first bar.
REST_ROWS_MIN = 10
# How long a face is looked at that its owner calls neutral.
NEUTRAL_S = 2.0
# More frames than a camera has in that time.
NEUTRAL_ROWS = 240
# PERCLOS and blinks of the last minute change slowly.
MINUTE_STEP_S = 1.0
# The most frames kept of a minute: 120 a second.
EYE_ROWS = 120 * 65

Distances = dict[str, float]


@dataclass(frozen=True)
class FaceUnits:
    """What one frame shows.

    Attributes
    ----------
    units
        Action unit → 0..1; NaN where it cannot be seen. Empty without a face.
    eyes_closed
        None without a face.
    perclos
        Of the last 60 s; None until they have been seen.
    blinks_per_min
        Blinks of the last 60 s; None until 20 s have been seen.
    """

    units: Mapping[int, float]
    eyes_closed: bool | None
    perclos: float | None
    blinks_per_min: float | None


class RunningUnits:
    """Action units relative to a running rest; memory does not grow with time.

    Parameters
    ----------
    settings, blink
        `face.units` and `features.blink`.
    """

    def __init__(self, settings: Units, blink: Blink) -> None:
        self._settings, self._blink = settings, blink
        self._window: deque[tuple[float, Distances]] = deque(
            maxlen=int(REST_WINDOW_S / REST_STEP_S) + REST_ROWS_MIN
        )
        self._neutral: list[Distances] = []
        self._taking: list[Distances] = []
        self._taking_until: float | None = None
        self._times: deque[float] = deque(maxlen=EYE_ROWS)
        self._ears: deque[float] = deque(maxlen=EYE_ROWS)
        self._closed_s = -np.inf
        self._minute: tuple[float, float | None, float | None] = (-np.inf, None, None)

    @property
    def rest(self) -> str:
        """What movements are counted from: "running", "taking" (being looked at) or "yours"."""
        if self._taking_until is not None:
            return "taking"
        return "yours" if self._neutral else "running"

    def take_rest(self, time_s: float) -> None:
        """Take the face of the next two seconds for the person's neutral one."""
        self._taking, self._taking_until = [], time_s + NEUTRAL_S

    def forget_rest(self) -> None:
        """Go back to the running rest."""
        self._neutral, self._taking, self._taking_until = [], [], None

    def step(self, face: pl.DataFrame) -> FaceUnits:
        """Measure the next frame.

        Parameters
        ----------
        face
            One row of `schema.FACES`, later than the one before.
        """
        measured = landmark_distances(face).row(0, named=True)
        time_s, ear, yaw = measured["time_s"], measured["ear_sum"], measured["yaw_rad"]
        eyes = self._watch(time_s, ear)
        present = bool(np.isfinite(ear))
        closed = bool(eyes.closed[-1])
        if closed:
            self._closed_s = time_s
        minute = self._last_minute(time_s)
        if not present:
            self._finish_taking(time_s)
            return FaceUnits({}, None, *minute)
        frontal = abs(yaw) <= np.deg2rad(self._settings.yaw_max_deg)
        now = {n: v if frontal else np.nan for n, v in measured.items() if n not in NO_DISTANCES}
        # Lids on their way say nothing of how wide the eyes are held.
        if time_s - self._closed_s <= LIDS_MOVE_S:
            now["aperture"] = np.nan
        self._remember(time_s, now, frontal=frontal)
        return FaceUnits(self._units(now), closed, *minute)

    def _remember(self, time_s: float, now: Distances, *, frontal: bool) -> None:
        if frontal and self._taking_until is not None and len(self._taking) < NEUTRAL_ROWS:
            self._taking.append(now)
        self._finish_taking(time_s)
        begun = len(self._window) >= REST_ROWS_MIN
        if frontal and (not begun or time_s - self._window[-1][0] >= REST_STEP_S):
            self._window.append((time_s, now))
        while self._window and time_s - self._window[0][0] > REST_WINDOW_S:
            self._window.popleft()

    def _finish_taking(self, time_s: float) -> None:
        if self._taking_until is not None and time_s >= self._taking_until:
            # Nobody looked at the camera: what was known of the rest stays.
            self._neutral = self._taking or self._neutral
            self._taking, self._taking_until = [], None

    def _units(self, now: Distances) -> dict[int, float]:
        """Return each unit's intensity: the last of those of the rest's rows and this frame."""
        rest = self._neutral or [row for _, row in self._window]
        rows = [*rest, now]
        at_rest = np.arange(len(rows)) < len(rest) if self._neutral else None
        distances = {name: np.array([row[name] for row in rows]) for name in now}
        moved = unit_movements(distances, at_rest)
        units = untangled(
            {u: unit_intensity(u, moved[u], at_rest, settings=self._settings) for u in UNITS_MEASURED}
        )
        return {unit: float(values[-1]) for unit, values in units.items()}

    def _watch(self, time_s: float, ear: float) -> Eyes:
        self._times.append(time_s)
        self._ears.append(ear)
        while time_s - self._times[0] > PERCLOS_WINDOW_S + 1:
            self._times.popleft()
            self._ears.popleft()
        return self._eyes(LEVEL_WINDOW_S)

    def _eyes(self, length_s: float) -> Eyes:
        """Return the eyes of the last seconds."""
        time, ear = np.array(self._times), np.array(self._ears)
        last = slice(int(np.searchsorted(time, time[-1] - length_s)), None)
        return watch_eyes(ear[last], time[last], blink=self._blink)

    def _last_minute(self, time_s: float) -> tuple[float | None, float | None]:
        """Return PERCLOS, and blinks per minute, looked up once a second."""
        if time_s - self._minute[0] >= MINUTE_STEP_S:
            eyes = self._eyes(np.inf)
            share = float(perclos(eyes)[-1])
            seen_s = float(eyes.time_s[-1] - eyes.time_s[0])
            found = find_closures(eyes, recording_id="", open_above=self._blink.open_above)
            blinks = int((found["kind"] == "blink").sum())
            rate = 60 * blinks / seen_s if seen_s >= LEVEL_WINDOW_S else None
            self._minute = (time_s, share if np.isfinite(share) else None, rate)
        return self._minute[1:]


def as_row(units: Mapping[int, float], wanted: tuple[int, ...]) -> NDArray[np.float64]:
    """Return intensities in the order wanted, (n,); NaN for those that were not measured."""
    return np.array([units.get(unit, np.nan) for unit in wanted])
