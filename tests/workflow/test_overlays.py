"""Which recordings are rendered as overlay videos: viz.overlays."""

from __future__ import annotations

import pytest

from tests.support.study import simulated_rows


@pytest.mark.parametrize(
    ("choice", "shown"),
    [
        ("all", {"S01_baseline", "S01_stressor", "S02_baseline", "S02_stressor"}),
        ("sample", {"S01_baseline", "S01_stressor"}),
        ("none", set()),
    ],
)
def test_the_setting_chooses_the_videos(new_study, choice, shown) -> None:
    study = new_study(
        simulated_rows(["S02", "S01"]), viz={"overlays": choice}, stats={"analyses": []}, train={"models": []}
    )
    result = study.snakemake("-n", "--quiet", "progress")
    text = result.stdout + result.stderr
    assert result.returncode == 0, text
    planned = {
        name
        for name in ("S01_baseline", "S01_stressor", "S02_baseline", "S02_stressor")
        if f"videos/overlay/{name}.mp4" in text
    }
    assert planned == shown
    assert text.count("figures/contact_sheets/S") >= 4
