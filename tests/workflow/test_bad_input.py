"""Bad input: one line that says what, where and what to do; the other recordings finish."""

from __future__ import annotations

import pytest

from tests.support.clips import write_clip
from tests.support.study import simulated_rows


def row(name: str, **cells: str) -> dict[str, str]:
    return {"recording_id": name, "subject_id": name, **cells}


def test_bad_recordings_fail_alone(new_study, tmp_path):
    clip = str(write_clip(tmp_path / "clip.mp4", [i / 10 for i in range(12)]))
    (tmp_path / "empty.mp4").write_bytes(b"")
    (tmp_path / "text.mp4").write_text("this is text\n" * 50)
    (tmp_path / "text.csv").write_text("time_s,hr_bpm\n0,60\n1,sixty\n2,61\n")
    (tmp_path / "late.tsv").write_text("onset_s\tduration_s\tphase\n0\t200\trest\n")
    study = new_study(
        [
            row("good", video=clip),
            row("empty", video="empty.mp4"),
            row("text", video="text.mp4"),
            row("gone", video="gone.mp4"),
            row("words", video=clip, signals="text.csv"),
            row("late", video=clip, events="late.tsv"),
        ]
    )
    result = study.snakemake()
    assert result.returncode == 1
    said = [line for line in result.stderr.splitlines() if line.startswith("affectflow ")]
    for where, what in {
        "empty.mp4": "0 bytes",
        "text.mp4": "is not a video",
        "gone.mp4": "no such file",
        "text.csv": "row 3",
        "late.tsv": "200",
    }.items():
        lines = [line for line in said if where in line]
        assert len(lines) == 1, (where, said)
        assert what in lines[0]
    assert "Traceback" not in result.stderr
    assert result.stderr.count("What failed, once more") == 1
    assert (study.results / "features/good.parquet").exists()
    assert (study.results / "figures/contact_sheets/good.png").exists()
    assert not (study.results / "features/late.parquet").exists()


@pytest.mark.parametrize(
    ("change", "rows", "says"),
    [
        ({}, simulated_rows(["S01"]) * 2, "is already used in row 2"),
        ({}, [row("a", vidoe="a.mp4")], "column 'vidoe' is not known. Did you mean video?"),
        ({"statz": {}}, simulated_rows(["S01"]), "statz is not a setting. Did you mean stats?"),
        ({"train": {"models": ["logistik"]}}, simulated_rows(["S01"]), "Did you mean logistic?"),
        ({"stats": {"analyses": ["paired_test"]}}, simulated_rows(["S01"]), "Did you mean paired_tests?"),
    ],
)
def test_wrong_sheets_and_settings_stop_before_any_job(new_study, change, rows, says):
    result = new_study(rows, **change).snakemake("-n")
    assert result.returncode == 2
    assert says in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("path", "says"),
    [
        (
            "pictures/nonsense/roles.parquet",
            "no data set of pictures 'nonsense' here. Choose one of: mine (pictures.sources in the settings).",
        ),
        ("faces/S01_stresor.parquet", "no recording 'S01_stresor' here. Did you mean S01_stressor?"),
        ("codes/emca/S01_stressor.parquet", "no face backend 'emca' here. Did you mean emoca?"),
        ("stats/ldaa/results.parquet", "no analysis 'ldaa' here. Did you mean lda?"),
        ("figures/quality/nobody.html", "no recording 'nobody' here."),
        ("windows2.parquet", "no stage makes this. The nearest is results/small/windows.parquet."),
    ],
)
def test_a_path_with_an_unknown_part_stops_with_one_line(new_study, path, says):
    sources = {"mine": {"format": "emodataset", "folder": "stills"}}
    study = new_study(simulated_rows(["S01"]), pictures={"sources": sources})
    result = study.snakemake("-n", f"results/small/{path}")
    assert result.returncode == 2
    assert says in result.stderr
    assert f"results/small/{path}: " in result.stderr
    assert "Traceback" not in result.stderr
    assert "MissingRule" not in result.stderr
