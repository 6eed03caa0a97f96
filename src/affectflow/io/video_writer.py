"""Write video with exact times and the same bytes for the same frames."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from affectflow.io.files import whole_file

# x264's macroblock tree for AVX-512 reads memory it never wrote (seen with libx264 165 in PyAV 18.1: widths that are
# no multiple of 64 gave other bytes from run to run). The code for all processors does not, and costs no time.
X264_PARAMS = "cpu-independent=1"


class VideoWriter:
    """Write frames with their own times as H.264 mp4 (yuv420p, limited range), whole or not at all.

    Use as a context manager. The encoder runs on one thread, so that the same
    frames give the same bytes on any machine of the same build.

    Parameters
    ----------
    path
        The mp4 to write.
    width, height
        Size of the frames, pixels; an odd size is padded by one edge pixel.
    time_base
        Unit of the time stamps; times are rounded to it.
    crf
        Quality: 0 lossless … 51 worst.
    preset
        Speed of x264.
    comment
        Text for the container's comment field.
    """

    def __init__(
        self,
        path: str | Path,
        width: int,
        height: int,
        *,
        time_base: Fraction,
        crf: int = 18,
        preset: str = "veryfast",
        comment: str | None = None,
    ) -> None:
        self._pad = (height % 2, width % 2)
        self._size = (width + width % 2, height + height % 2)
        self._time_base = time_base
        self._options = {"crf": str(crf), "preset": preset, "x264-params": X264_PARAMS}
        self._comment = comment
        self._file = whole_file(path)
        self._last_pts: int | None = None

    def __enter__(self) -> VideoWriter:
        """Open the temporary file."""
        temporary = self._file.__enter__()
        self._container = av.open(
            f"file:{temporary}", "w", format="mp4", options={"movflags": "+faststart", "fflags": "+bitexact"}
        )
        if self._comment:
            self._container.metadata["comment"] = self._comment
        stream = self._container.add_stream("libx264", options=self._options)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height = self._size
        stream.pix_fmt = "yuv420p"
        stream.codec_context.color_range = 1
        stream.codec_context.thread_count = 1
        # x264 plans its rate control by a frame rate; the times are those given to write().
        stream.codec_context.time_base = self._time_base
        stream.time_base = self._time_base
        self._stream = stream
        return self

    def write(self, rgb: np.ndarray, time_s: float) -> None:
        """Append a frame, uint8 (height, width, 3), shown from `time_s` on; times must increase."""
        if any(self._pad):
            rgb = np.pad(rgb, ((0, self._pad[0]), (0, self._pad[1]), (0, 0)), mode="edge")
        picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24")
        pts = round(Fraction(time_s).limit_denominator(10**9) / self._time_base)
        if self._last_pts is not None and pts <= self._last_pts:
            raise ValueError(
                f"frame time {time_s} s does not come after the one before it in units of {self._time_base} s"
            )
        picture.pts, picture.time_base, self._last_pts = pts, self._time_base, pts
        for packet in self._stream.encode(picture):
            self._container.mux(packet)

    def __exit__(self, *exception: Any) -> None:
        """Finish the file, or remove it when the block raised."""
        try:
            if exception[0] is None:
                for packet in self._stream.encode():
                    self._container.mux(packet)
        finally:
            self._container.close()
            self._file.__exit__(*exception)
