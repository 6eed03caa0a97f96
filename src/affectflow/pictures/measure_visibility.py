"""How much of a face can be seen in a picture: the share of the face mesh's points that lie inside."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

import numpy as np
import polars as pl
from numpy.typing import NDArray

from affectflow.errors import InputError
from affectflow.face.networks import FaceDetector, MeshNetwork
from affectflow.face.track_faces import FIRST_LOOK_SCORE_MIN
from affectflow.face.tracker import Face, FaceTracker
from affectflow.schema import FACE_VISIBILITY

logger = logging.getLogger("affectflow")
# Of a table: has_face, visible_percent, score.
Row = tuple[bool | None, float | None, float | None]
# Pictures that cannot be read are named in the log up to this many; the table has them all.
NAMED = 20


def measure_visibility(
    pictures: pl.DataFrame,
    read: Callable[[str], NDArray[np.uint8]],
    *,
    detection_score_min: float = 0.6,
    presence_score_min: float = 0.5,
    told: Callable[[Iterable], Iterable] = iter,
) -> pl.DataFrame:
    """Look for the largest face of every picture, each for itself, and count the points of it that are inside.

    A face is found and measured as in the first frame of a video. One of which
    less than half lies in the picture is not found, so that values between 0
    and about 50 do not occur.

    Parameters
    ----------
    pictures
        `schema.PICTURES`; of it `picture_id` and `path`.
    read
        Path → picture (h, w, 3) uint8; raises InputError.
    detection_score_min, presence_score_min
        As of `face.track_faces`.
    told
        Wraps the loop to show how far it is.

    Returns
    -------
    `schema.FACE_VISIBILITY`, a row per picture in the same order.
    """
    detector = FaceDetector(score_min=min(FIRST_LOOK_SCORE_MIN, detection_score_min))
    mesh = MeshNetwork()
    scores = {"detection_score_min": detection_score_min, "presence_score_min": presence_score_min}
    rows: list[Row] = []
    unread: list[str] = []
    try:
        for path in told(pictures["path"]):
            try:
                rgb = np.ascontiguousarray(read(path))
            except InputError as error:
                unread.append(str(error))
                rows.append((None, None, None))
                continue
            # A tracker of its own for each picture: no face of the one before is looked for.
            found = FaceTracker(detector, mesh, max_faces=1, **scores).step(rgb, 0.0)
            rows.append(_row(found, rgb))
    finally:
        detector.close()
        mesh.close()
    _tell(rows, unread)
    facts = {c.name: c.dtype for c in FACE_VISIBILITY.columns if c.name != "picture_id"}
    return pl.concat(
        [pictures.select("picture_id"), pl.DataFrame(rows, schema=facts, orient="row")], how="horizontal"
    )


def percent_inside(points_px: NDArray[np.float32], *, width: int, height: int) -> float:
    """Return how many of the points lie in the picture, percent of all there are.

    Parameters
    ----------
    points_px
        (n, 2 or more): x, y; (0, 0) is the picture's corner, and its edges count as inside.
    width, height
        Of the picture, pixels.
    """
    x, y = points_px[:, 0], points_px[:, 1]
    return 100 * float(np.mean((x >= 0) & (x <= width) & (y >= 0) & (y <= height)))


def _row(found: list[Face], rgb: NDArray[np.uint8]) -> Row:
    if not found:
        return False, 0.0, None
    inside = percent_inside(found[0].landmarks_px, width=rgb.shape[1], height=rgb.shape[0])
    return True, inside, found[0].score


def _tell(rows: list[Row], unread: list[str]) -> None:
    for said in unread[:NAMED]:
        logger.warning("not looked at: %s", said)
    if len(unread) > NAMED:
        logger.warning("not looked at as well: %d more, null in the table", len(unread) - NAMED)
    n_found = sum(bool(row[0]) for row in rows)
    logger.info("a face in %d of %d pictures that could be read", n_found, len(rows) - len(unread))
