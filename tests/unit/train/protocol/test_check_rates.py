"""Clocks that are too slow for the windows, refused before anything runs."""

import pytest

from affectflow.config.train import Train
from affectflow.errors import ConfigError
from affectflow.train.protocol.check_rates import check_rates
from affectflow.train.protocol.controls import entries


def check(models, *, length_s=3.0, controls=(), modalities=("face", "bio"), **rates):
    listed = entries(models, controls, main=models[-1])
    check_rates(Train(rates_hz=rates, modalities=modalities), listed, length_s=length_s)


def test_a_window_has_at_least_two_cells_of_what_is_read():
    with pytest.raises(ConfigError) as error:
        check(["logistic", "cross_modal"], face=0.1)
    assert str(error.value) == (
        "config: train.rates_hz: face: 0.1 gives cross_modal 0.3 cells in a window of 3 s (features.windows.length_s), so "
        "that it would read time outside the window. Set it to 0.667 or more, or make windows longer."
    )
    with pytest.raises(ConfigError, match=r"rates_hz: bio: 0\.6 .* 1\.8 cells .* Set it to 0\.667 or more"):
        check(["bio_transformer"], bio=0.6)
    with pytest.raises(ConfigError, match="rates_hz: gaze"):
        check(["cross_modal"], modalities=("face", "gaze"), gaze=0.1)
    check(["cross_modal"], face=2 / 3, bio=0.667)


@pytest.mark.parametrize("length_s", [0.37, 1.7, 3.0, 7.1, 9.0, 13.0])
def test_the_rate_that_is_named_will_do(length_s):
    with pytest.raises(ConfigError) as error:
        check(["bio_transformer"], length_s=length_s, bio=0.01)
    named = float(str(error.value).split("Set it to ")[1].split()[0])
    assert named == pytest.approx(2 / length_s, rel=0.01)
    check(["bio_transformer"], length_s=length_s, bio=named)


def test_a_clock_that_nothing_reads_may_be_slow():
    check(["logistic", "bio_transformer"], controls=["time_only"], face=0.1)
    with pytest.raises(ConfigError, match="gives pose_only"):
        check(["logistic", "bio_transformer"], controls=["pose_only"], face=0.1)
