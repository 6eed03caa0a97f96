from __future__ import annotations

import os

import polars as pl
import pytest

from affectflow.io.resume import pieces_folder, resumable_table
from affectflow.io.table_stream import stream_table
from affectflow.io.tables import read_footer, read_table
from tests.support.synth_faces import faces_from_codes, random_codes

ROWS = 10
FOOTER = {"stage": "extract_codes", "stage_version": 1, "params": {"a": 1}, "inputs": {}}


class Stop(Exception):
    """The job ends here."""


@pytest.fixture(scope="module")
def faces() -> pl.DataFrame:
    return faces_from_codes(*random_codes(3 * ROWS + 4, seed=4), gaps=(0, 12, 33))


class Maker:
    """Makes pieces; ends suddenly after so many, as a killed job does."""

    def __init__(self, faces: pl.DataFrame, *, stop_after: int | None = None) -> None:
        self.faces, self.stop_after = faces, stop_after
        self.began_at: list[int] = []
        self.n_made = 0

    def __call__(self, done_rows):
        self.began_at.append(done_rows)
        for start in range(done_rows, self.faces.height, ROWS):
            if self.stop_after is not None and self.n_made == self.stop_after:
                raise Stop
            self.n_made += 1
            yield self.faces[start : start + ROWS]
        if self.n_made == self.stop_after:
            raise Stop


@pytest.fixture
def undisturbed(faces, tmp_path) -> bytes:
    with stream_table(tmp_path / "plain.parquet", "faces", footer=FOOTER) as stream:
        for piece in faces.iter_slices(ROWS):
            stream.append(piece)
    return (tmp_path / "plain.parquet").read_bytes()


def interrupted(faces, path, after, footer=FOOTER, how=None):
    with pytest.raises(Stop):
        resumable_table(path, "faces", Maker(faces, stop_after=after), footer=footer, how=how)
    assert not path.exists()


def test_the_bytes_are_those_of_a_plain_stream(faces, tmp_path, undisturbed):
    path = tmp_path / "faces.parquet"
    assert resumable_table(path, "faces", Maker(faces), footer=FOOTER) == 0
    assert path.read_bytes() == undisturbed
    assert not pieces_folder(path).exists()
    assert read_footer(path)["params"] == {"a": 1}


@pytest.mark.parametrize("after", [0, 1, 3, 4])
def test_a_rerun_goes_on_and_ends_in_the_same_bytes(faces, tmp_path, undisturbed, after):
    path = tmp_path / "faces.parquet"
    interrupted(faces, path, after)
    again = Maker(faces)
    assert resumable_table(path, "faces", again, footer=FOOTER) == min(after * ROWS, faces.height)
    assert again.began_at == [min(after * ROWS, faces.height)]
    assert path.read_bytes() == undisturbed
    assert not pieces_folder(path).exists()


@pytest.mark.parametrize(
    "change",
    [
        {"footer": {**FOOTER, "stage_version": 2}},
        {"footer": {**FOOTER, "params": {"a": 2}}},
        {"how": {"device": "cuda"}},
    ],
)
def test_pieces_of_another_job_are_not_used(faces, tmp_path, change):
    path = tmp_path / "faces.parquet"
    interrupted(faces.with_columns(score=pl.lit(0.125, pl.Float32)), path, 2)
    again = Maker(faces)
    assert resumable_table(path, "faces", again, **{"footer": FOOTER, **change}) == 0
    assert again.n_made == 4
    assert read_table(path, "faces").equals(faces)


def test_an_input_too_large_for_a_digest_is_known_by_size_and_age(faces, tmp_path):
    path, video = tmp_path / "faces.parquet", tmp_path / "long.mp4"
    video.write_bytes(b"video")
    footer = {**FOOTER, "inputs": {str(video): None}}
    interrupted(faces, path, 2, footer)
    interrupted(faces, path, 1, footer)
    assert len(list(pieces_folder(path).glob("*.parquet"))) == 3
    os.utime(video, ns=(1, 1))
    again = Maker(faces)
    resumable_table(path, "faces", again, footer=footer)
    assert again.began_at == [0]


def test_a_missing_or_damaged_piece_is_made_again(faces, tmp_path, undisturbed):
    path = tmp_path / "faces.parquet"
    interrupted(faces, path, 3)
    (pieces_folder(path) / "000001.parquet").unlink()
    again = Maker(faces)
    resumable_table(path, "faces", again, footer=FOOTER)
    assert again.began_at == [ROWS]
    assert path.read_bytes() == undisturbed
    path.unlink()
    interrupted(faces, path, 3)
    (pieces_folder(path) / "000000.parquet").write_bytes(b"half a table")
    again = Maker(faces)
    resumable_table(path, "faces", again, footer=FOOTER)
    assert again.began_at == [0]
    assert path.read_bytes() == undisturbed


@pytest.mark.parametrize("place", [0.3, 0.5])
def test_damage_within_a_piece_is_found_and_what_follows_made_again(
    faces, tmp_path, undisturbed, place, caplog
):
    """The footer is whole, so the piece opens; its rows, or some of them, are not what was written."""
    path = tmp_path / "faces.parquet"
    interrupted(faces, path, 3)
    piece = pieces_folder(path) / "000001.parquet"
    content = bytearray(piece.read_bytes())
    at = int(place * len(content))
    content[at : at + 20] = bytes(byte ^ 0xFF for byte in content[at : at + 20])
    piece.write_bytes(content)
    again = Maker(faces)
    with caplog.at_level("WARNING", "affectflow"):
        assert resumable_table(path, "faces", again, footer=FOOTER) == ROWS
    assert "000001.parquet: is damaged" in caplog.text
    assert path.read_bytes() == undisturbed


def test_a_piece_without_its_digest_does_not_count(faces, tmp_path, undisturbed):
    path = tmp_path / "faces.parquet"
    interrupted(faces, path, 3)
    (pieces_folder(path) / "000002.sha256").unlink()
    again = Maker(faces)
    assert resumable_table(path, "faces", again, footer=FOOTER) == 2 * ROWS
    assert path.read_bytes() == undisturbed


def test_a_table_without_rows(faces, tmp_path):
    resumable_table(tmp_path / "faces.parquet", "faces", Maker(faces[:0]), footer=FOOTER)
    assert read_table(tmp_path / "faces.parquet", "faces").height == 0
