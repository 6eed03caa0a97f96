"""Animate a simulated person: lids, lips, brows, mouth corners and head rotation.

Two steps per frame. Lids and lips slide over what lies below them (a shutter:
skin is stretched to the moved edge, the eye and the teeth stay where they
are), drawn into small pieces of the texture. Then one smooth warp moves brows,
mouth corners and lips, and rotates the head by a depth model that follows the
portrait's Face Mesh points. The warp is made on a coarse grid and enlarged, so
that a frame costs a few milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from scipy.interpolate import RBFInterpolator

from affectflow.datasets.simulated.design import FaceCourse, generator
from affectflow.datasets.simulated.person import Person, bump, enlarge, head_weight

# Height of the view in portrait pixels, and its centre: head and shoulders.
VIEW_HEIGHT, VIEW_CENTRE = 222.0, np.array([224.0, 112.0])
_GRID_STEP = 2.0
_N_INVERSIONS = 8
# Face Mesh flattens: with its own depth, turns of the head are measured back (by Face Mesh) at 0.7 of
# their size, with this factor at 0.9 to 1.05.
RELIEF = 1.25
# The head turns about the top of the neck, inside the head; x, y down, z towards the camera.
PIVOT = np.array([224.0, 150.0, -65.0], np.float32)
# Travel of a full movement, portrait pixels. The outer eye corners are 61 px apart.
_BROW_TRAVEL, _CORNER_OUT, _CORNER_UP, _CHEEK_UP = 5.0, 2.6, 3.4, 1.3
_LIP_SQUEEZE = 0.65
# Share of red, green and blue in the pulse of skin colour, and its size (share of brightness per unit of
# blood volume). Two to three times that of life, so that it outlives the compression of the video.
_PULSE_RGB, _PULSE_SIZE = np.array([0.35, 1.0, 0.55]), 0.02
_NOISE_SD = 0.9

_EYES = (
    # (upper lid, lower lid), each from one corner to the other
    ((33, 246, 161, 160, 159, 158, 157, 173, 133), (33, 7, 163, 144, 145, 153, 154, 155, 133)),
    ((362, 398, 384, 385, 386, 387, 388, 466, 263), (362, 382, 381, 380, 374, 373, 390, 249, 263)),
)
_UPPER_LIP = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)
_LOWER_LIP = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308)
_BROWS = (
    (70, 63, 105, 66, 107, 46, 53, 52, 65, 55),
    (300, 293, 334, 296, 336, 276, 283, 282, 295, 285),
)


@dataclass(frozen=True)
class _Shutter:
    """An opening that two edges close over; positions are texture pixels of the piece it lies in."""

    rows: slice
    columns: slice
    top: np.ndarray
    upper: np.ndarray
    lower: np.ndarray
    bottom: np.ndarray


class FaceRenderer:
    """Draws the frames of one person.

    Parameters
    ----------
    person
        Whom to draw.
    width_px, height_px
        Size of the picture.
    """

    def __init__(self, person: Person, *, width_px: int, height_px: int) -> None:
        self._person = person
        self._size = (width_px, height_px)
        self._eyes = [_shutter(person, upper, lower, above=7.5, below=4.0) for upper, lower in _EYES]
        self._mouth = _shutter(person, _UPPER_LIP, _LOWER_LIP, above=8.0, below=16.0)
        self._grid = _view_grid(width_px, height_px)
        rows, columns = self._grid.shape[:2]
        self._step = ((columns - 1) / (width_px - 1), (rows - 1) / (height_px - 1))
        # From portrait positions to numbers of nodes.
        self._corner = self._grid[0, 0]
        self._to_node = np.array([columns - 1, rows - 1], np.float32) / (self._grid[-1, -1] - self._corner)
        self._fields = _expression_fields(self._grid, person.points)
        self._depth = _depth(self._grid, person.points)
        self._weight = head_weight(self._grid).astype(np.float32)[..., None]
        self._face = _face_piece(person)
        pulse = person.texture[self._face] * person.skin[self._face][..., None]
        self._pulse = (pulse * (_PULSE_RGB * _PULSE_SIZE)).astype(np.float32)
        self._texture = person.texture.copy()

    def draw(
        self,
        *,
        blink: float,
        brow: float,
        smile: float,
        lip_press: float,
        rotation: np.ndarray,
        pulse: float = 0.0,
    ) -> np.ndarray:
        """Draw one frame without sensor noise, float32 RGB (height, width, 3), 0..255.

        Parameters
        ----------
        blink, brow, smile, lip_press
            As in `FaceCourse`.
        rotation
            Head rotation vector, radians, (3,): x right, y up, z to the camera.
        pulse
            Blood volume in the skin, about -0.5..0.5; more blood absorbs more green.
        """
        # Only the face's piece of the texture changes from frame to frame.
        texture = self._texture
        texture[self._face] = cv2.scaleAdd(self._pulse, -float(pulse), self._person.texture[self._face])
        for eye in self._eyes:
            _close(texture, eye, from_above=0.95 * blink, from_below=0.1 * blink)
        shut = np.clip(max(1 - smile, lip_press), 0, 1)
        _close(texture, self._mouth, from_above=0.4 * shut, from_below=0.6 * shut)
        rotation = np.asarray(rotation, dtype=float)
        if self._person.mirrored:
            # In a mirror yaw and roll change sign; the picture is flipped below.
            rotation = rotation * [1.0, -1.0, -1.0]
        source = self._invert(brow=brow, smile=smile, lip_press=lip_press, rotation=rotation)
        if self._person.mirrored:
            source = source[:, ::-1]
        at_pixel = np.asarray((source - self._person.origin.astype(np.float32)) * self._person.scale)
        full = enlarge(at_pixel, self._size, step=self._step)
        return cv2.remap(
            texture, full[..., 0], full[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )

    def _invert(self, *, brow: float, smile: float, lip_press: float, rotation: np.ndarray) -> np.ndarray:
        """Return, for each node of the grid in the picture, the texture position seen there (portrait pixels)."""
        moved = (
            np.float32(brow) * self._fields["brow"]
            + np.float32(min(brow, 0.0)) * self._fields["frown"]
            + np.float32(smile - 1.0) * self._fields["smile"]
            + np.float32(lip_press) * self._fields["lip_press"]
        )
        x, y = np.moveaxis(self._grid + moved - PIVOT[:2], -1, 0)
        z = self._depth - PIVOT[2]
        # Rotations are given with y up, the picture has y down: turn about x and z changes sign.
        turn = cv2.Rodrigues(rotation * np.array([-1.0, 1.0, -1.0]))[0].astype(np.float32)
        # Written out: a matrix product may round differently with another number of threads.
        turned = np.stack([row[0] * x + row[1] * y + row[2] * z for row in turn[:2]], axis=-1)
        shift = moved + self._weight * (turned - np.stack([x, y], axis=-1))
        source = self._grid
        for _ in range(_N_INVERSIONS):
            node = (source - self._corner) * self._to_node
            source = self._grid - cv2.remap(
                shift, node[..., 0], node[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
            )
        return source


def draw_frames(
    person: Person,
    course: FaceCourse,
    pulse: np.ndarray,
    *,
    width_px: int,
    height_px: int,
    recording_id: str,
    seed: int,
) -> Iterator[np.ndarray]:
    """Yield the frames of a recording, uint8 RGB (height, width, 3), with camera noise.

    Parameters
    ----------
    person
        Whom to draw.
    course
        What the face does, n frames.
    pulse
        Blood volume per frame, about -0.5..0.5, shape (n,).
    width_px, height_px
        Size of the picture.
    recording_id, seed
        Where the noise comes from.
    """
    renderer = FaceRenderer(person, width_px=width_px, height_px=height_px)
    rng = generator(seed, "noise", recording_id)
    # Pieces of one large field cost far less than fresh noise, and no two frames share theirs.
    noise = rng.normal(0, _NOISE_SD, (2 * height_px, 2 * width_px, 3)).astype(np.float32)
    corners = rng.integers(0, [height_px, width_px], (len(course.time_s), 2))
    for i, (row, column) in enumerate(corners):
        picture = renderer.draw(
            blink=course.blink[i],
            brow=course.brow[i],
            smile=course.smile[i],
            lip_press=course.lip_press[i],
            rotation=np.array([course.pitch_rad[i], course.yaw_rad[i], course.roll_rad[i]]),
            pulse=pulse[i],
        )
        piece = noise[row : row + height_px, column : column + width_px]
        # Adds, rounds and limits to 0..255 in one pass.
        yield cv2.add(picture, piece, dtype=cv2.CV_8U)


def _face_piece(person: Person) -> tuple[slice, slice]:
    """Return rows and columns of the texture that hold the skin of the face, eyes and mouth."""
    rows, columns = (np.flatnonzero((person.skin > 1e-3).any(axis=axis)) for axis in (1, 0))
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def _view_grid(width_px: int, height_px: int) -> np.ndarray:
    """Return portrait positions of a coarse grid whose corners are the picture's corner pixels, (rows, columns, 2)."""
    extent = np.array([VIEW_HEIGHT * width_px / height_px, VIEW_HEIGHT])
    count = np.ceil(extent / _GRID_STEP).astype(int) + 1
    first, last = VIEW_CENTRE - extent / 2, VIEW_CENTRE + extent / 2
    x, y = np.meshgrid(np.linspace(first[0], last[0], count[0]), np.linspace(first[1], last[1], count[1]))
    return np.stack([x, y], axis=-1).astype(np.float32)


def _depth(grid: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Return depth towards the camera over the grid, portrait pixels: Face Mesh points and a round head of hair."""
    hair = np.array(
        [
            [226, 18, -38], [226, 45, 6], [190, 28, -45], [262, 28, -45], [163, 60, -52], [290, 60, -52],
            [150, 95, -56], [300, 95, -56], [160, 125, -56], [292, 125, -56], [195, 55, -8], [255, 55, -8],
            [226, 200, -45], [190, 195, -52], [258, 195, -52],
        ],
        dtype=float,
    )  # fmt: skip
    chosen = np.column_stack([points[:468:3, :2], -points[:468:3, 2]])
    known = np.concatenate([chosen, hair])
    surface = RBFInterpolator(known[:, :2], known[:, 2], smoothing=2.0, kernel="thin_plate_spline")
    coarse = grid[::3, ::3]
    values = surface(coarse.reshape(-1, 2)).reshape(coarse.shape[:2]).clip(-60, 30)
    rows, columns = (np.arange(n, dtype=np.float32) / 3 for n in grid.shape[:2])
    x, y = np.meshgrid(columns, rows)
    depth = cv2.remap(values.astype(np.float32), x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return RELIEF * cv2.GaussianBlur(depth, (0, 0), 1.0)


def _expression_fields(grid: np.ndarray, points: np.ndarray) -> dict[str, np.ndarray]:
    """Return how far each position moves for a full movement, portrait pixels, (rows, columns, 2) each."""
    zero = np.zeros(grid.shape[:2])
    brow, frown = zero, zero
    for side, brow_points in zip((-1, 1), _BROWS, strict=True):
        line = points[list(brow_points), :2]
        height = np.polynomial.Polynomial.fit(line[:, 0], line[:, 1], 2)
        middle, half = line[:, 0].mean(), np.ptp(line[:, 0]) / 2
        off = grid[..., 1] - height(np.clip(grid[..., 0], line[:, 0].min() - 4, line[:, 0].max() + 4))
        # Below the brow the movement fades before the lid; above it carries the forehead along.
        fade = np.exp(-0.5 * (off / np.where(off > 0, 5.0, 13.0)) ** 2)
        along = np.exp(-(((grid[..., 0] - middle) / (half + 5)) ** 4))
        brow = brow - _BROW_TRAVEL * fade * along
        inner = line[:, 0].max() if side < 0 else line[:, 0].min()
        frown = frown + 0.35 * side * _BROW_TRAVEL * fade * np.exp(-0.5 * ((grid[..., 0] - inner) / 7) ** 2)
    smile_x, smile_y = zero, zero
    for side, corner in zip((-1, 1), (61, 291), strict=True):
        at = points[corner, :2]
        near, cheek = bump(grid, at, (9, 8)), bump(grid, at + np.array([side * 9, -16]), (11, 9))
        smile_x = smile_x + side * _CORNER_OUT * near
        smile_y = smile_y - _CORNER_UP * near - _CHEEK_UP * cheek
    lip = points[[13, 14], :2].mean(axis=0)
    off = grid[..., 1] - lip[1]
    across = np.exp(-(((grid[..., 0] - lip[0]) / 24) ** 4))
    squeeze = -_LIP_SQUEEZE * off * np.exp(-0.5 * (off / 9) ** 2) * across
    fields = {
        "brow": (zero, brow),
        "frown": (frown, zero),
        "smile": (smile_x, smile_y),
        "lip_press": (zero, squeeze),
    }
    return {name: np.stack(xy, axis=-1).astype(np.float32) for name, xy in fields.items()}


def _shutter(
    person: Person, upper: tuple[int, ...], lower: tuple[int, ...], *, above: float, below: float
) -> _Shutter:
    """Lay the edges of an opening out over the columns of a piece of the texture."""
    scale = person.scale
    up, low = ((person.points[list(e), :2] - person.origin) * scale for e in (upper, lower))
    x0, x1 = int(np.floor(up[:, 0].min())), int(np.ceil(up[:, 0].max())) + 1
    y0 = int(np.floor(up[:, 1].min() - above * scale))
    y1 = int(np.ceil(low[:, 1].max() + below * scale)) + 1
    columns = np.arange(x0, x1)
    up_y, low_y = (np.interp(columns, *e[np.argsort(e[:, 0])].T) for e in (up, low))
    low_y = np.maximum(low_y, up_y)
    return _Shutter(
        rows=slice(y0, y1),
        columns=slice(x0, x1),
        top=up_y - above * scale - y0,
        upper=up_y - y0,
        lower=low_y - y0,
        bottom=low_y + below * scale - y0,
    )


def _close(texture: np.ndarray, shutter: _Shutter, *, from_above: float, from_below: float) -> None:
    """Draw the opening as shut by the given shares of its height, into the texture itself."""
    if from_above <= 0 and from_below <= 0:
        return
    s = shutter
    piece = texture[s.rows, s.columns].copy()
    n_rows, n_columns = piece.shape[:2]
    y = np.arange(n_rows, dtype=np.float32)[:, None]
    x = np.broadcast_to(np.arange(n_columns, dtype=np.float32), (n_rows, n_columns))
    opening = s.lower - s.upper
    upper, lower = s.upper + from_above * opening, s.lower - from_below * opening
    lid = s.top + (y - s.top) * (s.upper - s.top) / (upper - s.top)
    sill = s.bottom - (s.bottom - y) * (s.bottom - s.lower) / (s.bottom - lower)
    result = piece
    for source, cover in (
        (np.where(y > s.top, lid, y), np.clip(upper - y + 0.5, 0, 1)),
        (np.where(y < s.bottom, sill, y), np.clip(y - lower + 0.5, 0, 1)),
    ):
        moved = cv2.remap(
            piece, x, source.astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        share = cover.astype(np.float32)[..., None]
        result = result + share * (moved - result)
    texture[s.rows, s.columns] = result
