"""The record that facial_features_3d writes for a clip, as other programs read it.

``{video_path, label, traj: [[{image_path, face_exp_feats, frame_ind}]]}``, a
list for each trajectory; ``face_exp_feats`` is float32, jaw (3), expression
(50) and, where the backend has it, detail (128). Its later version counts
frames from 1 and names a picture ``<video>_frame_<number>.jpg`` that nobody
ever wrote; so does this. One key more, ``feature_names``, says what the
numbers are.

A clip that is a folder of pictures goes by that folder there: ``image_path`` is
the picture itself, and ``frame_ind`` counts from 0.
"""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from affectflow.errors import InputError
from affectflow.schema import DETAIL, EXP, JAW
from affectflow.weights.arrays import NUMPY_NAMES, to_array
from affectflow.weights.unpickle import Made, pickled_document

Record = dict[str, Any]
FIRST_FRAME, FIRST_PICTURE = 1, 0
KEYS = ("video_path", "label", "traj")
FRAME_KEYS = ("image_path", "face_exp_feats", "frame_ind")


def clip_record(
    codes: pl.DataFrame, *, video_path: str, label: str, pictures: Sequence[str] | None = None
) -> Record:
    """Return the record of a clip.

    Parameters
    ----------
    codes
        `schema.TRAJECTORY_CODES` of one recording. A frame without codes has no entry, a trajectory without any
        no list.
    video_path, label
        As the list of clips has them; the label stays text.
    pictures
        Paths of a clip that is a folder of pictures, one per frame; None = a video.

    Raises
    ------
    InputError
        If there are fewer pictures than frames.
    """
    names = feature_names(codes)
    n_frames = int(codes["frame_id"].max()) + 1 if codes.height else 0  # type: ignore[arg-type]
    if pictures is not None and n_frames > len(pictures):
        raise InputError(
            f"{video_path}: holds {len(pictures)} pictures, its video at least {n_frames} frames: the folder has changed since. "
            "Re-run: snakemake -R pack_images"
        )
    first = FIRST_FRAME if pictures is None else FIRST_PICTURE
    traj = [
        [
            {
                "image_path": image_path(video_path, frame_id) if pictures is None else pictures[frame_id],
                "face_exp_feats": values,
                "frame_ind": frame_id + first,
            }
            for frame_id, values in zip(
                own["frame_id"].to_list(), own.select(names).to_numpy().astype(np.float32), strict=True
            )
        ]
        for _, own in codes.filter("valid").group_by("track_id", maintain_order=True)
    ]
    return {"video_path": video_path, "label": label, "traj": traj, "feature_names": names}


def feature_names(codes: pl.DataFrame) -> list[str]:
    """Return the columns that make `face_exp_feats`: 181, or 53 without detail."""
    return [*JAW, *EXP, *(DETAIL if set(DETAIL) <= set(codes.columns) else ())]


def image_path(video_path: str, frame_id: int) -> str:
    """Return the name that the original gives to a frame of a video."""
    return f"{video_path}_frame_{frame_id + FIRST_FRAME}.jpg"


def as_npy(record: Record) -> bytes:
    """Return the record as the original's file: NumPy's form of a Python object, which others have to unpickle."""
    # Copies of their own: rows of one array would drag all of it along.
    frames = [[{**f, "face_exp_feats": f["face_exp_feats"].copy()} for f in own] for own in record["traj"]]
    holder = np.empty((), object)
    holder[()] = {**record, "traj": frames}
    file = io.BytesIO()
    np.save(file, holder)
    return file.getvalue()


def as_json(record: Record) -> str:
    """Return the record as JSON; numbers have all digits of their float32 value."""
    return json.dumps(record, default=lambda values: values.tolist(), ensure_ascii=False) + "\n"


def as_table(record: Record) -> pl.DataFrame:
    """Return the record as a table: a row per frame, ``face_exp_feats`` a list of float32."""
    rows = [
        {"video_path": record["video_path"], "label": record["label"], "track_id": track_id, **frame}
        for track_id, own in enumerate(record["traj"])
        for frame in own
    ]
    kinds: dict[str, Any] = {
        "video_path": pl.String,
        "label": pl.String,
        "track_id": pl.Int32,
        "image_path": pl.String,
        "face_exp_feats": pl.List(pl.Float32),
        "frame_ind": pl.Int32,
    }
    return pl.DataFrame(
        [{**row, "face_exp_feats": row["face_exp_feats"].tolist()} for row in rows], schema=kinds
    )


def from_npy(content: bytes, *, where: str) -> Record:
    """Read the original's file without running anything that stands in it.

    Parameters
    ----------
    content
        The bytes of the .npy file.
    where
        The file, for messages.

    Raises
    ------
    InputError
        If it is no such file, is damaged, or names anything but NumPy's arrays.
    """
    file = io.BytesIO(content)
    try:
        version = np.lib.format.read_magic(file)
        read_header = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }[version]
        shape, _, dtype = read_header(file)
    except (ValueError, KeyError, EOFError, SyntaxError) as error:
        raise InputError(f"{where}: is no .npy file ({str(error)[:80]}). Get it again.") from None
    if shape != () or not dtype.hasobject:
        raise InputError(f"{where}: holds {dtype} of shape {shape}, not the record of a clip.")
    document = pickled_document(file, admit=NUMPY_NAMES.__contains__, where=where)
    state = document.state if isinstance(document, Made) else None
    held = state[4] if isinstance(state, tuple) and len(state) == 5 else None
    record = held[0] if isinstance(held, list) and len(held) == 1 else None
    if not isinstance(record, dict) or any(key not in record for key in KEYS):
        raise InputError(f"{where}: is not the record of a clip: it has no {', '.join(KEYS)}.")
    return {
        **record,
        "traj": [[_frame(f, where) for f in _list(own, where)] for own in _list(record["traj"], where)],
    }


def _list(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise InputError(f"{where}: traj is not a list of lists of frames.")
    return value


def _frame(frame: Any, where: str) -> Record:
    if not isinstance(frame, dict) or any(key not in frame for key in FRAME_KEYS):
        raise InputError(f"{where}: a frame has not {', '.join(FRAME_KEYS)}.")
    features = to_array(frame["face_exp_feats"], f"{where}: face_exp_feats")
    return {**frame, "face_exp_feats": features.astype(np.float32)}
