"""Results against what their jobs recorded, and the way back from a result to its source."""

from __future__ import annotations

import shutil
from types import SimpleNamespace

import polars as pl
import pytest
from rich.console import Console

from affectflow.cli.provenance import trace
from affectflow.cli.verify import verify_study
from affectflow.errors import UsageError
from affectflow.io.files import write_text
from affectflow.io.log import stage
from affectflow.io.tables import write_free_table
from affectflow.versions import STAGE_VERSIONS

SOURCE, VIDEO, FACES = "videos/a.mp4", "results/simulated/video/a.mp4", "results/simulated/faces/a.parquet"
FIGURE = "results/simulated/figures/a.svg"


def run(rule, inputs, outputs, *, version=None):
    job = SimpleNamespace(
        rule=rule,
        log=[f"results/simulated/logs/{rule}/a.log"],
        params={"version": version or STAGE_VERSIONS[rule], "seed": 7},
        input=inputs,
        output=outputs,
    )
    with stage(job) as footer:
        for path in outputs:
            if path.endswith(".parquet"):
                write_free_table(pl.DataFrame({"x": [1.0, 2.0]}), path, footer=footer)
            else:
                write_text(f"{rule} of {inputs}", path)


@pytest.fixture
def study(tmp_path, monkeypatch):
    """A video, its faces and a figure of them, as three stages would have made them."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "videos").mkdir()
    (tmp_path / "videos/a.mp4").write_bytes(b"a film")
    (tmp_path / "config").mkdir()
    (tmp_path / "config/config.yaml").write_text("dataset: simulated\n")
    run("transcode_video", [SOURCE], [VIDEO])
    run("track_faces", [VIDEO], [FACES])
    run("plot_affect", [FACES], [FIGURE])
    return tmp_path


def said():
    lines, good = verify_study("config/config.yaml")
    return "\n".join(lines), good


def traced(path, **options):
    console = Console(soft_wrap=True, markup=False, highlight=False, width=300)
    with console.capture() as capture:
        console.print(trace(path, **options))
    return capture.get()


def test_what_jobs_wrote_is_good(study):
    text, good = said()
    assert good
    assert text.startswith("results/simulated: 3 files of 3 jobs\n")


def test_a_changed_byte_is_found_and_what_was_made_of_the_file_is_stale(study):
    path = study / FACES
    data = bytearray(path.read_bytes())
    data[40] ^= 1
    path.write_bytes(bytes(data))
    text, good = said()
    assert not good
    assert f"changed: 1\n  {FACES}: " in text
    assert f"stale: 1\n  {FIGURE}: made from another {FACES} than is there now" in text


def test_a_truncated_table_is_called_so(study):
    path = study / FACES
    path.write_bytes(path.read_bytes()[:-20])
    text, good = said()
    assert not good
    assert f"{FACES}: it cannot be read as Parquet: truncated or damaged" in text


def test_a_missing_result_and_a_stage_of_another_version_are_found(study):
    (study / FIGURE).unlink()
    run("track_faces", [VIDEO], [FACES], version=STAGE_VERSIONS["track_faces"] + 1)
    text, good = said()
    assert not good
    assert f"missing: 1\n  {FIGURE}" in text
    assert f"{FACES}: made by version {STAGE_VERSIONS['track_faces'] + 1} of track_faces; this is" in text


def test_another_source_makes_stale_and_a_source_that_is_gone_is_told_only(study):
    (study / SOURCE).write_bytes(b"another film")
    text, good = said()
    assert not good
    assert f"{VIDEO}: made from another {SOURCE} than is there now" in text
    (study / SOURCE).unlink()
    text, good = said()
    assert good
    assert f"source gone: 1\n  {VIDEO}: {SOURCE} is not there any more" in text


def test_what_is_handed_on_under_a_dot_may_be_gone(study):
    run("extract_batch", [VIDEO], ["results/simulated/codes/.batches/1/a.bin"])
    shutil.rmtree(study / "results/simulated/codes")
    assert said()[1]


def test_files_of_nobody_are_told(study):
    (study / "results/simulated/my_notes.txt").write_text("mine")
    text, good = said()
    assert good
    assert "not recorded by any job: 1 (results/simulated/my_notes.txt)" in text


def test_a_study_without_records_says_what_to_do(study):
    shutil.rmtree(study / "results")
    with pytest.raises(UsageError, match="no job has left a record"):
        said()


def test_the_chain_ends_at_the_source(study):
    text = traced(FIGURE)
    lines = [line.strip("│├└─ ") for line in text.splitlines()]
    assert lines[0].startswith(f"{FIGURE}  plot_affect {STAGE_VERSIONS['plot_affect']}  sha256 ")
    assert [line.split("  ")[0] for line in lines[3:]] == [FACES, VIDEO, SOURCE]
    assert "'seed': 7" in text
    assert "polars" in lines[1]
    assert all(line.endswith("good") for line in [lines[0], *lines[3:]])
    (study / SOURCE).write_bytes(b"another film")
    assert f"{SOURCE}  source  sha256" in traced(study / FIGURE)
    assert traced(FIGURE).splitlines()[-1].endswith("changed since")


def test_many_inputs_of_a_stage_are_counted_unless_all_are_asked_for(study):
    many = [f"videos/{k}.mp4" for k in range(8)]
    for path in many:
        (study / path).write_text(path)
    run("contact_sheet", many, ["results/simulated/figures/all.png"])
    assert "… and 5 more" in traced("results/simulated/figures/all.png")
    assert "videos/7.mp4" in traced("results/simulated/figures/all.png", whole=True)


@pytest.mark.parametrize(("path", "words"), [
    ("results/simulated/figures/b.svg", "is not there"),
    ("videos/a.mp4", "is no result of a study"),
    ("results/simulated/mine.txt", "no job has recorded it"),
])  # fmt: skip
def test_a_file_without_a_chain_is_told(study, path, words):
    (study / "results/simulated/mine.txt").write_text("mine")
    with pytest.raises(UsageError, match=words):
        trace(path)
