"""What was done at each stage, in sentences of a methods section, from the parameters that the stage's tables record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from affectflow.viz.labels import label_of, listed, seconds

Params = Mapping[str, Any]
BACKENDS = {
    "facemesh": "The primary face of each frame was followed with MediaPipe (Lugaresi et al. 2019; 478 points) and described by 50 "
    "expression coefficients, modes of smooth deformation of a face template (not FLAME), and 6 rotation numbers of "
    "head and jaw.",
    "emoca": "The primary face of each frame was followed with MediaPipe (Lugaresi et al. 2019) and described by "
    "EMOCA v2 (Daněček et al. 2022): 50 FLAME (Li et al. 2017) expression coefficients and 6 rotation numbers of head and jaw.",
}
DERIVATIVES = "First derivatives are central differences per second."


def faces(backend: str, imported: Sequence[str], coverage: pl.Series) -> str:
    """Say how faces were described and how often one was found; empty for signals alone.

    Parameters
    ----------
    backend
        `face.backend` of the settings.
    imported
        Formats of face codes that were made before.
    coverage
        Share of frames with a valid face, one value per recording with a video.
    """
    known = coverage.drop_nulls()
    if known.is_empty():
        return ""
    how = BACKENDS.get(backend, f"Face codes were made by the backend {backend}.")
    if imported:
        how = f"Face codes were read from files of the format {listed(imported)}; eyes, brows and mouth were measured in points followed with MediaPipe (Lugaresi et al. 2019)."
    return (
        f"{how} A face was found in {100 * float(known.mean()):.1f} % of the frames of a recording on average "  # type: ignore[arg-type]
        f"(lowest {100 * float(known.min()):.1f} %)."  # type: ignore[arg-type]
    )


def signals(names: Sequence[str], params: Params, *, with_faces: bool) -> str:
    """Say which biosignals there are and how they were cleaned; empty without any."""
    if not names:
        return ""
    return (
        f"Biosignals ({listed([label_of(n) for n in names])}) were cleaned on their own clocks with NeuroKit2 (Makowski et al. 2021) and SciPy (Virtanen et al. 2020), each "
        f"contiguous stretch on its own; gaps longer than {seconds(params['max_gap_s'])} were never bridged. They were "
        f"brought onto {'the video frames' if with_faces else 'one regular clock'} by their times, with anti-aliasing where its rows are "
        f"further apart than samples.{_variability(names, params)}"
    )


def pulse_of_face(params: Params) -> str:
    """Say how the pulse was taken from the colour of the skin."""
    how = {"pos": "POS (Wang et al. 2017)", "chrom": "CHROM (de Haan and Jeanne 2013)"}[params["method"]]
    return (
        f"A pulse was taken from the mean colour of the skin of the face, forehead and cheeks counting twice, with {how}; its rate comes from windows of "
        f"{seconds(params['window_s'])}, and windows whose pulse stands out by less than {params['snr_min_db']:g} dB are missing."
    )


def _variability(names: Sequence[str], params: Params) -> str:
    """Say what heart rate variability is, of the quantities there are."""
    words = {
        "hrv_rmssd_ms": "RMSSD, the root mean square of successive differences",
        "hrv_sdnn_ms": "SDNN, the standard deviation",
        "hrv_pnn50_percent": "pNN50, the share of successive differences above 50 ms",
        "hrv_hf_ms2": "HF, the power from 0.15 to 0.4 Hz",
        "hrv_lf_ms2": "LF, the power from 0.04 to 0.15 Hz",
    }
    found = [word for name, word in words.items() if name in names]
    if not found or "hrv" not in params:
        return ""
    return (
        f" Heart rate variability was computed from the accepted intervals between beats (Task Force 1996) in a centred window "
        f"of {seconds(params['hrv']['window_s'])} of which they fill at least {100 * params['hrv']['coverage_min']:g} %: {'; '.join(found)}."
    )


def preprocessing(params: Params, *, with_faces: bool) -> str:
    """Say how frames were cleaned: jumps, gaps, smoothing, resting level, derivatives."""
    outliers, smoothing, baseline = params["outliers"], params["smoothing"], params["baseline"]
    if not with_faces:
        return " ".join(filter(None, [_resting(baseline), DERIVATIVES]))
    parts = []
    if outliers["kind"] == "hampel":
        parts.append(
            f"Single-frame jumps of face codes beyond {outliers['n_sigma']:g} robust standard deviations were replaced by the "
            f"median of {seconds(outliers['window_s'])} (Hampel 1974)."
        )
    parts.append(
        f"Gaps of up to {seconds(params['max_gap_s'])} were interpolated, longer ones and limits of phases were never crossed."
    )
    parts.append(_smoothing(smoothing))
    parts.append(_resting(baseline))
    parts.append(DERIVATIVES)
    return " ".join(p for p in parts if p)


def _smoothing(s: Params) -> str:
    window = seconds(s["window_s"])
    known = {
        "none": "Face codes were not smoothed.",
        "savgol": f"Face codes were smoothed with a Savitzky–Golay filter (Savitzky and Golay 1964; order {s['order']}, {window}, zero-phase).",
        "triangular": f"Face codes were smoothed with a triangular kernel ({window}, zero-phase).",
        "median": f"Face codes were smoothed with a moving median ({window}, zero-phase).",
        "spline": f"Face codes were smoothed with a smoothing spline (p = {s['p']:g}, zero-phase).",
        "one_euro": f"Face codes were smoothed with a One Euro filter (Casiez et al. 2012; cut-off {s['min_cutoff_hz']:g} Hz, beta {s['beta']:g}, causal).",
    }
    return known.get(s["preset"], f"Face codes were smoothed with the preset {s['preset']}.")


def _resting(b: Params) -> str:
    level = {
        "first_seconds": f"its first {seconds(b['seconds'])}",
        "phase": f"its phase {b['phase']}",
        "running": f"what the recording had shown until then (from {seconds(b['seconds'])} on; causal)",
    }.get(b["kind"])
    if level is None:
        return ""
    scaled = " and divided by the standard deviation there" if b.get("scale") == "zscore" else ""
    return f"From each recording the mean over {level} was subtracted{scaled}."


def windows(params: Params, n: int, *, with_faces: bool) -> str:
    """Say how windows were cut and how many there are."""
    return (
        f"Windows of {seconds(params['length_s'])} were cut every {seconds(params['stride_s'])} inside phases; the {n} with "
        f"{'a valid face' if with_faces else 'a signal'} for at least {100 * params['min_coverage']:g} % of their time were kept."
    )
