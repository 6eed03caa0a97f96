"""What really is in a video: one row per decoded frame, and how that compares with the container's promises."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from affectflow.io.video import FrameReader, VideoInfo, video_info
from affectflow.schema import VIDEO_FRAMES, VIDEO_QUALITY

# Containers round step times to their time base; 10 % is far beyond that and far below a lost frame.
VARIABLE_RATE_SHARE = 0.1
# Fewer frames than promised are normal (edit lists cut a few off); a missing stretch is not.
MISSING_SHARE = 0.05


def probe_video(
    path: str | Path, *, recording_id: str, n_threads: int = 1
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Decode a video once and write down every frame's time.

    Parameters
    ----------
    path
        Video file.
    recording_id
        Name of the recording, for the tables and messages.
    n_threads
        Threads of the decoder.

    Returns
    -------
    frames
        `schema.VIDEO_FRAMES`: one row per decoded frame.
    quality
        `schema.VIDEO_QUALITY`: one row.

    Raises
    ------
    InputError
        If nothing of the file can be decoded.
    """
    info = video_info(path, recording_id=recording_id)
    reader = FrameReader(path, recording_id=recording_id, n_threads=n_threads)
    times_s: list[float] = []
    pts: list[int] = []
    keyframes: list[bool] = []
    size, rotation, first_s = (0, 0), 0, 0.0
    for frame in reader:
        if not pts:
            size, rotation = frame.upright_size_px, frame.rotation_deg
            first_s = float(frame.pts * frame.time_base)
        times_s.append(frame.time_s)
        pts.append(frame.pts)
        keyframes.append(frame.keyframe)
    frames = pl.DataFrame(
        {
            "recording_id": recording_id,
            "frame_id": np.arange(len(pts), dtype=np.int32),
            "time_s": times_s,
            "pts": pts,
            "container_time_s": first_s + np.array(times_s),
            "keyframe": keyframes,
        },
        schema_overrides={c.name: c.dtype for c in VIDEO_FRAMES.columns},
    )
    quality = _quality(np.array(times_s), info, reader.damaged)
    quality |= {
        "recording_id": recording_id,
        "width_px": size[0],
        "height_px": size[1],
        "rotation_deg": rotation,
        "codec": info.codec,
        "pix_fmt": info.pix_fmt,
    }
    return frames, pl.DataFrame([quality], schema={c.name: c.dtype for c in VIDEO_QUALITY.columns})


def _quality(times_s: np.ndarray, info: VideoInfo, damaged: bool) -> dict[str, object]:
    n_frames, duration_s = len(times_s), float(times_s[-1] - times_s[0])
    steps_s = np.diff(times_s)
    step_s = float(np.median(steps_s)) if len(steps_s) else None
    promised = info.n_frames_promised
    n_found = round(duration_s / float(info.time_base)) + 1 if info.promises_ticks else n_frames
    missing = promised is not None and n_found < promised * (1 - MISSING_SHARE) - 1
    variable = step_s is not None and bool(
        np.any(np.abs(steps_s - step_s) > VARIABLE_RATE_SHARE * step_s + float(info.time_base))
    )
    notes = []
    if damaged or missing:
        of = f" of {promised} promised by the container" if promised else ""
        why = "the file is damaged or cut off" if damaged else "the container promised more"
        notes.append(f"TRUNCATED: {n_frames} frames decode{of}; {why}")
    if np.any(steps_s <= 0):
        notes.append(f"{int(np.sum(steps_s <= 0))} frames do not come after the one before them")
    return {
        "n_frames": n_frames,
        "n_frames_promised": promised,
        "truncated": bool(damaged or missing),
        "duration_s": duration_s,
        "fps_mean": (n_frames - 1) / duration_s if duration_s > 0 else None,
        "fps_nominal": info.fps_nominal,
        "step_min_s": float(steps_s.min()) if len(steps_s) else None,
        "step_max_s": float(steps_s.max()) if len(steps_s) else None,
        "variable_rate": variable,
        "note": "; ".join(notes) or None,
    }
