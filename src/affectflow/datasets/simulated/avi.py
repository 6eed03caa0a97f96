"""Videos of simulated data sets whose real ones are AVI files."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from affectflow.io.files import whole_file


def write_avi(
    path: str | Path, pictures: Iterable[np.ndarray], time_s: np.ndarray, *, rate: int, comment: str
) -> None:
    """Write a Motion-JPEG AVI whose frames have times of their own: gaps are empty chunks, as cameras leave them.

    Parameters
    ----------
    path
        Any ending; written whole or not at all, the same bytes for the same pictures.
    pictures
        uint8 RGB, (height, width, 3), sides even.
    time_s
        When each is shown, seconds: multiples of 1 / rate.
    rate
        Ticks per second of the file.
    comment
        Goes into the file's comment.
    """
    # bitexact: no name of the encoder, so that the same pictures give the same bytes.
    options = {"fflags": "+bitexact"}
    with (
        whole_file(path) as temporary,
        av.open(f"file:{temporary}", "w", format="avi", options=options) as container,
    ):
        container.metadata["comment"] = comment
        stream = container.add_stream("mjpeg", rate=rate, options={"qmin": "2", "qmax": "3"})
        stream.pix_fmt = "yuvj420p"
        stream.codec_context.flags |= av.codec.context.Flags.bitexact
        stream.codec_context.thread_count = 1
        stream.time_base = stream.codec_context.time_base = Fraction(1, rate)
        for i, (picture, time) in enumerate(zip(pictures, time_s, strict=True)):
            if i == 0:
                stream.height, stream.width = picture.shape[:2]
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = round(time * rate), Fraction(1, rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
