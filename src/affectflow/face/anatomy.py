"""Where things are among the 468 points: MediaPipe indices of lids, brows, lips, and views of other layouts.

One side is written down where a feature is paired: the subject's right (left in
the picture); `mirrored` gives the other.
"""

from __future__ import annotations

from collections.abc import Sequence

from affectflow.face.template import facemesh_template

EYE_OUTER, EYE_INNER = 33, 133
# Inner edges of the lids without the corners, from the outer to the inner corner.
UPPER_LID = (246, 161, 160, 159, 158, 157, 173)
LOWER_LID = (7, 163, 144, 145, 153, 154, 155)
BROW = (46, 52, 53, 55, 63, 65, 66, 70, 105, 107)
# Right half with the midline, outer then inner edge, without the corners.
UPPER_LIP = (0, 37, 39, 40, 185, 13, 82, 81, 80, 191)
LOWER_LIP = (17, 84, 181, 91, 146, 14, 87, 178, 88, 95)
MOUTH_CORNER, INNER_MOUTH_CORNER = 61, 78

# Outline of the face, from the middle of the hairline over the subject's left side, down and back up.
FACE_OVAL = (
    *(10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377),
    *(152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109),
)
# Closed lines around what moves: one eye with its lids, one brow, the lips with their rim.
EYE_RING = (130, 25, 110, 24, 23, 22, 26, 112, 243, 190, 56, 28, 27, 29, 30, 247)
BROW_RING = (70, 63, 105, 66, 107, 55, 65, 52, 53, 46)
MOUTH_RING = (
    *(57, 43, 106, 182, 83, 18, 313, 406, 335, 273, 287),
    *(410, 322, 391, 393, 164, 167, 165, 92, 186),
)

# iBUG 68 points. Jaw line 0-16 (points of the face's outline; the originals have no exact partner),
# brows 17-26, nose 27-35, eyes 36-47, outer lip 48-59, inner lip 60-67. A mapping in wide public
# use; the contour and the brows' outer ends (70, 300) chosen as the nearest points by the
# correspondence of the ICT face model (MIT) with its own 68 points.
IBUG68 = (
    *(127, 234, 93, 132, 172, 136, 149, 148, 152, 377, 378, 365, 397, 361, 323, 454, 356),
    *(70, 63, 105, 66, 107, 336, 296, 334, 293, 300),
    *(168, 197, 5, 4, 75, 97, 2, 326, 305),
    *(33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380),
    *(61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181),
    *(78, 82, 13, 312, 308, 317, 14, 87),
)

# The 105 points of EMOCA's MediaPipe embedding, in its order: left brow, right brow, left eye,
# right eye, nose bridge, nose base, lips.
EMOCA105 = (
    *(276, 282, 283, 285, 293, 295, 296, 300, 334, 336),
    *(46, 52, 53, 55, 63, 65, 66, 70, 105, 107),
    *(249, 263, 362, 373, 374, 380, 381, 382, 384, 385, 386, 387, 388, 390, 398, 466),
    *(7, 33, 133, 144, 145, 153, 154, 155, 157, 158, 159, 160, 161, 163, 173, 246),
    *(168, 6, 197, 195, 5, 4),
    *(129, 98, 97, 2, 326, 327, 358),
    *(0, 13, 14, 17, 37, 39, 40, 61, 78, 80, 81, 82, 84, 87, 88, 91, 95, 146, 178, 181, 185, 191),
    *(267, 269, 270, 291, 308, 310, 311, 312, 314, 317, 318, 321, 324, 375, 402, 405, 409, 415),
)


def mirrored(points: Sequence[int]) -> list[int]:
    """Return the partners of points on the other side of the face, in order."""
    return facemesh_template().mirror[list(points)].tolist()


def both_sides(points: Sequence[int]) -> list[int]:
    """Return points and their partners, sorted, each once."""
    return sorted({*points, *mirrored(points)})
