"""Every registered format of existing codes keeps the same promises."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from affectflow.config.face import Imported
from affectflow.datasets import CODE_FORMATS
from affectflow.datasets.codes.import_codes import import_codes
from affectflow.errors import InputError
from affectflow.io.tables import check_table
from affectflow.registry import load
from affectflow.schema import CODES, EXP, POSE
from tests.support.emoca_csv import HEADER, LANDMARKS, code_rows, write_rows
from tests.support.synth_faces import faces_from_codes, random_codes
from tests.support.synth_other_codes import openface_table, pyfeat_table, write_openface, write_pyfeat

# 0-based frames with a face in the small recording that every format writes.
SEEN = [0, 1, 2, 4, 5, 9]
N_FRAMES = 12


def write_emoca(folder, first_frame):
    frames = [i + first_frame for i in SEEN]
    write_rows(folder / "lands/P1_landmarks_xy.csv", LANDMARKS, code_rows(frames, subject="P1", n_values=346))
    return write_rows(folder / "P1_exp_pose.csv", HEADER, code_rows(frames, subject="P1"))


# A new format brings a function that writes a small recording of person P1 in its layout: the frames SEEN.
EXAMPLES = {
    "emoca_csv": lambda folder: write_emoca(folder, 1),
    "emoca_csv_from_0": lambda folder: write_emoca(folder, 0),
    "pyfeat": lambda folder: write_pyfeat(folder / "P1.csv", pyfeat_table(SEEN)),
    "openface": lambda folder: write_openface(folder / "P1.csv", openface_table([i + 1 for i in SEEN])),
}
# Files of these say nothing about whose they are.
NAMELESS = {"pyfeat", "openface"}


def test_everything_registered_is_tested_here():
    assert set(EXAMPLES) == set(CODE_FORMATS)


@pytest.fixture(params=sorted(CODE_FORMATS))
def name(request) -> str:
    return request.param


def test_reads_0_based_frames_in_order_and_columns_of_codes(name, tmp_path):
    form, path = load(CODE_FORMATS, name, "codes_format")(), EXAMPLES[name](tmp_path)
    pieces = list(form.read(path, ids={"P1", "P1_rest"}))
    table = pl.concat(pieces)
    assert table["frame_id"].to_list() == SEEN
    assert table.schema["frame_id"] == pl.Int32
    kinds = {c.name: c.dtype for c in CODES.columns}
    for column, dtype in table.schema.items():
        assert CODES.allows(column) or kinds[column] == dtype, column
    assert (
        table.select(c for c in table.columns if c in (*EXP, *POSE)).null_count().sum_horizontal().sum() == 0
    )
    assert pl.concat(form.read(path, ids={"P1"})).equals(table, null_equal=True)


def test_names_its_files_which_are_all_it_reads(name, tmp_path):
    form, path = load(CODE_FORMATS, name, "codes_format")(), EXAMPLES[name](tmp_path)
    files = form.files(path)
    assert files[0] == path
    assert {p for p in tmp_path.rglob("*") if p.is_file()} == set(files)
    assert form.files(str(tmp_path / "gone.csv")) == [tmp_path / "gone.csv"]


def test_can_be_laid_onto_frames(name, tmp_path):
    form, path = load(CODE_FORMATS, name, "codes_format")(), EXAMPLES[name](tmp_path)
    faces = faces_from_codes(*random_codes(N_FRAMES))
    table = pl.concat(
        import_codes([faces], form.read(path, ids={"P1"}), imported=Imported(), where=str(path))
    )
    check_table(table, "codes", name)
    assert np.flatnonzero(table["valid"]).tolist() == SEEN


def test_says_in_one_line_which_number_of_frame_is_beyond_the_video(name, tmp_path):
    form, path = load(CODE_FORMATS, name, "codes_format")(), EXAMPLES[name](tmp_path)
    faces = faces_from_codes(*random_codes(8))
    with pytest.raises(InputError, match=f"frame_id {9 + form.first_frame} .*has 8 frames") as error:
        list(
            import_codes(
                [faces],
                form.read(path, ids={"P1"}),
                imported=Imported(),
                where=str(path),
                first_frame=form.first_frame,
            )
        )
    assert "\n" not in str(error.value)


def test_a_missing_file_and_another_persons_are_one_line(name, tmp_path):
    form, path = load(CODE_FORMATS, name, "codes_format")(), EXAMPLES[name](tmp_path)
    cases = [(tmp_path / "absent.csv", {"P1"}, "absent")]
    if name not in NAMELESS:
        cases.append((path, {"P2"}, "none of 'P2'"))
    for wrong, ids, says in cases:
        with pytest.raises(InputError, match=says) as error:
            list(form.read(wrong, ids=ids))
        assert "\n" not in str(error.value)
