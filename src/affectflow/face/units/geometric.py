"""Action units from the landmarks alone: distances relative to the person's own face at rest.

Nothing to download, nothing learnt. The rules are those of a coder's manual put
into distances (Ekman and Friesen 1978); they have not been validated against
human coders, which the column `method` says in every row. 6, 10, 14, 17 and 23
move little in the landmarks and are weak.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from affectflow.config.features import Blink
from affectflow.config.units import Units
from affectflow.face.aligned import align_faces, usable_faces
from affectflow.face.units.base import UnitBackend
from affectflow.face.units.distances import unit_distances
from affectflow.face.units.eyes import ear_sum, watch_eyes
from affectflow.face.units.rest import from_rest, rows_at_rest, spread_at_rest
from affectflow.schema import N_LANDMARKS

# Frames worked on at once: keeps every intermediate array below 10 MiB.
CHUNK_FRAMES = 1024
UNITS_MEASURED = (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 25, 26)
# Corners that go out and up alike, as in a smile, raise the mouth's width by 4/3 of what they raise `smile`.
WIDTH_OF_SMILE = 4 / 3
# Cheeks are pushed up by the corners without the muscle around the eye: by this share of `smile`. A guess, on the
# high side: skin as smooth as `face.modes` takes it would hardly follow at all.
CHEEK_OF_SMILE = 0.1
# A dropped jaw moves the chin more than the muscle of the chin does.
JAW_HIDES_CHIN = 0.3
# What faces lower more than they raise it: its resting value is sought above the middle, that of all others below.
LOWERED = frozenset({"brow_gap", "nose_side", "lips", "lower_lip"})
NO_DISTANCES = frozenset({"time_s", "ear_sum", "yaw_rad"})
# On both sides of a closure the lids are on their way.
LIDS_MOVE_S = 0.1
# However much a face moves at rest, so much of the range is left above the gate.
GATE_AT_MOST = 0.5


class GeometricUnits(UnitBackend):
    """Action units from distances between landmarks."""

    name = "geometric"
    columns = tuple(f"au_{unit:02d}" for unit in UNITS_MEASURED)

    def __init__(self, settings: Units, blink: Blink) -> None:
        self._settings, self._blink = settings, blink

    @classmethod
    def load(
        cls,
        weights: Mapping[str, NDArray[Any]] | None = None,
        *,
        device: str = "cpu",
        options: Mapping[str, Any] | None = None,
    ) -> GeometricUnits:
        """Make the backend ready; it has no weights and runs on the CPU whatever the device.

        `options` may hold keys of `face.units`, and `blink` (keys of `features.blink`).
        """
        given = dict(options or {})
        settings = {name: given[name] for name in Units.model_fields if name in given}
        return cls(Units(**settings), Blink(**given.get("blink", {})))

    def extract(
        self,
        faces: Iterable[pl.DataFrame],
        frames: Iterable[Any] | None = None,
        *,
        rest_s: NDArray[np.float64] | None = None,
    ) -> Iterator[pl.DataFrame]:
        """Estimate the units of a recording; see `UnitBackend.extract`. Yields one piece."""
        pieces = [landmark_distances(part) for piece in faces for part in piece.iter_slices(CHUNK_FRAMES)]
        if not pieces:
            return
        measured = pl.concat(pieces)
        time = measured["time_s"].to_numpy()
        eyes = watch_eyes(measured["ear_sum"].to_numpy(), time, blink=self._blink)
        frontal = np.abs(measured["yaw_rad"].to_numpy()) <= np.deg2rad(self._settings.yaw_max_deg)
        seen = {name: frontal for name in measured.columns if name not in NO_DISTANCES}
        # Lids on their way say nothing of how wide the eyes are held.
        seen["aperture"] = frontal & ~_near(eyes.closed, time)
        distances = {name: np.where(rows, measured[name].to_numpy(), np.nan) for name, rows in seen.items()}
        at_rest = rows_at_rest(time, frontal, rest_s)
        moved = unit_movements(distances, at_rest)
        units = {
            unit: unit_intensity(unit, moved[unit], at_rest, settings=self._settings)
            for unit in UNITS_MEASURED
        }
        units = untangled(units)
        yield pl.DataFrame(
            [
                pl.Series(name, units[unit].astype(np.float32), nan_to_null=True)
                for name, unit in zip(self.columns, UNITS_MEASURED, strict=True)
            ]
        )


def unit_movements(
    distances: Mapping[str, NDArray[np.float64]], at_rest: NDArray[np.bool_] | None
) -> dict[int, NDArray[np.float64]]:
    """Return by how much each unit's feature has moved from rest in the unit's direction.

    Parameters
    ----------
    distances
        As `distances.unit_distances` returns them; NaN = not measurable.
    at_rest
        See `rest.from_rest`.

    Returns
    -------
    Unit → (n,), in distances of the outer eye corners.
    """
    moved = {
        name: -from_rest(-values, at_rest) if name in LOWERED else from_rest(values, at_rest)
        for name, values in distances.items()
    }
    smiling = np.maximum(moved["smile"], 0.0)
    return {
        1: moved["inner_brow"],
        2: moved["outer_brow"],
        4: -(moved["inner_brow"] + moved["brow_gap"]),
        5: moved["aperture"],
        6: moved["cheek"] - CHEEK_OF_SMILE * smiling,
        7: -moved["aperture"],
        # A smile draws the wings up too, but leaves the skin beside the bridge as long as it is.
        9: np.minimum(moved["nose_wings"], -moved["nose_side"]),
        # A smile raises the lip too, with the corners.
        10: moved["upper_lip"] - np.maximum(moved["corner_to_nose"], 0.0),
        12: moved["smile"],
        # Corners that sink in without going up or down.
        14: moved["corner_depth"] - np.abs(moved["corner_height"]),
        15: -moved["corner_height"],
        # A lip that comes down to the chin is none of the chin's doing.
        17: moved["chin_to_lip"] - np.maximum(-moved["lower_lip"], 0.0),
        20: moved["mouth_width"] - WIDTH_OF_SMILE * smiling,
        23: -moved["lips"],
        25: moved["lip_gap"],
        # Lips can part over a still jaw, and a chin can be pushed down under closed lips.
        26: np.minimum(moved["lip_gap"], moved["chin_drop"]),
    }


def unit_intensity(
    unit: int, moved: NDArray[np.float64], at_rest: NDArray[np.bool_] | None, *, settings: Units
) -> NDArray[np.float64]:
    """Return a unit's intensity (n,), 0..1: from the gate, or the noise at rest where that is more, to full scale.

    Parameters
    ----------
    unit
        Its number in FACS.
    moved
        (n,) of this unit, from `unit_movements`.
    at_rest
        See `rest.from_rest`.
    settings
        Gates, and how much noise counts.
    """
    gate, full = settings.gates[f"au_{unit:02d}"]
    noise = settings.noise_mads * spread_at_rest(moved, at_rest)
    gate = max(gate, min(noise, GATE_AT_MOST * full))
    return np.clip((moved - gate) / (full - gate), 0.0, 1.0)


def untangled(units: Mapping[int, NDArray[np.float64]]) -> dict[int, NDArray[np.float64]]:
    """Take back units that another one only looks like.

    Parameters
    ----------
    units
        Unit → (n,) intensity 0..1; NaN = not measurable.

    Returns
    -------
    The same, with 20 at 0 where 12 is stronger, 17 at 0 where 26 is above 0.3, and 23 NaN where the lips are apart.
    """
    out = dict(units)
    with np.errstate(invalid="ignore"):
        out[20] = np.where(units[12] > units[20], 0.0, units[20])
        out[17] = np.where(units[26] > JAW_HIDES_CHIN, 0.0, units[17])
        out[23] = np.where(units[25] > 0, np.nan, units[23])
    return out


def landmark_distances(faces: pl.DataFrame) -> pl.DataFrame:
    """Return what the units are made of, a row per face.

    Parameters
    ----------
    faces
        `schema.FACES`.

    Returns
    -------
    ``time_s``, ``ear_sum``, ``yaw_rad`` and the names of `distances.unit_distances`; NaN without a face.
    """
    present = (faces["valid"] & faces["landmarks_px"].is_not_null()).to_numpy().copy()
    landmarks = faces["landmarks_px"].filter(pl.Series(present)).to_numpy().reshape(-1, N_LANDMARKS, 3)
    usable = usable_faces(landmarks)
    present[present] = usable
    landmarks = landmarks[usable]
    alignment, aligned = align_faces(landmarks)
    # Where the face's own z axis points.
    yaw = np.arctan2(alignment.rotation[:, 0, 2], alignment.rotation[:, 2, 2])
    found = {"ear_sum": ear_sum(landmarks), "yaw_rad": yaw, **unit_distances(aligned)}
    columns = {name: np.full(faces.height, np.nan) for name in found}
    for name, values in found.items():
        columns[name][present] = values
    return pl.DataFrame({"time_s": faces["time_s"], **columns})


def _near(closed: NDArray[np.bool_], time_s: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which rows are closed or lie within `LIDS_MOVE_S` of a closed one, (n,)."""
    moments = time_s[closed]
    if not moments.size:
        return closed.copy()
    after = np.searchsorted(moments, time_s)
    to_next = np.abs(moments[np.minimum(after, len(moments) - 1)] - time_s)
    to_last = np.abs(moments[np.maximum(after - 1, 0)] - time_s)
    return np.minimum(to_next, to_last) <= LIDS_MOVE_S
