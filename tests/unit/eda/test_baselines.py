"""What needs no face, by hand."""

from __future__ import annotations

import numpy as np

from affectflow.eda.baselines import last_values, time_course, train_mean
from affectflow.eda.clips import cut_clips
from tests.support.eda import recordings


def test_last_values_know_the_past_and_nothing_else():
    made = recordings(2, n=48)
    made[0].target[14:16] = np.nan
    clips = cut_clips(made, length=16, stride=16)
    assert clips.tolist() == [[0, 16], [0, 32], [1, 0], [1, 16], [1, 32]]
    values = last_values(made, clips, length=16, otherwise=0.5)
    expected = [made[0].target[13], made[0].target[31], 0.5, made[1].target[15], made[1].target[31]]
    np.testing.assert_array_equal(values, np.repeat(np.array(expected, np.float32)[:, None], 16, 1))
    # What comes in the clip or after it changes nothing.
    made[1].target[16:] = 99.0
    np.testing.assert_array_equal(last_values(made, clips[2:4], length=16, otherwise=0.5), values[2:4])


def test_the_mean_course_of_others():
    made = recordings(3, n=20)
    made[1].time_s[:] += 100.0
    made[0].target[3] = np.nan
    np.testing.assert_allclose(
        time_course(made[:2], made[2], otherwise=0.0),
        np.nanmean([made[0].target, made[1].target], axis=0),
        rtol=1e-6,
    )
    assert train_mean(made[:2]) == np.nanmean(np.concatenate([made[0].target, made[1].target]).astype(float))
    longer = recordings(1, n=30)[0]
    assert (time_course(made[:2], longer, otherwise=-1.0)[20:] == -1).all()
