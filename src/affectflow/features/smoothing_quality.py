"""What smoothing does to a signal, told without any label: what is left of its jitter, how late it is, what it keeps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.signal import csd, welch

from affectflow.features.frame_runs import column_groups, find_stretches, interpolate_rows
from affectflow.features.smoothers import regular_clock
from affectflow.signal.stretches import median_step

# Movements of head and face lie below; what shakes faster is mostly the tracker.
MOVEMENT_HZ = 3.0
# Spectra of pieces of 4 s tell movements from 0.25 Hz on; a stretch shorter than half of that tells too little.
PIECE_S, SHORTEST_S = 4.0, 2.0
MOST_LAG_S, LAG_STEP_S = 0.5, 0.001


@dataclass(frozen=True)
class SmoothingQuality:
    """What smoothing did in each run of a phase and column; all of shape (n_runs, c), NaN where it cannot be told.

    Attributes
    ----------
    jitter
        Root mean square of the second difference of the smoothed values, per second².
    lag_s
        By how much the smoothed values come later than the raw ones, seconds.
    kept
        Share of the raw variance below 3 Hz that the smoothed values have, 0..about 1.
    """

    jitter: np.ndarray
    lag_s: np.ndarray
    kept: np.ndarray


def smoothing_quality(
    raw: np.ndarray, smooth: np.ndarray, time_s: np.ndarray, runs: np.ndarray, *, max_gap_s: float
) -> SmoothingQuality:
    """Compare smoothed with raw values of one recording, run by run.

    *Jitter* is taken from second differences, not from the share of the spectrum
    above some frequency: it needs no long stretch and no regular clock, and means the same at
    any frame rate below and above 16 per second. *Lag* is the place of the peak of the
    cross-correlation of what lies below 3 Hz, in steps of 1 ms, so finer than a frame:
    broadband noise, which raw and smoothed values share without delay, would
    otherwise hide the lag of a causal filter. *Kept* is the ratio of the powers below 3 Hz.
    Both come from averaged cross-spectra (Welch 1967) of pieces of 4 s.

    Parameters
    ----------
    raw, smooth
        Values after gap filling, without and with smoothing, shape (n, c); NaN = missing, in both alike.
    time_s
        Shape (n,), seconds.
    runs
        Number of the phase run of each row (`frame_runs.phase_runs`), shape (n,).
    max_gap_s
        As for `frame_runs.find_stretches`.
    """
    n_runs, n_columns = int(runs[-1]) + 1 if runs.size else 0, raw.shape[1]
    squares, count = np.zeros((2, n_runs, n_columns))
    spectra = _Spectra(n_runs, n_columns, step_s=median_step(time_s))
    for columns, have in column_groups(np.isfinite(raw) & np.isfinite(smooth)):
        for rows in find_stretches(have, time_s, runs, max_gap_s=max_gap_s):
            run, time = runs[rows[0]], time_s[rows]
            bent = second_difference(smooth[np.ix_(rows, columns)], time)
            squares[run, columns] += (bent**2).sum(axis=0)
            count[run, columns] += bent.shape[0]
            spectra.add(run, columns, raw[np.ix_(rows, columns)], smooth[np.ix_(rows, columns)], time)
    with np.errstate(invalid="ignore"):
        jitter = np.sqrt(np.where(count > 0, squares / np.maximum(count, 1), np.nan))
    return SmoothingQuality(jitter, spectra.lag_s(), spectra.kept())


def second_difference(values: np.ndarray, time_s: np.ndarray) -> np.ndarray:
    """Return second divided differences, shape (max(n - 2, 0), c), per second²; steps may vary."""
    if time_s.size < 3:
        return np.empty((0, values.shape[1]))
    step = np.diff(time_s)
    slope = np.diff(values, axis=0) / step[:, None]
    return 2 * np.diff(slope, axis=0) / (step[1:] + step[:-1])[:, None]


class _Spectra:
    """Sums of spectra below 3 Hz over the stretches of each run."""

    def __init__(self, n_runs: int, n_columns: int, *, step_s: float) -> None:
        # One frequency axis for all stretches: each is padded to pieces of the same number of frames.
        self._length = max(round(PIECE_S / step_s), 8) if np.isfinite(step_s) and step_s > 0 else 8
        self._rate_hz = 1 / step_s if np.isfinite(step_s) and step_s > 0 else 1.0
        hz = np.fft.rfftfreq(self._length, 1 / self._rate_hz)
        self._moving = (hz > 0) & (hz <= MOVEMENT_HZ)
        self._hz = hz[self._moving]
        self._cross = np.zeros((n_runs, n_columns, self._hz.size), dtype=complex)
        self._raw, self._smooth = np.zeros((2, n_runs, n_columns, self._hz.size))

    def add(
        self, run: int, columns: np.ndarray, raw: np.ndarray, smooth: np.ndarray, time_s: np.ndarray
    ) -> None:
        if time_s[-1] - time_s[0] < SHORTEST_S - 1e-9:
            return
        clock = regular_clock(time_s, 1 / self._rate_hz)
        x, y = (interpolate_rows(v, time_s, clock).T for v in (raw, smooth))
        options = {
            "fs": self._rate_hz,
            "nperseg": min(self._length, clock.size),
            "nfft": max(self._length, min(self._length, clock.size)),
        }
        # A long stretch counts more than a short one.
        weight = clock.size
        self._cross[run, columns] += weight * csd(x, y, **options)[1][:, self._moving]
        self._raw[run, columns] += weight * welch(x, **options)[1][:, self._moving]
        self._smooth[run, columns] += weight * welch(y, **options)[1][:, self._moving]

    def lag_s(self) -> np.ndarray:
        lags = np.arange(-MOST_LAG_S, MOST_LAG_S + LAG_STEP_S / 2, LAG_STEP_S)
        turn = np.exp(2j * np.pi * np.outer(self._hz, lags))
        best = lags[np.argmax((self._cross @ turn).real, axis=2)]
        return np.where(self._known(), np.round(best, 6), np.nan)

    def kept(self) -> np.ndarray:
        raw = self._raw.sum(axis=2)
        return np.where(self._known(), self._smooth.sum(axis=2) / np.where(raw > 0, raw, 1), np.nan)

    def _known(self) -> np.ndarray:
        return self._raw.sum(axis=2) > 0
