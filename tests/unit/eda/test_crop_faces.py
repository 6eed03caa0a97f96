"""Pictures at the samples' own times, from frames that can be told apart."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from affectflow.eda.crop_faces import crop_faces, plan_crops, square_crop
from affectflow.eda.samples import Samples
from affectflow.errors import InputError, TableError
from tests.support.clips import number_of, numbered_frame

FPS = 25.0
PLACES = {"recording_id": "r", "scale": 1.0, "smoothing_s": 2.0, "tolerance_s": 0.005}


def samples_at(time_s):
    ones = np.ones(len(time_s))
    return Samples(np.asarray(time_s, float), ones, ones, ones, ones, {"eda": "eda_usiemens", "pulse": None})


def frames_table(time_f):
    return pl.DataFrame({"frame_id": np.arange(len(time_f), dtype=np.int32), "time_s": time_f})


def faces_table(n, *, without=(), box=(0.0, 0.0, 64.0, 48.0)):
    there = ~np.isin(np.arange(n), list(without))
    columns = {
        name: np.full(n, v, np.float32)
        for name, v in zip(("x0_px", "y0_px", "x1_px", "y1_px"), box, strict=True)
    }
    return pl.DataFrame(
        {"frame_id": np.arange(n, dtype=np.int32), "primary": there, "valid": there, **columns}
    )


def decoded(time_f):
    """Frames that show their number; those whose pixels were asked for are counted."""
    asked = []

    class Frame(SimpleNamespace):
        @property
        def rgb(self):
            asked.append(self.frame_id)
            return numbered_frame(self.frame_id)

    return (Frame(frame_id=i, time_s=t) for i, t in enumerate(time_f)), asked


def test_each_picture_is_the_frame_shown_at_that_time():
    time_f = np.arange(250) / FPS
    at = np.arange(44) / 4 - 0.5
    plan = plan_crops(samples_at(at), frames_table(time_f), faces_table(250), **PLACES)
    np.testing.assert_allclose(plan.samples.time_s, np.arange(40) / 4)
    frames, asked = decoded(time_f)
    pictures = list(crop_faces(frames, plan, size_px=64))
    shown = np.array([number_of(p) for p in pictures])
    assert np.abs(time_f[shown] - plan.samples.time_s).max() <= 0.5 / FPS + 1e-9
    # No other frame is turned into colours.
    assert asked == shown.tolist()
    assert {p.shape for p in pictures} == {(64, 64, 3)}


def test_what_is_missing_is_masked_and_black():
    time_f = np.delete(np.arange(250) / FPS, np.s_[100:150])
    plan = plan_crops(
        samples_at(np.arange(40) / 4), frames_table(time_f), faces_table(200, without=range(25, 50)), **PLACES
    )
    at = plan.samples.time_s
    lost = (at > 99.5 / FPS + 0.005) & (at < 149.5 / FPS - 0.005)
    without_face = (plan.frame_t == -1) & ~lost
    np.testing.assert_array_equal(at[without_face], [1.0, 1.25, 1.5, 1.75])
    pictures = list(crop_faces(decoded(time_f)[0], plan, size_px=32))
    for picture, valid in zip(pictures, plan.valid_t, strict=True):
        assert picture.any() or not valid or number_of(picture) == 0
        assert valid or not picture.any()
    assert np.isnan(plan.square_t3[~plan.valid_t]).all()
    assert plan.arrays()["valid"].sum() == plan.valid_t.sum() == 40 - 4 - lost.sum()


def test_a_frame_slower_than_the_samples_serves_several():
    time_f = np.arange(10) / 2
    plan = plan_crops(samples_at(np.arange(19) / 4), frames_table(time_f), None, **PLACES)
    frames, asked = decoded(time_f)
    shown = [number_of(p) for p in crop_faces(frames, plan, size_px=64)]
    assert plan.valid_t.all()
    assert shown == plan.frame_t.tolist() == asked


def test_square_with_the_frames_edge():
    rgb = np.random.default_rng(0).integers(1, 256, (40, 60, 3), dtype=np.uint8)
    np.testing.assert_array_equal(square_crop(rgb, np.array([30.0, 20, 16]), size_px=16), rgb[12:28, 22:38])
    corner = square_crop(rgb, np.array([0.0, 0, 16]), size_px=16)
    assert not corner[:8].any()
    assert not corner[:, :8].any()
    np.testing.assert_array_equal(corner[8:, 8:], rgb[:8, :8])
    # Far outside there is nothing to see, and nothing breaks.
    assert not square_crop(rgb, np.array([-500.0, 20, 16]), size_px=16).any()
    whole = square_crop(rgb, np.full(3, np.nan), size_px=60)
    np.testing.assert_array_equal(whole[10:50], rgb)
    assert not whole[:10].any()


def test_fine_patterns_do_not_become_coarse_ones():
    board = ((np.indices((300, 300)).sum(axis=0) % 2) * 255).astype(np.uint8)
    small = square_crop(np.repeat(board[..., None], 3, 2), np.array([150.0, 150, 290]), size_px=36)
    assert small.std() < 4


def test_signals_of_another_time_are_refused_in_one_line():
    with pytest.raises(InputError, match="recording r: no sample of eda_usiemens lies within the video"):
        plan_crops(samples_at([100.0, 101.0]), frames_table(np.arange(50) / FPS), None, **PLACES)


def test_another_video_is_refused():
    time_f = np.arange(50) / FPS
    plan = plan_crops(samples_at([0.0, 1.0]), frames_table(time_f), None, **PLACES)
    with pytest.raises(TableError, match="is not in the video"):
        list(crop_faces(decoded(time_f[:20])[0], plan, size_px=16))
    with pytest.raises(TableError, match="is not in the video"):
        list(crop_faces(decoded(time_f + 0.5)[0], plan, size_px=16))
