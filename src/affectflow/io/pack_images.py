"""A folder of pictures → a video that holds the same pixels, for data sets that keep clips as pictures."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import av

from affectflow.errors import InputError
from affectflow.io.files import whole_file
from affectflow.io.pictures import read_picture

SUFFIXES = (".jpg", ".jpeg", ".png")
# Matroska keeps times in these units, whatever the frame rate.
TICKS_PER_S = 1000


def pack_images(folder: str | Path, target: str | Path, *, fps: float) -> int:
    """Write the pictures of a folder as a lossless video (FFV1 in Matroska), whole or not at all.

    Parameters
    ----------
    folder
        Pictures (JPEG or PNG) of one size, in the order of the numbers in their names.
    target
        The .mkv to write; the same pictures give the same bytes.
    fps
        Pictures per second. A folder does not say: times, and all that is counted in seconds, are as true as this.

    Returns
    -------
    How many pictures.

    Raises
    ------
    InputError
        If there is no picture, one cannot be read, or sizes differ.
    """
    paths = pictures_of(folder)
    options = {"fflags": "+bitexact"}
    with (
        whole_file(target) as temporary,
        av.open(f"file:{temporary}", "w", format="matroska", options=options) as container,
    ):
        stream = container.add_stream("ffv1", rate=Fraction(fps).limit_denominator(100_000))
        stream.pix_fmt = "bgr0"
        stream.codec_context.flags |= av.codec.context.Flags.bitexact
        stream.codec_context.thread_count = 1
        stream.time_base = stream.codec_context.time_base = Fraction(1, TICKS_PER_S)
        size: tuple[int, ...] | None = None
        for i, path in enumerate(paths):
            rgb = read_picture(path)
            if size is None:
                size = rgb.shape[:2]
                stream.height, stream.width = size
            if rgb.shape[:2] != size:
                raise InputError(
                    f"{path}: has {rgb.shape[1]} x {rgb.shape[0]} pixels, the first picture {size[1]} x {size[0]}. "
                    "Scale them to one size."
                )
            frame = av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(format="bgr0")
            frame.pts, frame.time_base = round(i * TICKS_PER_S / fps), Fraction(1, TICKS_PER_S)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return len(paths)


def pictures_of(folder: str | Path) -> list[Path]:
    """Return the pictures (JPEG, PNG) of a folder in the order of the numbers in their names: the video's frames.

    Raises
    ------
    InputError
        If there is none.
    """
    paths = [p for p in Path(folder).glob("*") if p.suffix.lower() in SUFFIXES and p.is_file()]
    if not paths:
        raise InputError(f"{folder}: holds no picture ({', '.join(SUFFIXES)}). Mend the path in the sheet.")
    return sorted(paths, key=_by_number)


def _by_number(path: Path) -> tuple[list[tuple[int, int, str]], str]:
    """2.jpg before 10.jpg."""
    parts = re.split(r"([0-9]+)", path.stem)
    return [(1, int(p), "") if p.isdecimal() else (0, 0, p) for p in parts], path.name
