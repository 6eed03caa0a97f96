"""Which frames are drawn, from which crop, and what is said when codes and video do not fit."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from affectflow.errors import TableError
from affectflow.face.emoca.crop import table_square
from affectflow.face.emoca.warp import crop_face
from affectflow.viz.render_vis import crop_again, has_detail, render_vis, vis_codes, vis_rows
from tests.support.clips import numbered_frame
from tests.support.synth_codes import GROUND, PlainFrame, plain_frames
from tests.support.synth_vis import CAM, emoca_codes

TIMES = np.arange(20) / 10


class Recorder:
    """Stands in for the painter: keeps what it is given."""

    def __init__(self) -> None:
        self.given: list = []

    def paint(self, crop, code):
        self.given.append((crop, code))
        return {"inputs": crop}


@pytest.fixture
def codes() -> pl.DataFrame:
    lost = np.zeros(20, bool)
    lost[[0, 1, 9, 10, 11]] = True
    return emoca_codes(TIMES, lost=lost)


def test_frames_are_valid_and_evenly_spaced_in_time(codes):
    rows = vis_rows(codes, n_frames=3)
    assert rows["valid"].all()
    # The middles of three parts of 0.2 … 1.9 s: 0.48, 1.05, 1.62; none of the frames lost around 1.0 s.
    assert rows["frame_id"].to_list() == [5, 12, 16]
    assert vis_rows(codes, n_frames=1)["frame_id"].to_list() in ([8], [12])


def test_times_count_and_not_row_numbers():
    times = np.concatenate([np.arange(10) / 100, [1.0, 2.0, 3.0]])
    # The middles of three parts of 0 … 3 s are 0.5, 1.5 and 2.5 s; of two as near, the earlier.
    assert vis_rows(emoca_codes(times), n_frames=3)["frame_id"].to_list() == [9, 10, 11]


def test_fewer_frames_than_asked_for(codes):
    assert vis_rows(codes, n_frames=100)["frame_id"].to_list() == codes.filter("valid")["frame_id"].to_list()
    nobody = emoca_codes(TIMES, lost=np.ones(20, bool))
    rows = vis_rows(nobody, n_frames=6)
    assert rows.is_empty()
    assert list(render_vis(plain_frames(TIMES), rows, Recorder(), recording_id="S01_a")) == []


def test_only_the_frames_drawn_are_made_pictures_and_none_after_them(codes):
    frames, read = plain_frames(TIMES), []

    def reader():
        for frame in frames:
            read.append(frame.frame_id)
            yield frame

    rows = vis_rows(codes, n_frames=3)
    drawn = list(render_vis(reader(), rows, Recorder(), recording_id="S01_a"))
    assert [f.frame_id for f in drawn] == rows["frame_id"].to_list() == frames[0].asked
    assert [f.time_s for f in drawn] == rows["time_s"].to_list()
    assert read[-1] == drawn[-1].frame_id


def test_the_painter_gets_the_frame_s_crop_and_numbers(codes):
    painter, rows = Recorder(), vis_rows(codes, n_frames=4)
    list(render_vis(plain_frames(TIMES), rows, painter, recording_id="S01_a"))
    for (crop, code), row in zip(painter.given, rows.iter_rows(named=True), strict=True):
        assert crop.shape == (224, 224, 3)
        # The reference's rounding loses a level in flat areas.
        assert np.abs(crop[112, 112].astype(int) - GROUND).max() <= 1
        assert code.exp.tolist() == [row[f"exp_{i:02d}"] for i in range(50)]
        assert code.pose.tolist() == [row[f"pose_{i:02d}"] for i in range(6)]
        assert code.shape.tolist() == [row[f"shape_{i:02d}"] for i in range(100)]
        assert code.light.tolist() == [row[f"light_{i:02d}"] for i in range(27)]
        assert code.detail.tolist() == [row[f"detail_{i:03d}"] for i in range(128)]
        assert code.cam.tolist() == pytest.approx(CAM)
        assert code.landmarks_68[:, 0].tolist() == list(row["l68_x"])
        assert code.landmarks_105[:, 1].tolist() == list(row["mp_y"])


def test_the_crop_is_the_one_the_encoders_saw():
    """Stored as a table stores it, in float32, and cut again: the same pixels."""
    rng = np.random.default_rng(0)
    # Smooth, so that a last bit of the stored centre cannot change a level often.
    y, x = np.mgrid[:240, :320]
    rgb = np.stack([x % 256, y, (x + y) // 3], axis=-1).astype(np.uint8)
    for _ in range(5):
        points = rng.uniform([60, 40], [260, 200], (68, 2))
        seen = crop_face(rgb, points)
        centre, size = table_square(seen.centre, seen.size)
        stored = np.array([*centre, size], np.float32)
        again = crop_again(rgb, stored)
        difference = np.abs(again.astype(int) - seen.rgb)
        assert difference.max() <= 1
        assert (difference > 0).mean() < 0.01
        # A square half a pixel aside would be seen: it changes more.
        moved = crop_again(rgb, stored + np.array([0.5, 0.5, 0], np.float32))
        assert (np.abs(moved.astype(int) - seen.rgb) > 0).mean() > 0.1


def test_another_frame_s_picture_is_another_crop():
    codes = emoca_codes(TIMES, crop_x_px=np.full(20, 32.0), crop_y_px=np.full(20, 24.0))
    frames = plain_frames(TIMES)

    class Numbered(PlainFrame):
        @property
        def rgb(self):
            return numbered_frame(self.frame_id)

    frames = [Numbered(f.frame_id, f.time_s) for f in frames]
    painter = Recorder()
    list(render_vis(frames, vis_rows(codes, n_frames=5), painter, recording_id="S01_a"))
    crops = [crop.tobytes() for crop, _ in painter.given]
    assert len(set(crops)) == 5


def test_codes_without_detail(codes):
    fewer = codes.drop([c for c in codes.columns if c.startswith("detail_")])
    assert has_detail(codes)
    assert not has_detail(fewer)
    assert all(code.detail is None for code in vis_codes(vis_rows(fewer, n_frames=2), recording_id="S01_a"))


@pytest.mark.parametrize("name", ["shape", "cam", "light"])
def test_a_missing_parameter_is_named(codes, name):
    fewer = codes.drop([c for c in codes.columns if c.startswith(f"{name}_")])
    with pytest.raises(TableError, match=rf"recording S01_a: .* columns {name}_.* face\.codes\.save: vis"):
        list(render_vis(plain_frames(TIMES), vis_rows(fewer, n_frames=2), Recorder(), recording_id="S01_a"))


def test_a_video_that_ends_early_or_is_another_is_refused(codes):
    rows = vis_rows(codes, n_frames=3)
    with pytest.raises(TableError, match="video ends before frame 12, which has a row"):
        list(render_vis(plain_frames(TIMES)[:10], rows, Recorder(), recording_id="S01_a"))
    with pytest.raises(TableError, match=r"frame 5 is shown at 0.600 s, its codes say 0.500 s"):
        list(render_vis(plain_frames(TIMES * 1.2), rows, Recorder(), recording_id="S01_a"))
