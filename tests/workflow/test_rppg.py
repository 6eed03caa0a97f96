"""Pulse from the face through the real workflow: asked for or not, and compared with the simulated sensor."""

from __future__ import annotations

import polars as pl
import pytest

from tests.support.study import simulated_rows

PEOPLE = ["S01", "S02", "S03"]
PULSE = {"rppg": {"method": "pos", "window_s": 8}}
# Long enough for a window of 8 s; one recording per person and no condition.
STUDY = {
    "datasets": {"simulated": {"duration_s": 12, "fps": 20, "width_px": 320, "height_px": 240}},
    "stats": {"analyses": ["agreement"]},
}


def test_it_is_made_only_when_asked_for(new_study):
    rows = simulated_rows(PEOPLE)
    assert "extract_rppg" not in new_study(rows).planned()
    planned = new_study(rows, signal=PULSE).planned()
    assert planned["extract_rppg"] == len(rows)
    assert planned["join_frames"] == len(rows)


@pytest.mark.slow
def test_rates_from_the_face_agree_with_the_sensor(new_study):
    study = new_study(simulated_rows(PEOPLE, ("baseline",)), signal=PULSE, **STUDY)
    base = f"results/{study.results.name}"
    wanted = [f"{base}/stats/agreement/results.parquet", f"{base}/figures/agreement/bland_altman.svg"]
    result = study.snakemake(*wanted)
    assert result.returncode == 0, result.stdout + result.stderr
    found = pl.read_parquet(study.results / "stats/agreement/results.parquet").row(0, named=True)
    print(found)
    assert found["n"] == len(PEOPLE)
    assert found["share_kept"] > 0.9
    assert found["mae"] < 2
    frames = pl.read_parquet(study.results / "frames/S01_baseline.parquet")
    assert frames["rppg_hr_bpm"].is_not_null().mean() > 0.9
    assert not {"rppg_wave_au", "rppg_snr_db"} & set(frames.columns)
    assert "estimates kept" in (study.results / "logs/extract_rppg/S01_baseline.log").read_text()
    # Another gate runs the pulse and what follows it, and neither faces nor codes.
    stricter = {"rppg": {**PULSE["rppg"], "snr_min_db": 5}}
    study.write_config(signal=stricter, **STUDY)
    planned = study.planned(*wanted)
    assert planned["extract_rppg"] == len(PEOPLE)
    assert not {"track_faces", "extract_codes", "clean_signals"} & set(planned)
