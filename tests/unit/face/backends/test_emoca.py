"""The emoca backend around its networks: order, pieces, crops, columns, failures. Networks: tests/unit/face/emoca."""

from __future__ import annotations

import gc
import logging
import threading

import numpy as np
import polars as pl
import pytest
from pydantic import ValidationError

from affectflow.errors import MissingDependencyError, TableError
from affectflow.face.backends import emoca
from affectflow.face.backends.emoca import EmocaBackend
from affectflow.face.backends.facemesh import FaceMeshBackend
from affectflow.face.emoca import crop_frames
from affectflow.face.emoca.points68 import tracked_points68
from affectflow.face.emoca.warp import crop_face
from affectflow.face.emoca.whole import whole_picture
from affectflow.face.extract_codes import PIECE_ROWS, extract_codes
from affectflow.io.tables import check_table
from affectflow.schema import CODES, EXP, MEASURES, N_LANDMARKS, POSE
from tests.support.crop_spaces import unit_to_index
from tests.support.synth_faces import faces_from_codes, random_codes
from tests.support.synth_flame import synth_flame
from tests.support.tiny_emoca import TinyEncoders, moving_picture

N_FRAMES = 30
GAPS = (0, 7, 8, 29)
PARAMETERS = ["shape", "tex", "cam", "light", "detail"]


@pytest.fixture(autouse=True)
def tiny(monkeypatch):
    monkeypatch.setattr(emoca, "Encoders", TinyEncoders)
    yield
    gc.collect()
    left = [t.name for t in threading.enumerate() if t.name.startswith(("take_ahead", "work_ahead"))]
    assert left == []


@pytest.fixture(scope="module")
def faces() -> pl.DataFrame:
    return faces_from_codes(*random_codes(N_FRAMES, seed=3), gaps=GAPS)


class Frames:
    """Decoded frames of a faces table; counts whose pixels were asked for."""

    def __init__(self, n: int, *, first: int = 0, fail_at: int | None = None) -> None:
        self.n, self.first, self.fail_at = n, first, fail_at
        self.seen: list[int] = []
        self.decoded = 0

    def __iter__(self):
        for i in range(self.first, self.n):
            if i == self.fail_at:
                raise OSError(f"frame {i} cannot be decoded")
            self.decoded += 1
            yield _Frame(i, self.seen)


class _Frame:
    def __init__(self, frame_id: int, seen: list[int]) -> None:
        self.frame_id, self._seen = frame_id, seen

    @property
    def rgb(self) -> np.ndarray:
        self._seen.append(self.frame_id)
        return moving_picture(self.frame_id, width=640, height=360)


def backend_of(**options) -> EmocaBackend:
    return EmocaBackend.load(synth_flame(), options={"threads": 2, **options})


def codes_of(faces: pl.DataFrame, backend: EmocaBackend, frames=None, *, done_rows: int = 0) -> pl.DataFrame:
    frames = Frames(faces.height) if frames is None else frames
    pieces = list(extract_codes(faces.iter_slices(11), backend, frames=frames, done_rows=done_rows))
    return pl.concat(pieces) if pieces else CODES.empty()


def expected_codes(faces: pl.DataFrame) -> dict[str, np.ndarray]:
    """Codes made one frame after the other, without threads."""
    landmarks = faces.filter("valid")["landmarks_px"].to_numpy().reshape(-1, N_LANDMARKS, 3)
    ids = faces.filter("valid")["frame_id"].to_list()
    crops = [
        crop_face(moving_picture(i, width=640, height=360), tracked_points68(points))
        for i, points in zip(ids, landmarks, strict=True)
    ]
    return TinyEncoders(detail=True).encode(np.stack([crop.rgb for crop in crops]))


@pytest.mark.parametrize("threads", [1, 4])
@pytest.mark.parametrize("batch_size", [1, 5, 64])
def test_each_row_has_the_codes_of_its_own_frame(faces, threads, batch_size):
    codes = codes_of(faces, backend_of(threads=threads, batch_size=batch_size))
    assert codes["valid"].to_list() == [i not in GAPS for i in range(N_FRAMES)]
    seen, expected = codes.filter("valid"), expected_codes(faces)
    np.testing.assert_allclose(seen.select(EXP).to_numpy(), expected["exp"], atol=1e-6)
    np.testing.assert_allclose(seen.select(POSE).to_numpy(), expected["pose"], atol=1e-6)
    assert seen["score"].equals(faces.filter("valid")["score"])


def test_further_columns_on_request(faces):
    codes = codes_of(faces, backend_of(parameters=PARAMETERS))
    check_table(codes, "codes", "here")
    expected = expected_codes(faces)
    widths = {"shape": 100, "tex": 50, "cam": 3, "light": 27, "detail": 128}
    for name, width in widths.items():
        columns = [c for c in codes.columns if c.startswith(f"{name}_") and c not in CODES.names]
        assert len(columns) == width
        np.testing.assert_allclose(
            codes.filter("valid").select(columns).to_numpy(), expected[name], atol=1e-6, err_msg=name
        )
    assert {"shape_00", "shape_99", "cam_02", "light_26", "detail_000", "detail_127"} <= set(codes.columns)
    assert set(codes_of(faces, backend_of(parameters=["cam"])).columns) - set(CODES.names) == {
        "cam_00",
        "cam_01",
        "cam_02",
    }
    assert codes_of(faces, backend_of()).columns == CODES.names


def test_detail_if_the_weights_have_it(faces, caplog):
    """For pictures: a coarse checkpoint has none, and gives pictures without wrinkles."""
    caplog.set_level(logging.WARNING, "affectflow")
    options = {"threads": 2, "parameters": ["cam"], "parameters_if_there": ["detail"]}
    coarse = codes_of(faces, EmocaBackend.load(synth_flame(), options=options))
    assert {c for c in coarse.columns if c not in CODES.names} == {"cam_00", "cam_01", "cam_02"}
    assert "hold no E_detail (a coarse checkpoint)" in caplog.text
    caplog.clear()
    whole = {**synth_flame(), "E_detail.layers.2.bias": np.zeros(128, np.float32)}
    codes = codes_of(faces, EmocaBackend.load(whole, options=options))
    assert sum(c.startswith("detail_") for c in codes.columns) == 128
    assert caplog.text == ""
    twice = EmocaBackend.load(whole, options={**options, "parameters": PARAMETERS})
    assert len(set(codes_of(faces, twice).columns)) == len(codes_of(faces, twice).columns)


def test_measures_are_those_of_the_tracked_landmarks(faces):
    codes = codes_of(faces, backend_of())
    theirs = pl.concat(extract_codes([faces], FaceMeshBackend.load()))
    assert codes.select(MEASURES).equals(theirs.select(MEASURES))


def test_landmarks_go_back_into_the_picture_through_the_stored_square(faces):
    """centre + size / 2 * unit is the reference's own way back (crop pixels of 224 on a square of 223) + 0.5."""
    codes = codes_of(faces, backend_of()).filter("valid")
    landmarks = faces.filter("valid")["landmarks_px"].to_numpy().reshape(-1, N_LANDMARKS, 3)
    crop = crop_face(moving_picture(0, width=640, height=360), tracked_points68(landmarks[0]))
    row = codes.row(0, named=True)
    unit = np.stack([row["l68_x"], row["l68_y"]], axis=1).astype(np.float64)
    stored = np.array([row["crop_x_px"], row["crop_y_px"]]) + row["crop_size_px"] / 2 * unit
    np.testing.assert_allclose(stored, unit_to_index(unit, crop.centre, crop.size) + 0.5, atol=1e-3)
    # The synthetic head fills its crop about as a real one does.
    assert np.abs(unit).max() < 1.2
    assert np.ptp(unit[:, 1]) > 0.8
    assert codes["l68_visible"].to_numpy().mean() > 0.5


def test_only_frames_with_a_face_are_looked_at(faces):
    frames = Frames(N_FRAMES)
    codes_of(faces, backend_of(), frames)
    assert sorted(frames.seen) == [i for i in range(N_FRAMES) if i not in GAPS]


def test_a_face_that_cannot_be_cropped_has_no_code(faces):
    away = faces.with_columns(
        pl.when(pl.col("frame_id") == 5)
        .then(pl.Series([[5000.0 + i for i in range(N_LANDMARKS * 3)]] * N_FRAMES))
        .otherwise(pl.col("landmarks_px"))
        .cast(pl.Array(pl.Float32, N_LANDMARKS * 3))
        .alias("landmarks_px")
    )
    codes = codes_of(away, backend_of())
    assert not codes["valid"][5]
    row = codes.row(5, named=True)
    assert {row[c.name] for c in CODES.columns if c.nullable} == {None}
    whole = codes_of(faces, backend_of())
    others = pl.col("frame_id") != 5
    assert codes.filter(others).equals(whole.filter(others))


def test_a_long_recording_can_go_on_at_any_piece(monkeypatch):
    monkeypatch.setattr("affectflow.face.extract_codes.PIECE_ROWS", 10)
    faces = faces_from_codes(*random_codes(34, seed=8), gaps=(3, 20))
    whole = list(extract_codes(faces.iter_slices(7), backend_of(), frames=Frames(34)))
    assert [piece.height for piece in whole] == [10, 10, 10, 4]
    for n_done in range(5):
        frames = Frames(34)
        done_rows = min(10 * n_done, 34)
        rest = list(extract_codes(faces.iter_slices(9), backend_of(), frames=frames, done_rows=done_rows))
        assert len(rest) == len(whole) - n_done
        assert all(a.equals(b) for a, b in zip(rest, whole[n_done:], strict=True))
        assert frames.decoded == (34 if rest else 0)
        assert all(i >= done_rows for i in frames.seen)


def test_at_most_a_thousand_frames_or_so_are_lost():
    assert PIECE_ROWS <= 1024


def test_passes_end_with_their_piece(monkeypatch, faces):
    """What a network gives may depend, in its last digit, on what else is in the pass."""
    monkeypatch.setattr("affectflow.face.extract_codes.PIECE_ROWS", 12)
    backend = backend_of(batch_size=8)
    codes_of(faces, backend)
    assert backend._encoders.passes == [8, 1, 8, 4, 5]


@pytest.mark.parametrize("at", [0, 13])
def test_a_frame_that_cannot_be_decoded_ends_it(faces, at):
    with pytest.raises(OSError, match=f"frame {at} cannot be decoded"):
        codes_of(faces, backend_of(), Frames(N_FRAMES, fail_at=at))


def test_a_crop_that_fails_ends_it(monkeypatch, faces):
    def broken(*_, **__):
        raise MemoryError("no room for a crop")

    monkeypatch.setattr(crop_frames, "crop_face", broken)
    with pytest.raises(MemoryError, match="no room"):
        codes_of(faces, backend_of())


def test_networks_that_fail_end_it(monkeypatch, faces):
    def broken(self, crops):
        raise RuntimeError("device lost")

    monkeypatch.setattr(TinyEncoders, "encode", broken)
    with pytest.raises(RuntimeError, match="device lost"):
        codes_of(faces, backend_of())


def test_who_stops_early_leaves_no_thread(faces, monkeypatch):
    monkeypatch.setattr("affectflow.face.extract_codes.PIECE_ROWS", 5)
    endless = Frames(10**9)
    stream = extract_codes(faces.iter_slices(11), backend_of(), frames=endless)
    next(stream)
    stream.close()
    assert endless.decoded < N_FRAMES


@pytest.mark.parametrize(
    ("frames", "what"),
    [
        (Frames(20), "frame 20, its video ends before"),
        (Frames(30, first=1), "frame 0, its video goes on with frame 1"),
    ],
)
def test_a_video_of_other_frames_is_refused(faces, frames, what):
    with pytest.raises(TableError, match=rf"recording rec: the faces table has {what}.*Re-run"):
        codes_of(faces, backend_of(), frames)


def test_points_of_face_alignment_are_found_one_at_a_time(monkeypatch, faces):
    busy = threading.Lock()

    class Finder:
        def __init__(self, *, device):
            assert device == "cpu"

        def find(self, rgb, box_px):
            assert busy.acquire(blocking=False), "two threads at once"
            x0, y0, x1, y1 = box_px
            busy.release()
            # No face where the box's left edge is an even number.
            return (
                None
                if int(x0) % 2 == 0
                else np.column_stack([np.linspace(x0, x1, 68), np.linspace(y0, y1, 68)])
            )

    monkeypatch.setattr(crop_frames, "FaceAlignmentPoints", Finder)
    codes = codes_of(faces, backend_of(points="face_alignment", threads=4))
    even = (faces["x0_px"].cast(pl.Int64, strict=False) % 2 == 0).fill_null(True)
    assert codes["valid"].equals((faces["valid"] & ~even).alias("valid"))
    assert 0 < codes["valid"].sum() < codes.height


def test_networks_are_not_read_for_meshes():
    class Heads(dict):
        def __getitem__(self, name):
            assert name.startswith("flame."), f"{name} was read"
            return super().__getitem__(name)

    heads = Heads({**synth_flame(), "E_flame.encoder.conv1.weight": None})
    assert EmocaBackend.load(heads).mesh(*random_codes(2)).shape == (2, 5023, 3)


def test_the_head_stays_in_the_middle_however_it_turns():
    backend = backend_of()
    pose = np.zeros((5, 6))
    pose[1:, :3] = [(0.6, 0, 0), (0, 0.8, 0), (0, 0, 0.5), (0.3, -0.6, 0.2)]
    heads = backend.mesh(np.zeros((5, 50)), pose)
    template = synth_flame()["flame.v_template"] * 100
    middle = (template.min(axis=0) + template.max(axis=0)) / 2
    np.testing.assert_allclose(heads[0], template - middle, atol=1e-3)
    rigid = heads[0] @ emoca.rotation_matrices(emoca.torch.tensor(pose[:, :3])).numpy().swapaxes(1, 2)
    np.testing.assert_allclose(heads, rigid, atol=1e-3)


def test_meshes_of_many_codes_are_those_of_each(monkeypatch):
    exp, pose = random_codes(7, seed=2)
    whole = backend_of().mesh(exp, pose)
    monkeypatch.setattr(emoca, "CHUNK_MESHES", 3)
    np.testing.assert_allclose(backend_of().mesh(exp, pose), whole, atol=1e-4)


def test_without_weights_it_says_what_to_do():
    with pytest.raises(MissingDependencyError, match="affectflow convert-weights emoca"):
        EmocaBackend.load(None)


def test_wrong_options_are_refused():
    with pytest.raises(ValidationError):
        EmocaBackend.load(synth_flame(), options={"precission": "float32"})
    with pytest.raises(ValidationError):
        EmocaBackend.load(synth_flame(), options={"parameters": ["shpe"]})


def test_the_log_tells_how_it_ran(faces, caplog):
    with caplog.at_level(logging.INFO, logger="affectflow"):
        codes_of(faces, backend_of(batch_size=4))
    line = next(r.getMessage() for r in caplog.records if r.getMessage().startswith("emoca:"))
    assert "30 frames, 26 with a face" in line
    assert "on cpu in float32, 4 crops per pass" in line


def test_torch_has_its_threads_back(faces):
    before = emoca.torch.get_num_threads()
    codes_of(faces, backend_of(threads=before + 1))
    assert emoca.torch.get_num_threads() == before


def test_whole_pictures_are_coded_without_any_face():
    frames = Frames(7)
    made = pl.concat(list(backend_of(batch_size=3, parameters=["detail"]).extract_whole(frames)))
    assert made["frame_id"].to_list() == list(range(7))
    assert made["valid"].all()
    seen = [whole_picture(moving_picture(i, width=640, height=360)) for i in range(7)]
    expected = TinyEncoders(detail=True).encode(np.stack(seen))
    np.testing.assert_allclose(made.select(EXP).to_numpy(), expected["exp"], atol=1e-6)
    np.testing.assert_allclose(made.select(POSE).to_numpy(), expected["pose"], atol=1e-6)
    assert made["detail_127"].to_list() == pytest.approx(expected["detail"][:, 127].tolist(), abs=1e-6)


def test_a_crop_of_the_networks_size_is_left_as_it_is_and_others_are_stretched_corner_to_corner():
    crop = np.random.default_rng(1).integers(0, 256, (224, 224, 3), dtype=np.uint8)
    assert (whole_picture(crop) == crop).all()
    ramp = np.zeros((11, 21, 3), np.uint8) + np.arange(0, 210, 10, dtype=np.uint8)[None, :, None]
    made = whole_picture(ramp)
    assert made.shape == (224, 224, 3)
    # Corner pixels onto corner pixels: a straight line from the first to the last.
    assert np.abs(made[100, :, 1] - np.linspace(0, 200, 224)).max() <= 0.5
