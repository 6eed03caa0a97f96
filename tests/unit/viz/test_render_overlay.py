"""Overlay videos: layout, what is painted where, times, frames without a face."""

from __future__ import annotations

import re
from fractions import Fraction

import av
import numpy as np
import polars as pl
import pytest
from scipy.spatial.transform import Rotation

from affectflow.errors import TableError
from affectflow.io.tables import write_table
from affectflow.io.video import read_frames
from affectflow.io.video_writer import VideoWriter
from affectflow.schema import EXP, POSE
from affectflow.viz import draw
from affectflow.viz.hud import N_TOP, Hud, signed, strongest
from affectflow.viz.overlay_layout import overlay_layout
from affectflow.viz.render_overlay import FRAMES_AHEAD, render_overlay
from affectflow.viz.series import code_series, head_angles
from tests.support.scripts import run_script
from tests.support.synth_codes import GROUND, BallMaker, codes_table, faces_table, plain_frames

TIMES = np.cumsum([0, 0.04, 0.04, 0.12, 0.2, 0.04, 0.04, 0.3, 0.04, 0.5])
LOST = np.isin(np.arange(10), [3, 4])
LAYOUT = overlay_layout(320, 240)


def near(picture: np.ndarray, colour: tuple[int, int, int], *, within: int = 12) -> np.ndarray:
    """Where a picture has about a colour, (height, width) bool."""
    return (np.abs(picture.astype(int) - colour) <= within).all(axis=2)


def rendered(
    codes: pl.DataFrame,
    faces: pl.DataFrame | None = None,
    *,
    frames=None,
    layout=LAYOUT,
    maker=None,
    **options,
) -> list[tuple[np.ndarray, float]]:
    series = code_series(codes)
    return list(
        render_overlay(
            plain_frames(series.time_s) if frames is None else frames,
            series,
            faces_table(codes) if faces is None else faces,
            maker or BallMaker(),
            layout=layout,
            recording_id="S01_a",
            **options,
        )
    )


def middle_of(mask: np.ndarray) -> tuple[float, float]:
    """Middle of the box around what is true, x and y of pixel centres."""
    y, x = np.nonzero(mask)
    return (x.min() + x.max()) / 2, (y.min() + y.max()) / 2


def left_of(picture: np.ndarray) -> np.ndarray:
    return picture[: LAYOUT.pane_px, : LAYOUT.left_px]


def pane_of(picture: np.ndarray) -> np.ndarray:
    return picture[: LAYOUT.pane_px, LAYOUT.left_px :]


@pytest.mark.parametrize(
    ("size", "frame"),
    [
        ((640, 360), (640, 360)),
        ((320, 240), (480, 360)),
        ((360, 640), (202, 360)),
        ((1920, 1080), (640, 360)),
        ((3000, 500), (960, 160)),
        ((33, 1001), (12, 360)),
    ],
)
@pytest.mark.parametrize("pane_px", [360, 721])
def test_layout_is_even_and_holds_the_frame(size, frame, pane_px):
    layout = overlay_layout(*size, pane_px=pane_px)
    assert layout.width_px % 2 == layout.height_px % 2 == 0
    assert layout.frame_px[0] <= layout.left_px
    assert layout.frame_px[1] <= layout.pane_px
    assert layout.width_px >= 840 * layout.zoom - 1
    if pane_px == 360:
        assert layout.frame_px == frame


def test_every_frame_is_shown_at_its_own_time():
    pictures = rendered(codes_table(TIMES, lost=LOST))
    assert [t for _, t in pictures] == TIMES.tolist()
    assert {p.shape for p, _ in pictures} == {(LAYOUT.height_px, LAYOUT.width_px, 3)}
    assert {p.dtype for p, _ in pictures} == {np.dtype(np.uint8)}


def test_any_number_of_threads_gives_the_same_pictures():
    codes = codes_table(TIMES, lost=LOST)
    one, two = rendered(codes), rendered(codes, threads=2)
    assert all((a == b).all() and s == t for (a, s), (b, t) in zip(one, two, strict=True))


def test_the_jaw_can_be_opened_wider_than_coded_and_the_picture_says_so():
    class Recorder(BallMaker):
        """Keeps the poses it is asked for."""

        def mesh(self, exp, pose):
            self.pose = pose
            return super().mesh(exp, pose)

    codes, recorder = codes_table(TIMES), Recorder()
    plain = rendered(codes)
    wide = rendered(codes, maker=recorder, jaw_gain=2.5)
    coded = codes.select(POSE).to_numpy()
    np.testing.assert_allclose(recorder.pose[:, :3], coded[:, :3])
    np.testing.assert_allclose(recorder.pose[:, 3:], 2.5 * coded[:, 3:], rtol=1e-6)
    differing = np.nonzero((pane_of(plain[0][0]) != pane_of(wide[0][0])).any(axis=(1, 2)))[0]
    assert differing.size, "the label tells the gain"
    assert differing.min() > LAYOUT.pane_px - 30 * LAYOUT.zoom


def test_inputs_stay_as_they_are():
    codes = codes_table(TIMES, lost=LOST)
    before, frames = codes.clone(), plain_frames(TIMES)
    rendered(codes, frames=frames)
    assert codes.equals(before)
    assert (frames[0].rgb == GROUND).all()


def test_landmarks_lie_where_the_codes_say():
    """The ring of 68 points has 36 pixels radius around the crop's centre, scaled 1.5 times."""
    codes = codes_table(TIMES)
    for row in (0, 9):
        picture = left_of(rendered(codes)[row][0])[:330]
        centre = codes["crop_x_px"][row] * 1.5 - 0.5, codes["crop_y_px"][row] * 1.5 - 0.5
        for colour, radius in ((draw.ORANGE, 54), (draw.SKY, 27)):
            mask = near(picture, colour)
            assert middle_of(mask) == pytest.approx(centre, abs=0.8)
            y, x = np.nonzero(mask)
            assert np.hypot(x - centre[0], y - centre[1]) == pytest.approx(radius, abs=3)


def test_narrow_frames_are_centred_with_their_landmarks():
    layout = overlay_layout(120, 240)
    codes = codes_table(TIMES, crop_x_px=np.full(10, 60.0), crop_size_px=np.full(10, 60.0))
    frames = plain_frames(TIMES, width=120, height=240)
    picture = rendered(codes, frames=frames, layout=layout)[0][0][: layout.pane_px, : layout.left_px]
    middle = middle_of(near(picture, draw.ORANGE)[:330])
    assert middle == pytest.approx((layout.left_px / 2 - 0.5, 179.5), abs=0.8)
    assert (picture[180, :140] == draw.BLACK).all()
    assert near(picture, GROUND, within=2)[180, 160]


def test_a_frame_without_a_face_says_so_and_shows_the_grey_rest():
    pictures = [p for p, _ in rendered(codes_table(TIMES, lost=LOST))]
    for row, picture in enumerate(pictures):
        assert near(left_of(picture), draw.ORANGE)[:330].any() != LOST[row]
        assert near(left_of(picture)[330:], draw.VERMILLION).any() == LOST[row]
    lost = pane_of(pictures[3])
    assert np.ptp(lost[180, 180].astype(int)) < 15  # grey
    assert np.ptp(pane_of(pictures[2])[180, 180].astype(int)) > 20  # bluish
    assert (pane_of(pictures[4]) == lost).all()


def test_a_recording_without_any_face():
    pictures = rendered(codes_table(TIMES, lost=np.ones(10, bool)))
    assert len(pictures) == 10
    assert not any(near(left_of(p), draw.ORANGE).any() for p, _ in pictures)


def test_the_mesh_is_that_of_the_frame():
    """The stand-in's ball grows with exp_00 and moves with pose_00."""
    grows = np.linspace(-4, 1, 10)
    codes = codes_table(TIMES, exp_00=grows, pose_00=np.zeros(10))
    widths = []
    for picture, _ in rendered(codes):
        row = pane_of(picture)[180].astype(int).sum(axis=1)
        widths.append(np.count_nonzero(np.abs(row - row[0]) > 12))
    assert (np.diff(widths) > 0).all()


def test_meshes_are_made_block_by_block(monkeypatch):
    """Few calls of the backend, and every frame still gets its own mesh."""
    codes = codes_table(np.arange(20) / 25, exp_00=np.linspace(-4, 1, 20), pose_00=np.zeros(20))
    series, maker = code_series(codes), BallMaker()

    def pictures() -> list[np.ndarray]:
        frames = plain_frames(series.time_s)
        made = render_overlay(frames, series, faces_table(codes), maker, layout=LAYOUT, recording_id="S01_a")
        return [p for p, _ in made]

    whole = pictures()
    maker.n_calls = 0
    monkeypatch.setattr("affectflow.viz.render_overlay.MESH_BLOCK", 8)
    assert all((a == b).all() for a, b in zip(whole, pictures(), strict=True))
    assert maker.n_calls == 1 + 3
    assert not (pane_of(whole[7]) == pane_of(whole[8])).all()


def test_boxes_of_all_faces_are_marked():
    codes = codes_table(TIMES)
    faces = faces_table(codes)
    shift = [(pl.col(c) + 60).alias(c) for c in ("y0_px", "y1_px")]
    second = faces.with_columns(pl.lit(1, pl.Int32).alias("track_id"), pl.lit(False).alias("primary"), *shift)
    x = round((codes["crop_x_px"][0] - 50) * 1.5) + 5
    one, two = rendered(codes)[0][0], rendered(codes, pl.concat([faces, second]))[0][0]
    assert near(one, draw.WHITE, within=90)[103:108, x].any()
    assert not near(one, draw.GREY, within=60)[193:198, x].any()
    assert near(two, draw.GREY, within=60)[193:198, x].any()


def test_without_the_backend_landmarks_are_drawn_and_the_pane_says_why_it_is_empty():
    codes = codes_table(TIMES, lost=LOST)
    series = code_series(codes)
    options = {"layout": LAYOUT, "recording_id": "S01_a"}
    alone = list(
        render_overlay(plain_frames(series.time_s), series, faces_table(codes), None, threads=2, **options)
    )
    for (picture, time_s), (expected, _) in zip(alone, rendered(codes), strict=True):
        assert time_s in series.time_s
        assert np.array_equal(left_of(picture), left_of(expected))
        pane = pane_of(picture)
        written = np.flatnonzero((pane != pane[0, 0]).any(axis=(1, 2)))
        assert written.size, "nothing says why there is no mesh"
        assert written.min() > LAYOUT.pane_px - 20 * LAYOUT.zoom


def test_codes_without_crop_landmarks_and_score_are_shown_as_numbers():
    """Imported codes have none of them in a frame where our own tracking lost the face."""
    unknown = [
        "score",
        "crop_x_px",
        "crop_y_px",
        "crop_size_px",
        "ear_left",
        "ear_right",
        "smile",
        "l68_x",
        "mp_x",
    ]
    whole = codes_table(TIMES)
    bare = whole.with_columns(
        pl.when(pl.col("frame_id") == 5).then(None).otherwise(pl.col(c)).alias(c) for c in unknown
    )
    pictures, expected = rendered(bare, faces_table(whole)), rendered(whole)
    assert not near(left_of(pictures[5][0]), draw.ORANGE)[30:-30].any()
    assert near(left_of(expected[5][0]), draw.ORANGE)[30:-30].any()
    assert np.array_equal(pane_of(pictures[5][0]), pane_of(expected[5][0]))
    assert np.array_equal(left_of(pictures[6][0]), left_of(expected[6][0]))


def test_codes_without_expression_have_no_mesh_but_the_head_and_what_was_measured():
    whole = codes_table(TIMES, lost=LOST)
    no_codes = [pl.lit(None, pl.Float32).alias(c) for c in (*EXP, *POSE[3:])]
    series = code_series(whole.with_columns(no_codes))
    assert np.array_equal(series.angles_deg[:, :3], code_series(whole).angles_deg[:, :3], equal_nan=True)
    assert np.isnan(series.angles_deg[:, 3]).all()
    bare, expected = rendered(whole.with_columns(no_codes)), rendered(whole)
    for (picture, _), (other, _) in zip(bare, expected, strict=True):
        assert np.array_equal(left_of(picture), left_of(other))
        pane = pane_of(picture)
        written = np.flatnonzero((pane != pane[0, 0]).any(axis=(1, 2)))
        assert written.size, "nothing says why there is no mesh"
        assert written.min() > LAYOUT.pane_px - 20 * LAYOUT.zoom


@pytest.mark.parametrize("simulated", [True, False])
def test_simulated_recordings_are_labelled(simulated):
    for picture, _ in rendered(codes_table(TIMES, lost=LOST), simulated=simulated):
        assert (np.count_nonzero(near(left_of(picture)[:22], draw.YELLOW)) > 200) == simulated


def test_memory_does_not_grow_with_the_video():
    """Frames are taken from the reader only as far as needed."""
    codes = codes_table(np.arange(24) / 25)
    frames = plain_frames(np.arange(24) / 25)
    taken = []

    def reader():
        for frame in frames:
            taken.append(frame.frame_id)
            yield frame

    series = code_series(codes)
    pictures = render_overlay(
        reader(), series, faces_table(codes), BallMaker(), layout=LAYOUT, recording_id="x", threads=2
    )
    for n, _ in enumerate(pictures, start=1):
        assert len(taken) <= n + FRAMES_AHEAD


@pytest.mark.parametrize("threads", [1, 2])
def test_a_frame_the_codes_do_not_know_is_an_error(threads):
    codes = codes_table(TIMES)
    with pytest.raises(TableError, match=r"recording S01_a: frame 9 .* no row .*9 rows.*Re-run"):
        rendered(codes.head(9), frames=plain_frames(TIMES), threads=threads)
    with pytest.raises(TableError, match=r"frame 5 is shown at 0.450 s, its codes say 0.430 s"):
        moved = codes.with_columns(
            pl.when(pl.col("frame_id") == 5).then(pl.col("time_s") - 0.01).otherwise("time_s").alias("time_s")
        )
        rendered(moved, frames=plain_frames(np.where(np.arange(10) == 5, 0.45, moved["time_s"].to_numpy())))


class TestNumbers:
    @pytest.mark.parametrize(
        ("axis", "angles"), [((0, 20, 0), (20, 0, 0)), ((15, 0, 0), (0, 15, 0)), ((0, 0, -30), (0, 0, -30))]
    )
    def test_single_angles(self, axis, angles):
        pose = np.radians([[*axis, 12, 0, 0]])
        assert head_angles(pose)[0] == pytest.approx((*angles, 12), abs=1e-9)

    def test_directions(self):
        """Yaw takes the nose to the picture's right, pitch takes it down, roll takes the top to the left."""
        nose, top = np.array([0, 0, 1]), np.array([0, 1, 0])
        turn = Rotation.from_euler("YXZ", [20, 10, 5], degrees=True)
        assert head_angles(np.concatenate([turn.as_rotvec(), np.zeros(3)])[None])[0, :3] == pytest.approx(
            (20, 10, 5)
        )
        x, y, _ = turn.apply(nose)
        assert x > 0 > y
        assert Rotation.from_euler("Z", 5, degrees=True).apply(top)[0] < 0

    def test_missing_stays_missing(self):
        pose = np.array([[0.1] * 6, [np.nan] * 6])
        assert np.isfinite(head_angles(pose)[0]).all()
        assert np.isnan(head_angles(pose)[1]).all()
        series = code_series(codes_table(TIMES, lost=LOST))
        for values in (series.exp, series.ear, series.landmarks_68, series.landmarks_105, series.score):
            assert (np.isnan(values).reshape(10, -1).all(axis=1) == LOST).all()

    def test_strongest_are_the_largest_by_size(self):
        series = code_series(
            codes_table(np.arange(100) / 25, exp_07=np.full(100, -30.0), exp_21=np.full(100, 20.0))
        )
        assert strongest(series).shape == (100, N_TOP)
        assert (strongest(series)[:, :2] == [7, 21]).all()

    def test_shut_eyes_are_marked(self):
        time_s = np.arange(50) / 25
        series = code_series(codes_table(time_s))
        hud = Hud(series, width_px=840)
        strip = np.empty((hud.height_px, 840, 3), np.uint8)
        for row in (10, 25):
            hud.paint(strip, row)
            assert (near(strip, draw.YELLOW).sum() > 50) == (row == 25) == bool(series.blink[row])

    def test_bars_follow_the_numbers(self):
        codes = codes_table(
            np.arange(50) / 25, exp_03=np.linspace(-60, 60, 50), pose_01=np.linspace(-0.7, 0.7, 50)
        )
        series = code_series(codes)
        hud = Hud(series, width_px=840)
        strip = np.empty((hud.height_px, 840, 3), np.uint8)
        for row, colour, other in ((0, draw.VERMILLION, draw.SKY), (49, draw.SKY, draw.VERMILLION)):
            hud.paint(strip, row)
            # The first row of bars: yaw on the left, the strongest coefficient beside it.
            for columns in (slice(52, 140), slice(262, 348)):
                bar = strip[22:34, columns]
                assert near(bar, colour).sum() > 100
                assert not near(bar, other).any()

    def test_writing_of_numbers(self):
        assert [signed(v, 1, "°") for v in (1.25, -3.0, np.nan)] == ["+1.2°", "−3.0°", "–"]


class TestDraw:
    def test_text_is_cut_at_the_edge_and_anchored(self):
        for x, y in ((-20, 5), (95, 5), (50, -4), (50, 48), (500, 500)):
            picture = np.zeros((50, 100, 3), np.uint8)
            draw.draw_text(picture, "Grüße 12°", x, y, size=12)
        picture = np.zeros((50, 200, 3), np.uint8)
        draw.draw_text(picture, "left", 100, 25, size=12)
        assert not picture[:, :98].any()
        picture = np.zeros((50, 200, 3), np.uint8)
        draw.draw_text(picture, "right", 100, 25, size=12, anchor="right")
        assert not picture[:, 102:].any()
        assert picture[20:30, 60:100].any()

    def test_lines_have_gaps_where_values_are_missing(self):
        picture = np.zeros((20, 100, 3), np.uint8)
        y = np.full(100, 10.0)
        y[40:60] = np.nan
        draw.draw_line(picture, np.arange(100.0), y, (255, 255, 255))
        assert picture[10, 5:38].any(axis=1).all()
        assert not picture[:, 42:58].any()

    def test_landmarks_far_outside_do_no_harm(self):
        picture = np.zeros((50, 50, 3), np.uint8)
        draw.draw_landmarks(picture, np.full((68, 2), 1e9, np.float32), np.full((105, 2), -1e9, np.float32))
        draw.draw_landmarks(
            picture, np.full((68, 2), np.nan, np.float32), np.full((105, 2), np.nan, np.float32)
        )
        assert not picture.any()


def write_clip(path, frames) -> None:
    with VideoWriter(path, 320, 240, time_base=Fraction(1, 1000)) as writer:
        for frame in frames:
            writer.write(frame.rgb, frame.time_s)


@pytest.mark.parametrize("simulated", [True, False])
def test_the_script_writes_a_video_with_the_times_of_the_source(tmp_path, simulated):
    codes = codes_table(TIMES, lost=LOST)
    write_clip(tmp_path / "in.mp4", plain_frames(TIMES))
    write_table(codes, tmp_path / "codes.parquet", "codes")
    write_table(faces_table(codes), tmp_path / "faces.parquet", "faces")

    def run(name: str, threads: int):
        run_script(
            "render_overlay",
            tmp_path,
            inputs={
                k: tmp_path / f
                for k, f in (("video", "in.mp4"), ("codes", "codes.parquet"), ("faces", "faces.parquet"))
            },
            outputs={"video": tmp_path / name},
            params={
                "backend": "facemesh",
                "weights": "resources/models/facemesh",
                "height_px": 240,
                "crf": 23,
                "jaw_gain": 1.0,
                "mesh": True,
                "close_below": 0.65,
                "open_above": 0.8,
                "simulated": simulated,
            },
            wildcards={"recording_id": "S01_a"},
            threads=threads,
        )
        return tmp_path / name

    one, two = run("one.mp4", 1), run("two.mp4", 2)
    assert one.read_bytes() == two.read_bytes()
    assert [f.time_s for f in read_frames(one)] == pytest.approx(TIMES.tolist(), abs=1e-9)
    with av.open(str(one)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert ("simulated by affectflow" in container.metadata.get("comment", "")) == simulated
    head = one.read_bytes()
    assert head.index(b"moov") < head.index(b"mdat")  # starts to play before it is loaded


def test_the_script_says_in_one_line_what_does_not_fit(tmp_path, capsys):
    codes = codes_table(TIMES)
    write_clip(tmp_path / "in.mp4", plain_frames(TIMES))
    write_table(codes.head(5), tmp_path / "codes.parquet", "codes")
    write_table(faces_table(codes), tmp_path / "faces.parquet", "faces")
    with pytest.raises(SystemExit) as left:
        run_script(
            "render_overlay",
            tmp_path,
            inputs={
                k: tmp_path / f
                for k, f in (("video", "in.mp4"), ("codes", "codes.parquet"), ("faces", "faces.parquet"))
            },
            outputs={"video": tmp_path / "out.mp4"},
            params={
                "backend": "facemesh",
                "weights": "",
                "height_px": 240,
                "crf": 23,
                "jaw_gain": 1.0,
                "mesh": True,
                "close_below": 0.65,
                "open_above": 0.8,
                "simulated": False,
            },
            wildcards={"recording_id": "S01_a"},
        )
    assert left.value.code == 1
    assert re.fullmatch(
        r"affectflow render_overlay: recording S01_a: frame 5 [^\n]*\n", capsys.readouterr().err
    )
    assert [p.name for p in tmp_path.glob("*.mp4")] == ["in.mp4"]
