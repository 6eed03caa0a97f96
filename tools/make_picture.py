"""Write one frame of a rendered video as a small PNG, for the README (called by `make picture`)."""

from __future__ import annotations

import sys
from itertools import islice

from PIL import Image

from affectflow.io.video import read_frames


def main(video: str, frame_id: str, picture: str) -> None:
    """Save one frame."""
    frame = next(islice(read_frames(video), int(frame_id), None))
    if frame is None:
        sys.exit(f"{video}: has no frame {frame_id}.")
    Image.fromarray(frame.rgb).save(picture, optimize=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
