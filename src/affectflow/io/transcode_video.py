"""Re-encode a video so that every later tool reads the same frames at the same times."""

from __future__ import annotations

import logging
from fractions import Fraction
from pathlib import Path

import ffmpeg
import imageio_ffmpeg
import numpy as np
import polars as pl

from affectflow.errors import InputError
from affectflow.io.files import whole_file
from affectflow.io.video import FrameReader, VideoInfo, read_frames, video_info
from affectflow.io.video_writer import X264_PARAMS, VideoWriter

logger = logging.getLogger("affectflow")

TOLERANCE_S = 1e-6


class _TimesChangedError(Exception):
    """A way of re-encoding did not keep the frames and their times."""


def transcode_video(
    source: str | Path,
    target: str | Path,
    frames: pl.DataFrame,
    *,
    rotated: bool,
    damaged: bool,
    mode: str = "auto",
    crf: int = 18,
    comment: str | None = None,
) -> str:
    """Write an upright H.264 mp4 (yuv420p, limited range) with the same frames at the same times.

    Three ways, tried in this order; the result of each is decoded and its times
    are compared with `frames`, and a way that changed them is given up:
    ``copy`` (a stream that is in the right form already, without loss),
    ``ffmpeg`` (frame passthrough, the source's time base kept), and ``frames``
    (the very frames this project decodes; for damaged files and odd containers).
    Sound, position and other metadata are left behind.

    Parameters
    ----------
    source, target
        Video to read and mp4 to write, whole or not at all.
    frames
        `schema.VIDEO_FRAMES` of the source.
    rotated
        Whether the container asks for a rotation.
    damaged
        Whether part of the source does not decode.
    mode
        ``auto`` allows ``copy``; ``always`` encodes anew.
    crf
        Quality, 0 lossless … 51 worst.
    comment
        Text for the container's comment field.

    Returns
    -------
    The way that was taken.

    Raises
    ------
    InputError
        If the source cannot be read or no way keeps the times.
    """
    info = video_info(source)
    ways = ["ffmpeg", "frames"]
    if damaged:
        # Other decoders show frames behind damaged data that this project leaves out.
        ways = ["frames"]
    elif mode == "auto" and not rotated and _is_compliant(info):
        ways = ["copy", *ways]
    for way in ways:
        try:
            with whole_file(target) as temporary:
                if way == "frames":
                    _encode_frames(source, temporary, info.time_base, crf, comment)
                else:
                    _run_ffmpeg(source, temporary, info, copy=way == "copy", crf=crf, comment=comment)
                _check_times(temporary, frames["time_s"].to_numpy())
        except _TimesChangedError as error:
            logger.warning("%s: %s changed the video (%s); trying another way", source, way, error)
        else:
            logger.info("%s: %s", source, way)
            return way
    raise InputError(
        f"{source}: its frame times cannot be kept in an mp4 file (time base {info.time_base} s). "
        "Convert it to mp4 or mkv with increasing time stamps."
    )


def _is_compliant(info: VideoInfo) -> bool:
    even = info.width_px % 2 == 0 and info.height_px % 2 == 0
    return (
        info.codec == "h264"
        and info.pix_fmt == "yuv420p"
        and not info.full_range
        and even
        and info.pixel_aspect == 1
    )


def _run_ffmpeg(
    source: str | Path, target: Path, info: VideoInfo, *, copy: bool, crf: int, comment: str | None
) -> None:
    video = ffmpeg.input(f"file:{source}", protocol_whitelist="file")["v:0"]
    options: dict[str, object] = {
        "map_metadata": -1,
        "fps_mode": "passthrough",
        # Ticks per second that hold every time of the source exactly.
        "video_track_timescale": info.time_base.denominator,
        "movflags": "+faststart",
        "fflags": "+bitexact",
        "f": "mp4",
    }
    if comment:
        options["metadata"] = f"comment={comment}"
    if copy:
        options["c:v"] = "copy"
    else:
        # Square pixels and even sides, so that a pixel means the same in every later stage.
        video = (
            video.filter("scale", "iw*sar", "ih", out_range="tv")
            .filter("setsar", 1)
            .filter("pad", "ceil(iw/2)*2", "ceil(ih/2)*2")
            .filter("format", "yuv420p")
        )
        options |= {
            "c:v": "libx264",
            "preset": "veryfast",
            "crf": crf,
            "color_range": "tv",
            "enc_time_base": f"{info.time_base.numerator}/{info.time_base.denominator}",
            # One encoder thread: the bytes do not depend on the machine's number of cores.
            "threads": 1,
            "flags:v": "+bitexact",
            "x264-params": X264_PARAMS,
        }
    command = video.output(f"file:{target}", **options).global_args(
        "-nostdin", "-hide_banner", "-loglevel", "error"
    )
    try:
        command.run(
            cmd=imageio_ffmpeg.get_ffmpeg_exe(),
            overwrite_output=True,
            capture_stdout=True,
            capture_stderr=True,
        )
    except ffmpeg.Error as error:
        said = error.stderr.decode(errors="replace").strip().splitlines()
        logger.warning("%s: ffmpeg: %s", source, said[-1] if said else "failed without a message")


def _encode_frames(
    source: str | Path, target: Path, time_base: Fraction, crf: int, comment: str | None
) -> None:
    frames = read_frames(source)
    first = next(frames)
    height, width = first.rgb.shape[:2]
    with VideoWriter(target, width, height, time_base=time_base, crf=crf, comment=comment) as writer:
        writer.write(first.rgb, first.time_s)
        for frame in frames:
            writer.write(frame.rgb, frame.time_s)


def _check_times(path: Path, times_s: np.ndarray) -> None:
    try:
        reader = FrameReader(path)
        found = np.array([frame.time_s for frame in reader])
    except InputError as error:
        raise _TimesChangedError(str(error)) from None
    if reader.damaged or len(found) != len(times_s):
        raise _TimesChangedError(f"{len(found)} frames instead of {len(times_s)}")
    largest = float(np.abs(found - times_s).max())
    if largest > TOLERANCE_S:
        raise _TimesChangedError(f"times differ by up to {largest:.6f} s")
