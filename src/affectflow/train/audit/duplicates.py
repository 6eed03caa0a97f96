"""The same recording under two names: trajectories that agree at some shift, whatever noise was added.

Axes: r = recording, t = time, c = channel, k = shift.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy import fft

from affectflow.train.audit.artefacts import Artefacts, Found

# Correlation of steps at the best shift, over all channels. Few channels of breath and pulse, which are smooth and
# periodic, agree by chance at some shift (0.93 in six seconds of six signals), so that more is asked of them; of fewer
# than three nothing but copies agree so.
ALIKE, ALIKE_OF_FEW, COPIED = 0.9, 0.99, 0.999999
MANY_CHANNELS, FEW_CHANNELS = 12, 3
# 32,768 samples are 18 minutes at 30 per second; longer recordings are averaged, all over equally many samples: of two
# that are thinned differently no copy would be seen.
MOST_CHANNELS, MOST_SAMPLES = 16, 32768
# Part of the shorter recording that must be shared.
LEAST_SHARED = 0.5
FEWEST_STEPS = 3
# A channel whose steps vary less than this share of their mean runs at one rate (distance at cruising speed), in
# everybody alike.
STEADY = 1e-3
SOURCES = ("face", "bio", "gaze")


@dataclass(frozen=True)
class Spectra:
    """A recording ready to be compared at every shift: transforms of steps, their squares, and where they are known."""

    step_fc: np.ndarray
    square_fc: np.ndarray
    known_fc: np.ndarray
    n_steps: int
    size: int


def duplicate_recordings(study: Artefacts) -> Found:
    """Compare every recording with every other one at every shift in time.

    Compared are the steps from sample to sample of up to 16 channels, on the
    grids of faces, biosignals and gaze each by themselves, or where there are
    none the means of windows. Steps, not levels: two people under the same
    stress drift alike, and do not twitch alike.

    Parameters
    ----------
    study
        What was left behind.
    """
    pairs: dict[tuple[str, str], str] = {}
    n_compared = 0
    for source, trajectories in _trajectories(study).items():
        spectra = _transform(trajectories)
        n_compared = max(n_compared, len(spectra) * (len(spectra) - 1) // 2)
        n_channels = min((s.step_fc.shape[1] for s in spectra.values()), default=0)
        limit = COPIED if n_channels < FEW_CHANNELS else ALIKE_OF_FEW if n_channels < MANY_CHANNELS else ALIKE
        for first, second, correlation, shift in _alike(spectra, limit):
            pairs.setdefault(
                (first, second), f"{source} correlates by {correlation:.4f} at a shift of {shift} samples"
            )
    person = dict(study.examples.select("recording_id", "subject_id").unique().rows())
    findings = [
        (f"{a} and {b}", f"{how}; {_roles(study, a, b)}; people {person.get(a)} and {person.get(b)}")
        for (a, b), how in pairs.items()
    ]
    return Found(findings, f"{n_compared} pairs of recordings at all shifts", applicable=n_compared > 0)


def _trajectories(study: Artefacts) -> dict[str, dict[str, np.ndarray]]:
    """Return for each source the (t, c) of each recording; NaN where nothing was measured."""
    names = study.examples["recording_id"].unique().sort().to_list()
    found: dict[str, dict[str, np.ndarray]] = {}
    for source in SOURCES:
        facts = {n: study.grids[n].facts["grid"][source] for n in names if n in study.grids}
        common = [set(f["columns"]) for f in facts.values() if f["columns"]]
        shared = sorted(c for c in set.intersection(*common) if not c.startswith("d_")) if common else []
        own = {n: _grid(study, n, source, f["columns"], shared) for n, f in facts.items() if f["columns"]}
        if shared and len(own) > 1:
            together = -(-max(len(x_tc) for x_tc in own.values()) // MOST_SAMPLES)
            found[source] = _varying({n: _averaged(x_tc, together) for n, x_tc in own.items()})
    if found:
        return found
    columns = [c for c in study.windows.columns if c.startswith("mean_")]
    tables = study.windows.filter(pl.col("recording_id").is_in(names)).sort("window_id")
    parts = tables.partition_by("recording_id", as_dict=True)
    numbers = pl.col(columns).cast(pl.Float64).fill_null(float("nan"))
    own = {str(key[0]): part.select(numbers).to_numpy() for key, part in sorted(parts.items())}
    return {"means of windows": _varying(own)} if len(own) > 1 and columns else {}


def _grid(study: Artefacts, name: str, source: str, columns: list[str], shared: list[str]) -> np.ndarray:
    rows_tc = study.grids[name].rows(source, 0, 2**40)
    return rows_tc[:, [columns.index(c) for c in shared]].astype(np.float64)


def _averaged(x_tc: np.ndarray, together: int) -> np.ndarray:
    """Return the mean of every `together` samples; NaN where one of them is missing."""
    if together <= 1:
        return x_tc
    n = len(x_tc) // together
    return x_tc[: n * together].reshape(n, together, x_tc.shape[1]).mean(axis=1)


def _varying(own: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Keep the channels that vary in most recordings, the first of equals."""
    varies_rc = np.array([np.nan_to_num(_spread(x_tc)) > 0 for x_tc in own.values()])
    best = np.sort(np.argsort(-varies_rc.sum(axis=0), kind="stable")[:MOST_CHANNELS])
    best = best[varies_rc.any(axis=0)[best]]
    return {name: x_tc[:, best] for name, x_tc in own.items()}


def _mean(x_tc: np.ndarray) -> np.ndarray:
    known_tc = np.isfinite(x_tc)
    return np.where(known_tc, x_tc, 0.0).sum(axis=0) / np.maximum(known_tc.sum(axis=0), 1)


def _spread(x_tc: np.ndarray) -> np.ndarray:
    return np.sqrt(_mean(np.where(np.isfinite(x_tc), (x_tc - _mean(x_tc)) ** 2, np.nan)))


def _transform(trajectories: dict[str, np.ndarray]) -> dict[str, Spectra]:
    steps = {name: np.diff(x_tc, axis=0) for name, x_tc in trajectories.items() if len(x_tc) > FEWEST_STEPS}
    longest = max((len(s) for s in steps.values()), default=1)
    size = fft.next_fast_len(2 * longest, real=True)
    made = {}
    for name, step_tc in steps.items():
        known_tc = np.isfinite(step_tc)
        spread_c = _spread(step_tc)
        steady_c = spread_c < STEADY * np.abs(_mean(step_tc))
        spread_c[steady_c] = 0.0
        z_tc = np.where(known_tc & (spread_c > 0), step_tc / np.where(spread_c > 0, spread_c, 1.0), 0.0)
        arrays = (z_tc, z_tc**2, known_tc.astype(np.float64))
        step_fc, square_fc, known_fc = (fft.rfft(a, size, axis=0).astype(np.complex64) for a in arrays)
        made[name] = Spectra(step_fc, square_fc, known_fc, len(step_tc), size)
    return made


def _alike(spectra: dict[str, Spectra], limit: float) -> Iterator[tuple[str, str, float, int]]:
    """Yield the pairs that correlate by at least `limit` at some shift, with both."""
    names = list(spectra)
    for i, first in enumerate(names):
        a = spectra[first]
        for second in names[i + 1 :]:
            b = spectra[second]
            products = [(a.step_fc, b.step_fc), (a.square_fc, b.known_fc), (a.known_fc, b.square_fc)]
            products.append((a.known_fc, b.known_fc))
            both_k, own_k, other_k, shared_k = (
                fft.irfft((np.conj(x) * y).sum(axis=1), a.size) for x, y in products
            )
            enough = LEAST_SHARED * min(a.n_steps, b.n_steps) * a.step_fc.shape[1]
            # Rounding of the transforms: what was never measured is not quite 0.
            fair_k = (shared_k >= max(enough, FEWEST_STEPS)) & (own_k > 0.5) & (other_k > 0.5)
            if not fair_k.any():
                continue
            safe_k = np.sqrt(np.where(fair_k, own_k * other_k, 1.0))
            r_k = np.where(fair_k, both_k / safe_k, -1.0)
            k = int(r_k.argmax())
            if r_k[k] >= limit - 1e-5:
                yield first, second, float(min(r_k[k], 1.0)), k if k <= len(r_k) // 2 else k - len(r_k)


def _roles(study: Artefacts, first: str, second: str) -> str:
    """Say in how many folds the two have different roles."""
    key = ["repeat", "fold"]
    a, b = (
        study.folds.filter(pl.col("recording_id") == name).select(*key, "role") for name in (first, second)
    )
    both = a.join(b, on=key, nulls_equal=True, suffix="_other")
    apart = both.filter(pl.col("role") != pl.col("role_other")).height
    return f"in different roles in {apart} of {both.height} folds"
