"""Run the script extract_codes with the emoca backend and networks of no size: a job that a test can kill.

    python -m tests.support.tiny_extract FOLDER RECORDING_ID [FRAMES_PER_SECOND]

It prints its peak resident memory in KiB. The folder holds what `tiny_emoca.write_recording` writes; the table goes beside it.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

import affectflow.weights.open_model
from affectflow.face import extract_codes
from affectflow.face.backends import emoca
from tests.support.scripts import run_script
from tests.support.synth_flame import synth_flame
from tests.support.tiny_emoca import TinyEncoders

PIECE_ROWS = 40


def run(folder: Path, recording_id: str, *, rate_hz: float | None = None) -> Path:
    """Extract one recording's codes, no faster than so many frames per second; return the table's path."""

    class SlowEncoders(TinyEncoders):
        def encode(self, crops_nhwc: np.ndarray) -> dict[str, np.ndarray]:
            if rate_hz:
                time.sleep(len(crops_nhwc) / rate_hz)
            return super().encode(crops_nhwc)

    emoca.Encoders = SlowEncoders
    extract_codes.PIECE_ROWS = PIECE_ROWS
    affectflow.weights.open_model.open_model = lambda *_: synth_flame()
    codes = folder / f"{recording_id}.parquet"
    run_script(
        "extract_codes",
        folder,
        inputs={
            "faces": folder / f"{recording_id}.faces.parquet",
            "video": folder / f"{recording_id}.mp4",
            "weights": [],
            "batch": [],
        },
        outputs={"codes": codes},
        params={"weights": "", "device": "cpu", "options": {"batch_size": 8}},
        wildcards={"recording_id": recording_id, "backend": "emoca"},
        threads=2,
    )
    return codes


if __name__ == "__main__":
    import resource

    run(Path(sys.argv[1]), sys.argv[2], rate_hz=float(sys.argv[3]) if len(sys.argv) > 3 else None)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
