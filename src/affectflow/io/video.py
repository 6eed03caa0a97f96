"""Read and describe video with exact times.

Every time in the project starts here: `time_s` is a frame's presentation time
from the container minus that of the first frame that decodes. Counts and rates
that a container announces are recorded but never used.
"""

from __future__ import annotations

import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.sidedata.sidedata import Type as SideDataType
from av.video.reformatter import VideoReformatter

from affectflow.errors import InputError

av.logging.set_level(av.logging.PANIC)

# Demuxers that turn any text into "video" (ansi art) or open other files (playlists).
_FORBIDDEN_FORMATS = {
    "tty",
    "hls",
    "concat",
    "concatf",
    "dash",
    "image2",
    "image2pipe",
    "ffmetadata",
    "lavfi",
}


@dataclass(frozen=True)
class VideoInfo:
    """What a container says of its video stream; not to be trusted for counts and rates."""

    width_px: int
    height_px: int
    codec: str
    pix_fmt: str
    full_range: bool
    time_base: Fraction
    fps_nominal: float | None
    n_frames_promised: int | None
    duration_promised_s: float | None
    pixel_aspect: Fraction
    # An AVI lists a chunk per tick of its clock; a camera that drops a frame leaves the chunk empty.
    promises_ticks: bool = False


class _Converter(threading.local):
    """Turns decoded pictures into RGB; one in each thread, since it keeps its state between pictures."""

    def __init__(self) -> None:
        # One for all frames: a new one costs as much as the conversion itself.
        self.reformatter = VideoReformatter()
        self._orientations: dict[int, tuple[int, bool]] = {}

    def orientation(self, picture: av.VideoFrame) -> tuple[int, bool]:
        """Return (counter-clockwise quarter turns, mirror left-right first), read anew when the rotation changes.

        PyAV's side data and its picture hold each other, so a picture whose side
        data was asked for stays in memory until Python's next collection of
        cycles; of an hour of video those are hundreds of MiB.
        """
        rotation = picture.rotation
        if rotation not in self._orientations:
            self._orientations[rotation] = _orientation(picture)
        return self._orientations[rotation]


class VideoFrame:
    """One decoded frame; its picture may be asked for in another thread than the one that decodes.

    Attributes
    ----------
    frame_id
        0-based number of the frame among those that decode.
    time_s
        Presentation time since the first frame, seconds.
    pts, time_base
        The container's own time stamp and its unit.
    keyframe
        Whether it can be decoded without others.
    """

    def __init__(
        self,
        picture: av.VideoFrame,
        frame_id: int,
        pts: int,
        first_pts: int,
        time_base: Fraction,
        converter: _Converter,
    ) -> None:
        self._picture = picture
        self._converter = converter
        self.frame_id = frame_id
        self.pts = pts
        self.time_base = time_base
        self.time_s = float((pts - first_pts) * time_base)
        self.keyframe = bool(picture.key_frame)

    @cached_property
    def rgb(self) -> np.ndarray:
        """The upright picture, uint8 (height, width, 3), made when first asked for."""
        turns, mirrored = self._converter.orientation(self._picture)
        rgb = self._converter.reformatter.reformat(self._picture, format="rgb24").to_ndarray()
        if mirrored:
            rgb = rgb[:, ::-1]
        # Also without a turn: libav's rows are padded when the width is no multiple of its alignment.
        return np.ascontiguousarray(np.rot90(rgb, turns))

    @property
    def upright_size_px(self) -> tuple[int, int]:
        """Width and height of the upright picture."""
        turns, _ = self._converter.orientation(self._picture)
        size = (self._picture.width, self._picture.height)
        return size[::-1] if turns % 2 else size

    @property
    def rotation_deg(self) -> int:
        """Rotation the container asks for, counter-clockwise, 0, 90, 180 or 270."""
        return self._converter.orientation(self._picture)[0] * 90


def _orientation(picture: av.VideoFrame) -> tuple[int, bool]:
    """Return (counter-clockwise quarter turns, mirror left-right first) of the display matrix."""
    matrix = picture.side_data.get(SideDataType.DISPLAYMATRIX)  # type: ignore[call-overload]
    if matrix is None:
        return 0, False
    a, b, _, c, d, *_ = struct.unpack("<9i", bytes(matrix)[:36])
    mirrored = a * d - b * c < 0
    if mirrored:
        # A mirrored matrix is a mirror of x followed by a turn.
        a, b = -a, -b
    angle = np.degrees(np.arctan2(-b, a))
    return int(np.round(angle / 90)) % 4, bool(mirrored)


@contextmanager
def _open(path: str | Path, where: str) -> Iterator[tuple[Any, Any]]:
    """Open a file's first real video stream, or say in one line why not."""
    file = Path(path)
    if not file.is_file():
        raise InputError(
            f"{where}: there is no such file. Mend the path in the sheet, or exclude the recording."
        )
    if file.stat().st_size == 0:
        raise InputError(f"{where}: the file is empty (0 bytes). Copy it again, or exclude the recording.")
    try:
        # "file:" keeps names such as "-x.mp4" or "http:…" from being anything but file names.
        container = av.open(f"file:{file}", options={"protocol_whitelist": "file"})
    except (av.error.FFmpegError, ValueError, OSError) as error:
        raise InputError(
            f"{where}: is not a video that can be opened ({_reason(error)}); it may be cut off or of another kind. "
            "Copy or convert it again, or exclude the recording."
        ) from None
    with container:
        names = set(container.format.name.split(","))
        streams = [s for s in container.streams.video if s.codec_context is not None and not _is_cover(s)]
        if names & _FORBIDDEN_FORMATS or not streams:
            raise InputError(
                f"{where}: has no video stream (found {container.format.long_name}). Mend the path in the sheet."
            )
        yield container, streams[0]


def _is_cover(stream: Any) -> bool:
    return bool(stream.disposition & av.stream.Disposition.attached_pic)


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error).split(":")[0].strip()


def video_info(path: str | Path, *, recording_id: str | None = None) -> VideoInfo:
    """Read what the container announces, without decoding.

    Raises
    ------
    InputError
        If the file is absent, empty, damaged beyond opening, or holds no video.
    """
    with _open(path, _where(path, recording_id)) as (container, stream):
        context = stream.codec_context
        duration = None if stream.duration is None else float(stream.duration * stream.time_base)
        return VideoInfo(
            width_px=context.width,
            height_px=context.height,
            codec=context.name,
            pix_fmt=context.pix_fmt or "unknown",
            full_range=context.color_range == 2 or (context.pix_fmt or "").startswith("yuvj"),
            time_base=stream.time_base,
            fps_nominal=float(stream.guessed_rate) if stream.guessed_rate else None,
            n_frames_promised=stream.frames or None,
            duration_promised_s=duration,
            pixel_aspect=stream.sample_aspect_ratio or Fraction(1),
            promises_ticks=container.format.name == "avi",
        )


class FrameReader:
    """Iterate over the frames of a video, in order, one at a time in memory.

    After the loop, `damaged` tells whether some of the data could not be
    decoded. Frames that follow damaged data are left out until the next
    keyframe: they would show something that was never recorded.

    Parameters
    ----------
    path
        Video file.
    recording_id
        For error messages.
    n_threads
        Threads of the decoder. The frames are the same for any number.
    """

    def __init__(self, path: str | Path, *, recording_id: str | None = None, n_threads: int = 1) -> None:
        self.path = path
        self.where = _where(path, recording_id)
        self.n_threads = n_threads
        self.damaged = False

    def __iter__(self) -> Iterator[VideoFrame]:
        """Yield the frames that decode, with times from the first of them."""
        first_pts: int | None = None
        frame_id, converter = 0, _Converter()
        with _open(self.path, self.where) as (container, stream):
            stream.codec_context.thread_count = self.n_threads
            stream.thread_type = "AUTO" if self.n_threads > 1 else "NONE"
            for picture in self._pictures(container, stream):
                pts = picture.pts if picture.pts is not None else picture.dts
                if pts is None:
                    raise InputError(
                        f"{self.where}: frame {frame_id} has no time stamp. Put the video into an mp4 or mkv container."
                    )
                first_pts = pts if first_pts is None else first_pts
                yield VideoFrame(picture, frame_id, pts, first_pts, stream.time_base, converter)
                frame_id += 1
        if frame_id == 0:
            raise InputError(
                f"{self.where}: no frame of it can be decoded. Copy the file again, or exclude the recording."
            )

    def _pictures(self, container: Any, stream: Any) -> Iterator[av.VideoFrame]:
        waiting_for_keyframe = False
        packets = container.demux(stream)
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except av.error.FFmpegError:
                self.damaged = True
                return
            try:
                pictures = packet.decode()
            except av.error.EOFError:
                return
            except av.error.FFmpegError:
                self.damaged = waiting_for_keyframe = True
                continue
            if packet.is_corrupt:
                self.damaged = waiting_for_keyframe = True
            for picture in pictures:
                waiting_for_keyframe = waiting_for_keyframe and not picture.key_frame
                if not waiting_for_keyframe and not picture.is_corrupt:
                    yield picture


def read_frames(
    path: str | Path, *, recording_id: str | None = None, n_threads: int = 1
) -> Iterator[VideoFrame]:
    """Iterate over the frames of a video in order, upright, with exact times.

    Parameters
    ----------
    path
        Video file.
    recording_id
        For error messages.
    n_threads
        Threads of the decoder.

    Raises
    ------
    InputError
        If nothing of the file can be decoded.
    """
    return iter(FrameReader(path, recording_id=recording_id, n_threads=n_threads))


def _where(path: str | Path, recording_id: str | None) -> str:
    return f"recording {recording_id}: {path}" if recording_id else str(path)
