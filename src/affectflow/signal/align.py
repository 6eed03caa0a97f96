"""Offset and drift of a signal's clock, found from something that is seen in the video as well."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.ndimage import uniform_filter1d
from scipy.optimize import minimize
from scipy.signal import find_peaks

from affectflow.signal.clock import PPM, Clock
from affectflow.signal.lags import correlation, independent_samples, lagged_correlation, peak_between
from affectflow.signal.resample import rate_of, resample_regular, runs_of_valid

# Times in seconds and values, NaN = missing, on a regular clock.
Series = tuple[np.ndarray, np.ndarray]

# Common clock: what body and pulse do is below 5 Hz; faster is noise of the landmarks.
FASTEST_HZ = 12.5
# Slower changes than this are removed: a level that both share says little about a lag of seconds.
SLOWEST_S = 30.0
# Single jumps must not decide: values are cut at so many robust standard deviations.
LARGEST_SD = 5.0
# The signal is interpolated on a clock so many times finer, else whole samples would be favoured.
FINER = 4
# With less in common than this many times the largest lag, chance cannot be told from truth.
LEAST_LAGS, LEAST_S = 4.0, 20.0
# A maximum counts as one when it stands out by this share of the best.
PROMINENCE = 0.05
# Lags of pieces of the recording: their length, how many at least, and how far they are looked for, seconds.
PIECE_S, FEWEST_PIECES, PIECE_LAG_S = 60.0, 4, 1.0
# Pieces in which the best lag and the second-best are held against each other, seconds.
CONTEST_S = 30.0


@dataclass(frozen=True)
class Alignment:
    """What `align` found.

    Attributes
    ----------
    clock
        The best offset and drift; at lag 0 without any overlap.
    confidence
        0..1, see `align`.
    correlation, rival
        Correlation there, and the highest at any other separate lag.
    residual_s
        Robust standard deviation of the lags of pieces of about a minute from the clock, seconds;
        NaN when fewer than four pieces have a lag of their own.
    problem
        In words, why the estimate is worth nothing (confidence 0); None otherwise.
    """

    clock: Clock
    confidence: float
    correlation: float
    rival: float
    residual_s: float
    problem: str | None = None


def align(
    signal_s: np.ndarray,
    signal: np.ndarray,
    reference_s: np.ndarray,
    reference: np.ndarray,
    *,
    max_lag_s: float,
    max_drift_ppm: float,
    max_gap_s: float,
) -> Alignment:
    """Find the offset and linear drift at which a signal and a reference on the video's clock agree best.

    Both go onto one regular clock (that of the slower, at most 12.5 Hz) with a filter against aliasing, lose
    what is slower than 30 s, and are cut at 5 standard deviations; gaps stay gaps. For each
    drift on a grid the correlation at every lag is computed by FFT (`lagged_correlation`); the best pair of lag and
    drift is then refined between the samples by maximising the correlation of the warped signal (Nelder-Mead).

    A drift that the data can hardly tell is drawn towards 0: what is
    maximised is the likelihood of the correlation (from as many independent samples as the autocorrelations leave) times a
    normal distribution of drifts with `max_drift_ppm` at three standard deviations.

    The confidence compares the best correlation with what other lags reach, as Fisher's z = atanh(r), in which chance
    scatters equally wherever r is. *Far* is the highest at lags too large to be true: what chance gives two
    such signals. *Near* is the highest of the other maxima within `max_lag_s`: what a rhythm gives. The
    confidence is the smaller of 1 - z_far / z and of the larger of 1 - z_near / z and 4 s - 3, where s is
    the share of half minutes in which the best lag agrees better than near's. So 0 means that another lag is as good, 0.5
    that chance reaches half as far, and that the second-best lag reaches half as far too or
    wins in one half minute of eight. Only positive correlation counts.

    Parameters
    ----------
    signal_s, signal
        float64 (n,), seconds on the signal's clock, increasing; NaN = missing.
    reference_s, reference
        float64 (m,), the same on the video's clock.
    max_lag_s
        Largest lag looked for, seconds.
    max_drift_ppm
        Largest drift looked for, millionths; 0 = lag alone.
    max_gap_s
        Longest gap interpolated, seconds.
    """
    rate = np.nanmin([rate_of(signal_s), rate_of(reference_s), FASTEST_HZ])
    x = _prepared(signal_s, signal, rate, max_gap_s)
    y = _prepared(reference_s, reference, rate, max_gap_s)
    problem = _too_little(x, y, max_lag_s)
    if problem:
        return Alignment(Clock(0.0), 0.0, float("nan"), float("nan"), float("nan"), problem)
    fine = _finer(x, rate)
    seen = x[0][~np.isnan(x[1])]
    middle, span = float(seen[0] + seen[-1]) / 2, float(seen[-1] - seen[0])
    clock, curve = _search(x, y, rate, middle, span, max_lag_s, max_drift_ppm)
    limit = round(max_lag_s * rate)
    lags = np.arange(curve.size) - curve.size // 2
    if abs(clock.offset_s) > max_lag_s - 0.5 / rate:
        problem = f"the best lag lies at the limit of {max_lag_s:g} s that was looked for"
    clock = _refined(fine, y, clock, span, independent_samples(x[1], y[1], limit), max_drift_ppm)
    best = correlation(_warped(fine, y[0], clock), y[1])
    near, near_lag, far = _rivals(curve, lags, limit, clock.offset_s * rate)
    wins = _wins(fine, y, clock, replace(clock, offset_s=near_lag / rate)) if near > 0 else 1.0
    return Alignment(
        clock,
        0.0 if problem else _confidence(best, near, far, wins),
        best,
        max(near, far),
        _residual(fine, y, clock, best),
        problem,
    )


def _prepared(time_s: np.ndarray, value: np.ndarray, rate: float, max_gap_s: float) -> Series:
    """Put a signal on the common clock, without slow changes, jumps cut, in standard deviations."""
    clock, v = resample_regular(time_s, value, rate_hz=rate, max_gap_s=max_gap_s)
    has = ~np.isnan(v)
    if not has.any():
        return clock, v
    width = max(3, round(SLOWEST_S * rate))
    share = uniform_filter1d(has.astype(np.float64), width, mode="constant")
    # What sums of filters leave of a constant is rounding, no signal.
    rounding = 1e-9 * float(np.abs(v[has]).max())
    v = v - uniform_filter1d(np.where(has, v, 0.0), width, mode="constant") / np.where(has, share, 1.0)
    v -= np.median(v[has])
    sd = 1.4826 * np.median(np.abs(v[has])) or np.std(v[has])
    if sd <= rounding:
        return clock, np.where(has, 0.0, np.nan)
    return clock, np.clip(v / sd, -LARGEST_SD, LARGEST_SD)


def _too_little(x: Series, y: Series, max_lag_s: float) -> str | None:
    """Say why two prepared signals cannot be compared, or None."""
    needed = max(LEAST_LAGS * max_lag_s, LEAST_S)
    for what, (clock, value) in (("signal", x), ("reference", y)):
        has = ~np.isnan(value)
        seconds = has.sum() * (clock[1] - clock[0]) if clock.size > 1 else 0.0
        if seconds < needed:
            return f"the {what} has {seconds:.0f} s of valid samples; {needed:.0f} s are needed"
        if np.ptp(value[has]) == 0:
            return f"the {what} does not change"
    return None


def _finer(x: Series, rate: float) -> Series:
    """Interpolate the signal smoothly between its samples, so that no lag is favoured."""
    clock, value = x
    n = (clock.size - 1) * FINER + 1
    fine, out = clock[0] + np.arange(n) / (FINER * rate), np.full(n, np.nan)
    for run in runs_of_valid(clock, value, np.inf):
        if run.stop - run.start > 1:
            inside = slice(run.start * FINER, (run.stop - 1) * FINER + 1)
            out[inside] = CubicSpline(clock[run], value[run])(fine[inside])
    return fine, out


def _warped(fine: Series, video_s: np.ndarray, clock: Clock) -> np.ndarray:
    """The signal at times of the video; NaN in gaps and outside."""
    return np.interp(clock.to_signal(video_s), fine[0], fine[1], left=np.nan, right=np.nan)


def _search(
    x: Series, y: Series, rate: float, middle: float, span: float, max_lag_s: float, max_drift_ppm: float
) -> tuple[Clock, np.ndarray]:
    """Best lag and drift on a grid, and the correlation at every lag with that drift."""
    first = round(min(x[0][0], y[0][0]) * rate) - 1
    last = round(max(x[0][-1], y[0][-1]) * rate) + 1
    grid = np.arange(first, last + 1) / rate
    reference = np.full(grid.size, np.nan)
    start = round(y[0][0] * rate) - first
    reference[start : start + y[1].size] = y[1]
    # Steps of the grid move the ends by half a sample against each other.
    n_steps = int(np.ceil(max_drift_ppm * PPM * span / 2 * rate / 0.5))
    best: tuple[float, Clock, np.ndarray] | None = None
    limit = round(max_lag_s * rate)
    for drift in np.linspace(-max_drift_ppm, max_drift_ppm, 2 * n_steps + 1) if n_steps else [0.0]:
        moved = _warped(x, grid, Clock(0.0, float(drift), middle))
        curve = lagged_correlation(moved, reference, max_shift=limit)
        near = np.nan_to_num(curve[curve.size // 2 - limit : curve.size // 2 + limit + 1], nan=-1.0)
        top = int(np.argmax(near))
        if best is None or near[top] > best[0]:
            offset = (peak_between(near, top) - limit) / rate
            best = float(near[top]), Clock(offset, float(drift), middle), curve
    assert best is not None
    return best[1], best[2]


def _refined(fine: Series, y: Series, start: Clock, span: float, n: float, max_drift_ppm: float) -> Clock:
    """Move the two ends until the clock is the likeliest, from `n` independent samples."""

    def clock_of(ends: np.ndarray) -> Clock:
        drift = (ends[1] - ends[0]) / (span / 2) / PPM if ends.size == 2 else 0.0
        return Clock(
            float(ends.mean()), float(np.clip(drift, -max_drift_ppm, max_drift_ppm)), start.reference_s
        )

    def cost(ends: np.ndarray) -> float:
        clock = clock_of(ends)
        r = max(correlation(_warped(fine, y[0], clock), y[1]), 0.0)
        unlikely = 0.5 * (3 * clock.drift_ppm / max_drift_ppm) ** 2 if max_drift_ppm else 0.0
        return 0.5 * n * float(np.log1p(-(min(r, 1 - 1e-12) ** 2))) + unlikely

    apart = start.drift_ppm * PPM * span / 4
    ends = start.offset_s + (np.array([-apart, apart]) if max_drift_ppm else np.zeros(1))
    simplex = np.vstack([ends, ends + (fine[0][1] - fine[0][0]) * np.eye(ends.size)])
    found = minimize(
        cost,
        ends,
        method="Nelder-Mead",
        options={"initial_simplex": simplex, "xatol": 1e-5, "fatol": 1e-6, "maxfev": 400},
    )
    return clock_of(found.x)


def _rivals(curve: np.ndarray, lags: np.ndarray, limit: int, best_lag: float) -> tuple[float, int, float]:
    """Highest correlation at other separate maxima: within the lags looked for, at which lag, and beyond them."""
    value = np.nan_to_num(curve, nan=-1.0)
    middle = int(np.clip(round(best_lag) + curve.size // 2, 0, curve.size - 1))
    height = value[middle]
    below = np.flatnonzero(value < height / 2)
    left = below[below < middle].max(initial=-1)
    right = below[below > middle].min(initial=value.size)
    peaks, _ = find_peaks(value, prominence=PROMINENCE * max(height, 1e-6))
    peaks = peaks[(peaks <= left) | (peaks >= right)]
    inside = np.abs(lags[peaks]) <= limit
    close, far = peaks[inside], value[peaks[~inside]].max(initial=0.0)
    if close.size == 0 or value[close].max() <= 0:
        return 0.0, 0, float(far)
    rival = int(close[np.argmax(value[close])])
    return float(value[rival]), int(lags[rival]), float(far)


def _wins(fine: Series, y: Series, clock: Clock, rival: Clock) -> float:
    """Share of pieces in which a clock agrees better than its rival."""
    video_s, reference = y
    n_pieces = max(1, round(float(video_s[-1] - video_s[0]) / CONTEST_S))
    ours, theirs = _warped(fine, video_s, clock), _warped(fine, video_s, rival)
    won = [
        correlation(ours[p], reference[p]) > correlation(theirs[p], reference[p])
        for p in np.array_split(np.arange(video_s.size), n_pieces)
        if not np.isnan(ours[p] + theirs[p] + reference[p]).all()
    ]
    return float(np.mean(won)) if won else 0.0


def _confidence(best: float, near: float, far: float, wins: float) -> float:
    if best <= 0:
        return 0.0
    z, z_near, z_far = np.arctanh(np.minimum([best, near, far], 1 - 1e-9))
    return float(np.clip(min(1 - z_far / z, max(1 - z_near / z, 4 * wins - 3)), 0.0, 1.0))


def _residual(fine: Series, y: Series, clock: Clock, best: float) -> float:
    """Robust spread of the lags of pieces that agree at least half as well as the whole."""
    video_s, reference = y
    n_pieces = max(FEWEST_PIECES, int((video_s[-1] - video_s[0]) / PIECE_S))
    step = 1.0 / (FINER * rate_of(video_s))
    shifts = np.arange(-round(PIECE_LAG_S / step), round(PIECE_LAG_S / step) + 1) * step
    lags = []
    for piece in np.array_split(np.arange(video_s.size), n_pieces):
        at, there = video_s[piece], reference[piece]
        if np.isnan(_warped(fine, at, clock) + there).mean() > 0.5:
            continue
        r = np.array([correlation(_warped(fine, at - s, clock), there) for s in shifts])
        top = int(np.argmax(r))
        if 0 < top < r.size - 1 and r[top] >= best / 2:
            lags.append((peak_between(r, top) - shifts.size // 2) * step)
    return 1.4826 * float(np.median(np.abs(lags))) if len(lags) >= FEWEST_PIECES else float("nan")
