"""What the page is told: once, what there is to draw; then of every frame, what was seen."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from affectflow.face.anatomy import BROW_RING, EYE_RING, FACE_OVAL, MOUTH_RING, mirrored
from affectflow.face.expressions.mapping import NEUTRAL
from affectflow.face.template import facemesh_template
from affectflow.face.units.geometric import UNITS_MEASURED
from affectflow.live.stream import LiveFrame

# What each unit does, in words of everyday.
UNIT_WORDS = {
    1: "inner brows up",
    2: "outer brows up",
    4: "brows together",
    5: "eyes wide",
    6: "cheeks up",
    7: "lids tight",
    9: "nose wrinkled",
    10: "upper lip up",
    12: "smile",
    14: "dimples",
    15: "corners down",
    17: "chin up",
    20: "lips stretched",
    23: "lips thin",
    25: "lips apart",
    26: "jaw down",
}
# Right, top, left and bottom of the circle of valence and arousal, in the words of `viz.circumplex`.
CIRCLE = ("pleased", "aroused", "displeased", "sleepy")
# How many expressions are named beside the first.
PLACES = 3
# Parts of a pixel in which landmarks are sent.
POINT_PARTS = 4


def facts() -> dict[str, Any]:
    """Return what does not change while the page is open: the mesh's lines, the units and their names."""
    mesh = facemesh_template()
    sides = np.sort(
        np.concatenate([mesh.triangles[:, [0, 1]], mesh.triangles[:, [1, 2]], mesh.triangles[:, [2, 0]]])
    )
    rings = [FACE_OVAL, EYE_RING, mirrored(EYE_RING), BROW_RING, mirrored(BROW_RING), MOUTH_RING]
    return {
        "edges": np.unique(sides, axis=0).ravel().tolist(),
        "rings": [list(ring) for ring in rings],
        "units": [{"name": f"AU{unit}", "words": UNIT_WORDS[unit]} for unit in UNITS_MEASURED],
        "circle": CIRCLE,
        "parts": POINT_PARTS,
    }


def frame_message(seen: LiveFrame) -> dict[str, Any]:
    """Return what was seen in one frame, as JSON.

    Keys
    ----
    n, time_s, size
        Number, time, and width and height of the picture.
    points
        x0, y0, x1, … of the 478 landmarks in 1 / `POINT_PARTS` pixels; None without a face.
    units
        0..1 in the order of `facts`; None where a unit cannot be seen.
    eyes_closed, perclos, blinks_per_min
        None where they are not known.
    label, top
        Expression, and names with scores of those that show most.
    valence, arousal, source
        Source is "network" where a fresh reading of it is there, else "expressions".
    """
    height, width = seen.picture.rgb.shape[:2]
    units, shown = seen.units, seen.expressions
    message: dict[str, Any] = {
        "n": seen.picture.frame_id,
        "time_s": seen.picture.time_s,
        "size": [width, height],
        "points": None,
        "units": [_number(units.units.get(unit, math.nan)) for unit in UNITS_MEASURED],
        "eyes_closed": units.eyes_closed,
        "perclos": units.perclos,
        "blinks_per_min": units.blinks_per_min,
        "label": None,
        "top": [],
        **_affect(seen),
    }
    if seen.landmarks_px is not None:
        message["points"] = np.rint(seen.landmarks_px[:, :2] * POINT_PARTS).astype(int).ravel().tolist()
    if shown is not None:
        message["label"] = word(shown.label)
        ranked = sorted(shown.scores.items(), key=lambda item: -item[1])[:PLACES]
        message["top"] = [[word(name), round(score, 3)] for name, score in ranked]
    return message


def word(name: str) -> str:
    """Return the name of an expression as people read it."""
    return "neutral" if name == NEUTRAL.name else name.replace("_", " ")


def _affect(seen: LiveFrame) -> dict[str, Any]:
    if seen.affect is not None and seen.affect.valence is not None:
        return {
            "valence": _number(seen.affect.valence),
            "arousal": _number(seen.affect.arousal),
            "source": "network",
        }
    if seen.landmarks_px is None or seen.expressions is None:
        return {"valence": None, "arousal": None, "source": "expressions"}
    return {
        "valence": _number(seen.expressions.rough_valence),
        "arousal": _number(seen.expressions.rough_arousal),
        "source": "expressions",
    }


def _number(value: float | None) -> float | None:
    return round(value, 3) if value is not None and math.isfinite(value) else None
