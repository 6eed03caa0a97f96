"""The design: levels differ as designed, and not at all with effect 0."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest, ttest_1samp

from affectflow.datasets.simulated.design import (
    MAX_HEAD_RAD,
    TRAITS,
    band_noise,
    blink_closure,
    blink_onsets,
    draw_face_course,
    draw_levels,
    generator,
)

DESIGNED = {
    "blink_rate_hz": 1,
    "brow": -1,
    "head_tempo_hz": 1,
    "hr_bpm": 1,
    "rsp_rate_bpm": 1,
    "eda_tonic_usiemens": 1,
    "scr_rate_bpm": 1,
}


def differences(name: str, *, effect: float, seed: int, n: int = 8) -> np.ndarray:
    """Stressor minus baseline of n people."""
    values = [
        [
            draw_levels(
                subject_id=f"S{i}",
                recording_id=f"S{i}_{condition}",
                stressed=condition == "stressor",
                effect=effect,
                seed=seed,
            )[name]
            for condition in ("baseline", "stressor")
        ]
        for i in range(n)
    ]
    return np.diff(values, axis=1)[:, 0]


@pytest.mark.parametrize(("name", "sign"), DESIGNED.items())
def test_the_stressor_moves_what_it_should_in_every_study_of_eight(name, sign):
    for seed in range(20):
        result = ttest_1samp(differences(name, effect=1.0, seed=seed), 0)
        # Holm over 200 tests leaves about this much to the largest of them.
        assert np.sign(result.statistic) == sign
        assert result.pvalue < 0.05 / 100


def test_smile_and_lip_press_do_not_depend_on_the_condition():
    for name in TRAITS.keys() - DESIGNED.keys():
        assert TRAITS[name].response == TRAITS[name].response_sd == 0


def test_effect_zero_rejects_as_often_as_chance():
    names = [n for n, t in TRAITS.items() if t.recording_sd > 0]
    p = [
        ttest_1samp(differences(name, effect=0.0, seed=seed), 0).pvalue
        for seed in range(60)
        for name in names
    ]
    share = binomtest(int(np.sum(np.array(p) < 0.05)), len(p)).proportion_ci(0.99)
    assert share.low <= 0.05 <= share.high


def test_effect_zero_gives_the_same_numbers_in_both_conditions():
    levels = [
        draw_levels(subject_id="S01", recording_id="a", stressed=s, effect=0.0, seed=1) for s in (False, True)
    ]
    assert levels[0] == levels[1]


def test_people_differ_in_level_and_in_response():
    levels = [
        draw_levels(subject_id=f"S{i}", recording_id=f"S{i}", stressed=False, effect=1, seed=1)["hr_bpm"]
        for i in range(30)
    ]
    assert 3 < np.std(levels) < 10
    assert 1.5 < np.std(differences("hr_bpm", effect=1.0, seed=1, n=60)) < 5


def test_levels_stay_within_their_limits_at_any_effect():
    for effect in (0.0, 1.0, 50.0):
        levels = draw_levels(subject_id="S01", recording_id="a", stressed=True, effect=effect, seed=3)
        assert all(TRAITS[n].least <= v <= TRAITS[n].most for n, v in levels.items())


def test_generators_depend_on_seed_and_names():
    draws = [generator(*key).random() for key in ((1, "a"), (1, "b"), (2, "a"), (1, "a", "b"))]
    assert len(set(draws)) == 4
    assert generator(1, "a").random() == draws[0]


@pytest.mark.parametrize("rate_hz", [0.2, 0.6, 0.9])
def test_blink_count_follows_the_rate(rate_hz):
    for seed in range(30):
        onset_s = blink_onsets(duration_s=20.0, rate_hz=rate_hz, rng=np.random.default_rng(seed))
        assert abs(len(onset_s) - 20 * rate_hz) <= 2
        assert np.all(onset_s >= 0)
        assert np.all(onset_s <= 20 - 0.36)
        assert np.all(np.diff(onset_s) > 0.36)


def test_a_blink_shuts_fully_in_some_frame_and_opens_again():
    time_s = np.arange(0, 3, 1 / 25)
    for onset in np.linspace(1.0, 1.04, 9):
        closure = blink_closure(time_s, np.array([onset]))
        assert closure.max() == pytest.approx(1.0)
        assert np.all(closure[(time_s <= onset) | (time_s >= onset + 0.36)] < 1e-9)
        assert np.all((closure >= 0) & (closure <= 1))
    assert not blink_closure(time_s, np.array([])).any()


def test_band_noise_has_unit_spread_and_stays_in_its_band():
    time_s = np.arange(0, 40, 0.02)
    wave = band_noise(time_s, low_hz=0.5, high_hz=1.0, rng=np.random.default_rng(0))
    assert wave.mean() == pytest.approx(0, abs=1e-12)
    assert wave.std() == pytest.approx(1)
    power = np.abs(np.fft.rfft(wave * np.hanning(len(wave)))) ** 2
    frequency_hz = np.fft.rfftfreq(len(wave), 0.02)
    inside = (frequency_hz > 0.4) & (frequency_hz < 1.1)
    assert power[inside].sum() / power.sum() > 0.999


def test_the_face_keeps_within_its_ranges_and_moves_faster_under_the_stressor():
    time_s = np.arange(250) / 25
    speed = {}
    for stressed in (False, True):
        levels = draw_levels(subject_id="S01", recording_id="a", stressed=stressed, effect=1, seed=1)
        course = draw_face_course(time_s, levels, recording_id="a", seed=1)
        for name in ("pitch_rad", "yaw_rad", "roll_rad"):
            assert np.abs(getattr(course, name)).max() <= MAX_HEAD_RAD <= np.deg2rad(12)
        assert np.abs([course.brow, course.smile]).max() <= 1
        assert course.lip_press.min() >= 0
        assert course.lip_press.max() <= 1
        assert np.rad2deg(course.yaw_rad.std()) > 3
        speed[stressed] = np.abs(np.diff(course.yaw_rad)).mean()
    assert speed[True] > 1.4 * speed[False]
