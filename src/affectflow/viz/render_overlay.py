"""A video that shows what was measured: the frame with landmarks, the mesh of its code, the numbers below."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

import cv2
import numpy as np
import polars as pl
from numpy.typing import NDArray

from affectflow.viz.draw import (
    BLACK,
    GREY,
    ORANGE,
    SKY,
    VERMILLION,
    Picture,
    darken,
    draw_landmarks,
    draw_pill,
    draw_text,
    text_width,
)
from affectflow.viz.frame_pane import FramePane
from affectflow.viz.hud import Hud
from affectflow.viz.mesh_renderer import MeshRenderer
from affectflow.viz.overlay_layout import OverlayLayout
from affectflow.viz.series import CodeSeries, Frame, row_of

MESH_BLOCK = 64
FRAMES_AHEAD = 4


class MeshMaker(Protocol):
    """What is asked of a face backend; `face.backends.base.FaceBackend` is one."""

    triangles: NDArray[np.int32]

    def mesh(self, exp: NDArray[np.floating], pose: NDArray[np.floating]) -> NDArray[np.float32]:
        """Build the meshes (n, V, 3) of codes (n, 50) and (n, 6)."""


def render_overlay(
    frames: Iterable[Frame],
    series: CodeSeries,
    boxes: pl.DataFrame,
    maker: MeshMaker | None,
    *,
    layout: OverlayLayout,
    recording_id: str,
    jaw_gain: float = 1.0,
    simulated: bool = False,
    threads: int = 1,
) -> Iterator[tuple[Picture, float]]:
    """Draw the frames of one recording side by side with the mesh of their codes.

    Left the frame with the face's box and landmarks, right the mesh that the
    backend builds from the code (head turned and jaw opened as coded, no
    perspective match with the frame), below the numbers. A frame without a
    face says so, and the resting face is shown in grey. Memory does not grow
    with the length of the video; the pictures are the same for any `threads`.

    Parameters
    ----------
    frames
        Frames in order, as `io.video.read_frames` yields them.
    series
        The recording's codes, as `viz.series.code_series` reads them.
    boxes
        `BOX_COLUMNS` of the faces table, all faces.
    maker
        The backend that made the codes; None when it is not there (codes can be
        imported without its weights): the right side then says so.
    layout
        Sizes; see `overlay_layout`.
    recording_id
        Shown, and named in errors.
    jaw_gain
        Opening of the mesh's jaw as a multiple of the coded one, >= 0; other
        than 1 it is written below the mesh.
    simulated
        Write SIMULATED on every frame.
    threads
        1, or more to draw meshes while the caller encodes.

    Yields
    ------
    Picture (layout.height_px, layout.width_px, 3) uint8 RGB, and its time in seconds.

    Raises
    ------
    TableError
        If a frame has no row in the codes, or another time than its row.
    """
    missing = "no mesh: weights not installed" if maker is None else None
    if series.valid.any() and not np.isfinite(series.exp).any():
        # Codes of a program that makes no expression: a resting face would be made up.
        maker, missing = None, "no mesh: these codes hold no expression"
    painter = _Painter(series, boxes, layout, recording_id, simulated, missing, jaw_gain)
    meshes = _NoMeshes(layout.pane_px) if maker is None else _Meshes(maker, series, layout.pane_px, jaw_gain)
    if threads == 1:
        for frame in frames:
            row = row_of(frame, series, recording_id)
            yield painter.paint(frame.rgb, row, meshes.draw(row)), frame.time_s
        return
    waiting: deque[tuple[Frame, int, Future[Picture]]] = deque()
    with ThreadPoolExecutor(1) as pool:
        for frame in frames:
            row = row_of(frame, series, recording_id)
            waiting.append((frame, row, pool.submit(meshes.draw, row)))
            if len(waiting) > FRAMES_AHEAD:
                done, row, pane = waiting.popleft()
                yield painter.paint(done.rgb, row, pane.result()), done.time_s
        for done, row, pane in waiting:
            yield painter.paint(done.rgb, row, pane.result()), done.time_s


class _Meshes:
    """Draws the mesh of any row; codes are turned into vertices block by block."""

    def __init__(self, maker: MeshMaker, series: CodeSeries, size_px: int, jaw_gain: float) -> None:
        self._maker, self._series = maker, series
        # An angle about an axis: its length is the angle.
        self._gain = np.array([1.0, 1.0, 1.0, jaw_gain, jaw_gain, jaw_gain], np.float32)
        resting = maker.mesh(np.zeros((1, series.exp.shape[1])), np.zeros((1, series.pose.shape[1])))[0]
        self._renderer = MeshRenderer(resting, maker.triangles, size_px=size_px)
        self._resting = self._renderer.render(resting, muted=True)
        self._block, self._vertices = -1, np.empty((0, *resting.shape), np.float32)

    def draw(self, row: int) -> Picture:
        """Draw the mesh of a row; the resting face in grey where there is none."""
        if not self._series.valid[row]:
            return self._resting
        if row // MESH_BLOCK != self._block:
            self._block = row // MESH_BLOCK
            rows = slice(self._block * MESH_BLOCK, (self._block + 1) * MESH_BLOCK)
            exp, pose = (np.nan_to_num(v[rows]) for v in (self._series.exp, self._series.pose))
            self._vertices = self._maker.mesh(exp, pose * self._gain)
        return self._renderer.render(self._vertices[row % MESH_BLOCK])


class _NoMeshes:
    """An empty pane for every row."""

    def __init__(self, size_px: int) -> None:
        self._pane = np.empty((size_px, size_px, 3), np.uint8)
        self._pane[:] = BLACK

    def draw(self, row: int) -> Picture:
        """Return the pane; what is missing is written on it."""
        return self._pane


class _Painter:
    """Puts frame, pane and strip together."""

    def __init__(
        self,
        series: CodeSeries,
        boxes: pl.DataFrame,
        layout: OverlayLayout,
        recording_id: str,
        simulated: bool,
        missing: str | None,
        jaw_gain: float,
    ) -> None:
        self._series, self._layout = series, layout
        if missing is not None:
            self._labels = missing, missing
        else:
            drawn = "mesh drawn from the code" + (f", jaw × {jaw_gain:g}" if jaw_gain != 1 else "")
            self._labels = "no face: resting template", drawn
        self._frame = FramePane(layout, boxes, recording_id=recording_id, simulated=simulated)
        self._hud = Hud(series, width_px=layout.width_px, zoom=layout.zoom)
        self._ground = np.empty((layout.height_px, layout.width_px, 3), np.uint8)
        self._ground[:] = BLACK

    def paint(self, rgb: NDArray[np.uint8], row: int, pane: Picture) -> Picture:
        """Return the whole picture of a row."""
        layout = self._layout
        picture = self._ground.copy()
        left = picture[: layout.pane_px, : layout.left_px]
        self._paint_frame(left, rgb, row)
        self._paint_labels(left, row)
        right = picture[: layout.pane_px, layout.left_px :]
        right[:] = pane
        self._paint_pane_labels(right, row)
        self._hud.paint(picture[layout.pane_px : layout.pane_px + layout.hud_px], row)
        return picture

    def _paint_frame(self, left: Picture, rgb: NDArray[np.uint8], row: int) -> None:
        scale, series = self._layout.scale, self._series
        frame = self._frame.paint_frame(left, rgb, int(series.frame_id[row]))
        if series.valid[row]:
            # Positions are edges of pixels in the table, centres of pixels when drawing.
            draw_landmarks(
                frame, series.landmarks_68[row] * scale - 0.5, series.landmarks_105[row] * scale - 0.5
            )

    def _paint_labels(self, left: Picture, row: int) -> None:
        zoom, series = self._layout.zoom, self._series
        height, width = left.shape[:2]

        def px(length: float) -> int:
            return round(length * zoom)

        self._frame.paint_head(left, time_s=series.time_s[row], frame_id=int(series.frame_id[row]))
        darken(left, 0, height - px(20), width, height)
        y = height - px(10)
        if not series.valid[row]:
            draw_pill(left, "no face", px(8) + px(62), y, size=px(11), colour=VERMILLION, ink=BLACK)
            return
        x = px(14)
        for name, colour in (("68 points", ORANGE), ("105 MediaPipe points", SKY)):
            cv2.circle(left, (x, y), px(3), colour, -1, cv2.LINE_AA)
            draw_text(left, name, x + px(8), y, size=px(10))
            x += text_width(name, px(10)) + px(24)
        # Imported codes have none where our own tracking has no face.
        if np.isfinite(series.score[row]):
            draw_text(left, f"score {series.score[row]:.2f}", width - px(8), y, size=px(10), anchor="right")

    def _paint_pane_labels(self, right: Picture, row: int) -> None:
        zoom = self._layout.zoom
        height, width = right.shape[:2]
        valid = self._series.valid[row]
        text = self._labels[int(valid)]
        draw_text(
            right,
            text,
            width // 2,
            height - round(10 * zoom),
            size=round(10 * zoom),
            colour=GREY if valid else VERMILLION,
            anchor="middle",
        )
