"""A few pictures out of a long video, without decoding all of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count

import av
import numpy as np

from affectflow.errors import TableError
from affectflow.io.video import VideoFrame, _Converter, _open, _where

ROUNDING_S = 1e-6


def pictures_near(
    path: str, wanted_s: Sequence[float], *, near_s: float, recording_id: str | None = None
) -> Iterator[VideoFrame]:
    """Yield a frame at or shortly before each of the wanted moments, each frame once.

    From the last keyframe before a moment, decoding goes on only until a frame
    is near enough: six pictures of an hour cost some dozen frames.

    Parameters
    ----------
    path
        Video whose keyframes can be jumped to, such as those of `transcode_video`.
    wanted_s
        Moments since the first frame, increasing, seconds.
    near_s
        How much earlier than its moment a frame may be, seconds.
    recording_id
        For messages.

    Yields
    ------
    VideoFrame
        With exact times; `frame_id` counts the frames yielded, since those that were passed over are not seen.

    Raises
    ------
    InputError
        If the file is no video.
    TableError
        If it ends before a wanted moment.
    """
    where = _where(path, recording_id)
    numbers, converter, last_pts = count(), _Converter(), float("-inf")
    with _open(path, where) as (container, stream):
        stream.thread_type = "NONE"
        first_pts = next(_decoded(container, stream), (0, None))[0]
        for moment in wanted_s:
            wanted_pts = first_pts + int(np.floor((moment + ROUNDING_S) / stream.time_base))
            least_pts = first_pts + int(np.ceil((moment - near_s - ROUNDING_S) / stream.time_base))
            container.seek(wanted_pts, stream=stream, backward=True)
            pts, picture = next((f for f in _decoded(container, stream) if f[0] >= least_pts), (0, None))
            if picture is None:
                raise TableError(f"{where}: ends before {moment:.3f} s. Re-run: snakemake -R transcode_video")
            if pts > last_pts:
                last_pts = pts
                yield VideoFrame(picture, next(numbers), pts, first_pts, stream.time_base, converter)


def _decoded(
    container: av.container.InputContainer, stream: av.VideoStream
) -> Iterator[tuple[int, av.VideoFrame | None]]:
    """Decode on from where the container stands: time stamps and frames that are whole."""
    return ((p.pts, p) for p in container.decode(stream) if p.pts is not None and not p.is_corrupt)
