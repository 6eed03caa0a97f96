"""Where networks look on everybody's face: maps laid onto the template, their mean over people, its share in each region.

Axes: p = point of the mesh, h, w = rows and columns, f = frame.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import polars as pl
from numpy.typing import NDArray

from affectflow.eda.clips import Pictures
from affectflow.face.extract_codes import primary_pieces
from affectflow.face.template import N_POINTS
from affectflow.face.template_picture import REGIONS, SIZE_PX, region_masks, template_points

Array = NDArray[np.float64]


@dataclass(frozen=True)
class MeanMap:
    """What the maps of all people have in common.

    Attributes
    ----------
    map
        (SIZE_PX, SIZE_PX): share of the mass in each pixel of the template's picture; sums to 1, NaN without any mass.
    regions
        recording_id, subject_id, n_pictures, region, share of the mass (null without any) and of the area, 0..1.
    """

    map: Array
    regions: pl.DataFrame


def mean_eda_map(maps: Iterable[tuple[str, str, Array, int]]) -> MeanMap:
    """Average what `recording_map` returns: over a person's recordings, then over people, each with the same weight.

    Parameters
    ----------
    maps
        recording_id, subject_id, summed map on the template, pictures in it; any order.
    """
    masks, rows = region_masks(), []
    shares: dict[str, list[Array]] = {}
    for recording, person, total, n in sorted(maps, key=lambda m: m[:2]):
        mass = total.sum()
        share = total / mass if mass > 0 else np.full_like(total, np.nan)
        if mass > 0:
            shares.setdefault(person, []).append(share)
        for region, mask in zip(REGIONS, masks, strict=True):
            own = float(share[mask].sum()) if mass > 0 else None
            rows.append((recording, person, n, region, own, float(mask.mean())))
    of_people = [np.mean(own, axis=0) for own in shares.values()]
    empty = np.full((SIZE_PX, SIZE_PX), np.nan)
    return MeanMap(
        np.mean(of_people, axis=0) if of_people else empty,
        pl.DataFrame(
            rows,
            schema={
                "recording_id": pl.String, "subject_id": pl.String, "n_pictures": pl.Int64, "region": pl.String,
                "share": pl.Float64, "area_share": pl.Float64,
            },
            orient="row",
        ),
    )  # fmt: skip


def recording_map(file: Pictures, faces: Iterable[pl.DataFrame]) -> tuple[Array, int]:
    """Return the sum of a recording's maps, each laid onto the template, and how many pictures they are of.

    A picture's own points of the face say how it is laid (the affine map of
    least squares from all 468 to the template's): heads at any place, size and
    angle fall onto one another, and a turned one about.

    Parameters
    ----------
    file
        Of explain_eda.
    faces
        `schema.FACES` in pieces, in order of frame.

    Returns
    -------
    (SIZE_PX, SIZE_PX) float64, and the number.
    """
    frame_t, square_t3 = file["frame_id"], file["square_px"]
    size = file.shape("maps")[1]
    # Two samples may share a frame.
    wanted: dict[int, list[int]] = {}
    for t in np.flatnonzero(file["explained"]):
        wanted.setdefault(int(frame_t[t]), []).append(int(t))
    total, n, onto = np.zeros((SIZE_PX, SIZE_PX)), 0, template_points()
    for frame, points_p2 in _points(faces, set(wanted)):
        for t in wanted[frame]:
            x, y, side = square_t3[t].astype(np.float64)
            in_crop = (points_p2 - (x - side / 2, y - side / 2)) * (size / side)
            matrix = laid_on(in_crop, onto)
            total += cv2.warpAffine(file.rows("maps", t, t + 1)[0], matrix, (SIZE_PX, SIZE_PX)).astype(
                np.float64
            )
            n += 1
    return total, n


def laid_on(points_p2: Array, onto_p2: Array) -> Array:
    """Return the affine map (2, 3) of least squares from points to others, in OpenCV's coordinates (centres of pixels)."""
    here = np.column_stack([points_p2 - 0.5, np.ones(len(points_p2))])
    return np.linalg.lstsq(here, onto_p2 - 0.5, rcond=None)[0].T


def _points(faces: Iterable[pl.DataFrame], wanted: set[int]) -> Iterator[tuple[int, Array]]:
    """The primary face's points, (468, 2), of the frames that are wanted."""
    for piece in primary_pieces(faces):
        own = piece.filter(pl.col("frame_id").is_in(list(wanted)) & pl.col("valid"))
        points = own["landmarks_px"].to_numpy() if own.height else np.empty((0, 0))
        for frame, row in zip(own["frame_id"].to_list(), points, strict=True):
            yield frame, np.asarray(row, np.float64).reshape(-1, 3)[:N_POINTS, :2]
