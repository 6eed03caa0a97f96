"""extract_codes and extract_batch with a backend that looks at pixels: interruptions, batches, memory."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from affectflow.io.resume import pieces_folder
from affectflow.io.tables import read_footer, read_table
from tests.support import tiny_extract
from tests.support.scripts import run_script
from tests.support.synth_flame import synth_flame
from tests.support.tiny_emoca import TinyEncoders, write_recording

ROOT = Path(__file__).resolve().parents[2]
N_FRAMES = 190
PATIENCE_S = 120


@pytest.fixture(scope="module")
def recording(tmp_path_factory) -> Path:
    """A folder with a recording of five pieces."""
    folder = tmp_path_factory.mktemp("recording")
    write_recording(folder, N_FRAMES, gaps=(0, 50, 51, 189), width=320, height=180)
    return folder


@pytest.fixture
def here(recording, tmp_path) -> Path:
    """A copy of it."""
    shutil.copytree(recording, tmp_path / "job")
    return tmp_path / "job"


@pytest.fixture
def tiny(monkeypatch):
    """Have what `tiny_extract.run` changes put back."""
    monkeypatch.setattr("affectflow.face.backends.emoca.Encoders", TinyEncoders)
    monkeypatch.setattr("affectflow.face.extract_codes.PIECE_ROWS", 40)
    monkeypatch.setattr("affectflow.weights.open_model.open_model", lambda *_: synth_flame())


def killed_after(folder: Path, n_pieces: int, *, delay_s: float = 0.0) -> None:
    """Start an extraction and kill it once so many pieces are there."""
    command = [sys.executable, "-m", "tests.support.tiny_extract", str(folder), "rec", "60"]
    job = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    pieces = pieces_folder(folder / "rec.parquet")
    started = time.monotonic()
    while len(list(pieces.glob("0*.sha256"))) < n_pieces:
        assert job.poll() is None, job.stderr.read().decode()
        assert time.monotonic() - started < PATIENCE_S
        time.sleep(0.005)
    time.sleep(delay_s)
    job.kill()
    job.communicate()
    assert not (folder / "rec.parquet").exists()


def check_going_on(folder: Path, undisturbed: bytes, caplog, *, n_pieces: int) -> None:
    """Run a killed job to its end: it makes only what is missing, and the same bytes."""
    caplog.clear()
    assert tiny_extract.run(folder, "rec").read_bytes() == undisturbed
    done = [r.getMessage() for r in caplog.records if "of an interrupted run" in r.getMessage()]
    assert len(done) == 1
    assert int(done[0].split("the ")[1].split()[0]) >= 40 * n_pieces
    assert not pieces_folder(folder / "rec.parquet").exists()


def test_after_kill_9_the_job_goes_on_and_the_bytes_are_the_same(here, tiny, caplog):
    undisturbed = tiny_extract.run(here, "rec").read_bytes()
    groups = pq.read_metadata(here / "rec.parquet")
    assert [groups.row_group(i).num_rows for i in range(groups.num_row_groups)] == [40, 40, 40, 40, 30]
    (here / "rec.parquet").unlink()
    killed_after(here, 2, delay_s=0.1)
    check_going_on(here, undisturbed, caplog, n_pieces=2)


@pytest.mark.slow
def test_killed_at_any_moment_and_more_than_once(here, tiny, caplog):
    undisturbed = tiny_extract.run(here, "rec").read_bytes()
    for moments in ([(1, 0.0)], [(4, 0.05)], [(1, 0.3), (3, 0.0)]):
        (here / "rec.parquet").unlink()
        for n_pieces, delay_s in moments:
            killed_after(here, n_pieces, delay_s=delay_s)
        check_going_on(here, undisturbed, caplog, n_pieces=moments[-1][0])


def test_other_faces_begin_afresh(here, tiny, caplog, monkeypatch):
    class Ending(TinyEncoders):
        def encode(self, crops):
            if len(self.passes) == 7:
                raise RuntimeError("the machine goes down")
            return super().encode(crops)

    monkeypatch.setattr(tiny_extract, "TinyEncoders", Ending)
    with pytest.raises(RuntimeError, match="goes down"):
        tiny_extract.run(here, "rec")
    assert len(list(pieces_folder(here / "rec.parquet").glob("0*.parquet"))) == 1
    monkeypatch.setattr(tiny_extract, "TinyEncoders", TinyEncoders)
    write_recording(here, N_FRAMES, gaps=(7,), width=320, height=180)
    tiny_extract.run(here, "rec")
    assert read_table(here / "rec.parquet", "codes")["valid"].sum() == N_FRAMES - 1
    assert any("starting afresh" in r.getMessage() for r in caplog.records)


def test_memory_does_not_grow_with_the_recording(tmp_path):
    """The long one's frames are 115 MiB as YUV and 200 MiB as crops: kept anywhere, they would show."""
    peaks = []
    for name, n in (("short", 200), ("long", 1400)):
        write_recording(tmp_path, n, recording_id=name, width=320, height=180)
        command = [sys.executable, "-m", "tests.support.tiny_extract", str(tmp_path), name]
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_S, check=True
        )
        peaks.append(int(done.stdout.split()[-1]))
    assert peaks[1] <= 1.10 * peaks[0]


def run_batch(folder: Path, names: list[str]) -> Path:
    batch = folder / ".batches" / "b1"
    # Named by their recordings, as in results/.
    for name in names:
        (folder / "tried" / name).mkdir(parents=True)
        if (folder / f"{name}.faces.parquet").exists():
            shutil.copy(folder / f"{name}.faces.parquet", folder / "tried" / name / f"{name}.parquet")
    run_script(
        "extract_batch",
        folder,
        inputs={
            "tried": [folder / "tried" / name for name in names],
            "videos": [folder / f"{name}.mp4" for name in names],
            "weights": [],
        },
        outputs={"folder": batch},
        params={"weights": "", "device": "cpu", "options": {"batch_size": 8}},
        wildcards={"batch": "b1", "backend": "emoca"},
        threads=2,
    )
    return batch


def take(folder: Path, batch: Path, name: str) -> Path:
    run_script(
        "extract_codes",
        folder,
        inputs={"faces": folder / f"{name}.faces.parquet", "video": [], "weights": [], "batch": batch},
        outputs={"codes": folder / f"{name}.parquet"},
        params={"weights": "", "device": "cpu", "options": {}},
        wildcards={"recording_id": name, "backend": "emoca"},
    )
    return folder / f"{name}.parquet"


def test_a_batch_makes_each_members_table_and_a_bad_one_stops_nobody(tmp_path, tiny, capsys):
    for name, n in (("a", 50), ("b", 30), ("c", 45)):
        write_recording(tmp_path, n, recording_id=name, width=320, height=180, gaps=(3,))
    alone = tiny_extract.run(tmp_path, "a")
    expected = read_table(alone, "codes")
    alone.unlink()
    # The video of b is one of other frames.
    shutil.copy(
        write_recording(tmp_path, 20, recording_id="short", width=320, height=180)[0], tmp_path / "b.mp4"
    )
    # The faces of d were not found.
    shutil.copy(tmp_path / "a.mp4", tmp_path / "d.mp4")
    batch = run_batch(tmp_path, ["a", "b", "c", "d"])
    assert sorted(p.name for p in batch.iterdir()) == ["a.parquet", "b.error.txt", "c.parquet"]
    assert read_table(take(tmp_path, batch, "a"), "codes").equals(expected)
    assert read_table(take(tmp_path, batch, "c"), "codes")["valid"].sum() == 44
    assert set(read_footer(tmp_path / "a.parquet")["inputs"]) == {
        str(tmp_path / "tried" / "a" / "a.parquet"),
        str(tmp_path / "a.mp4"),
    }
    assert None not in read_footer(tmp_path / "a.parquet")["inputs"].values()
    capsys.readouterr()
    with pytest.raises(SystemExit) as left:
        take(tmp_path, batch, "b")
    assert left.value.code == 1
    message = capsys.readouterr().err.strip()
    assert message.startswith(
        "affectflow extract_codes: recording b: the faces table has frame 20, its video ends"
    )
    assert "\n" not in message


def test_networks_are_loaded_once_for_a_batch(tmp_path, tiny, monkeypatch):
    loads = []

    class Counted(TinyEncoders):
        def __init__(self, **options):
            loads.append(1)
            super().__init__(**options)

    monkeypatch.setattr("affectflow.face.backends.emoca.Encoders", Counted)
    for name in "ab":
        write_recording(tmp_path, 20, recording_id=name, width=320, height=180)
    run_batch(tmp_path, ["a", "b"])
    assert loads == [1]
