"""The picture of the recovery shows what the table says."""

from __future__ import annotations

import numpy as np
import pytest

from affectflow.io.files import sha256_of
from affectflow.stats.check_recovery import check_recovery
from affectflow.viz.plot_recovery import plot_recovery
from affectflow.viz.style import write_figure
from tests.unit.stats.test_check_recovery import make_blinks, make_frames, make_truth


@pytest.fixture(scope="module")
def results():
    truth = make_truth("a", "b")
    return check_recovery(truth, make_frames(truth), blinks=make_blinks(truth))


def test_each_quantity_has_a_row_and_each_recording_a_heart_rate(results):
    left, right = plot_recovery(results).axes
    names = [label.get_text() for label in left.get_yticklabels()]
    assert names == ["yaw", "roll", "pitch", "blink", "smile", "brow", "lip press", "blink times"]
    points = [line.get_xydata() for line in right.lines if line.get_marker() == "o"]
    np.testing.assert_allclose(
        sorted(points[0][:, 1] - points[0][:, 0]), [0.5, 0.5], err_msg="measured is 0.5 bpm above the truth"
    )


def test_it_says_simulated_and_is_the_same_file_twice(results, tmp_path):
    figure = plot_recovery(results)
    assert "simulated data" in [text.get_text() for text in figure.texts]
    for suffix in (".svg", ".png"):
        digests = set()
        for name in ("one", "two"):
            path = tmp_path / f"{name}{suffix}"
            write_figure(plot_recovery(results), path)
            digests.add(sha256_of(path))
        assert len(digests) == 1


def test_missing_values_are_left_out(results):
    truth = make_truth("a")
    frames = make_frames(truth).with_columns(hr_bpm=None, pose_01=None)
    left, right = plot_recovery(check_recovery(truth, frames)).axes
    assert len(left.get_yticklabels()) == 7
    assert not right.lines
