"""Videos of expressions: lists, diagram and cursor, times, frames without a face."""

from __future__ import annotations

import re
from fractions import Fraction

import av
import numpy as np
import polars as pl
import pytest

from affectflow.config.expressions import Expressions
from affectflow.errors import TableError
from affectflow.face.expressions.mapping import EXPRESSIONS
from affectflow.face.extract_units import extract_units
from affectflow.face.map_expressions import map_expressions
from affectflow.face.track_faces import track_faces
from affectflow.face.units.geometric import GeometricUnits
from affectflow.io.tables import write_table
from affectflow.io.video import read_frames
from affectflow.io.video_writer import VideoWriter
from affectflow.viz import draw
from affectflow.viz.expression_diagram import Diagram
from affectflow.viz.expression_frames import expression_frames
from affectflow.viz.expression_layout import expression_layout
from affectflow.viz.expression_lists import (
    PAPER,
    TRACK,
    UNIT_NAMES,
    ScoreList,
    UnitList,
    ink_on,
    intensity_colours,
)
from affectflow.viz.expression_series import COLOURS, expression_series
from affectflow.viz.frame_pane import BOX_COLUMNS
from affectflow.viz.moments import MOST_MOMENTS
from affectflow.viz.render_expressions import render_expressions
from tests.support.scripts import run_script
from tests.support.synth_codes import GROUND, codes_table, faces_table, plain_frames
from tests.support.synth_faces import faces_from_codes, random_codes
from tests.support.synth_units import told, units_table

STORY = [("neutral", 1), ("sad", 2), ("gone", 1), ("happy", 2), ("neutral", 1)]
FPS = 10.0
LAYOUT = expression_layout(320, 240)
# How the tables of `tables` were made.
MADE = {"time_constant_s": 0.112, "cumulative_s": 10.0}
HAPPY = tuple(int(COLOURS[0][i : i + 2], 16) for i in (1, 3, 5))


def near(picture: np.ndarray, colour: tuple[int, int, int], *, within: int = 6) -> np.ndarray:
    return (np.abs(picture.astype(int) - colour) <= within).all(axis=2)


def tables(story=STORY, *, fps=FPS, **options):
    units = told(story, fps=fps)
    return units, *map_expressions(units, options=Expressions(**options))


def boxes_of(units: pl.DataFrame) -> pl.DataFrame:
    lost = ~units["valid"].to_numpy()
    return faces_table(codes_table(units["time_s"].to_numpy(), lost=lost)).select(BOX_COLUMNS)


def rendered(made=None, *, frames=None, layout=LAYOUT, **options):
    units, expressions, intervals = made or tables()
    return list(
        render_expressions(
            plain_frames(units["time_s"].to_numpy()) if frames is None else frames,
            units,
            expressions,
            intervals,
            boxes_of(units),
            layout=layout,
            recording_id="S01_a",
            **MADE,
            **options,
        )
    )


@pytest.fixture(scope="module")
def pictures() -> list[np.ndarray]:
    return [picture for picture, _ in rendered()]


def units_of(picture):
    return picture[: LAYOUT.pane_px, : LAYOUT.units_px]


def scores_of(picture):
    return picture[: LAYOUT.pane_px, -LAYOUT.scores_px :]


def diagram_of(picture):
    return picture[LAYOUT.pane_px :]


def cursor_of(picture: np.ndarray, others: list[np.ndarray]) -> float:
    """Middle of the black line that this picture has and the median of the others has not."""
    new = near(picture, (0, 0, 0), within=40) & ~near(np.median(others, axis=0), (0, 0, 0), within=40)
    return float(np.nonzero(new)[1].mean() + 0.5)


@pytest.mark.parametrize("size", [(640, 360), (360, 640), (3000, 500), (33, 1001)])
@pytest.mark.parametrize("pane_px", [240, 360, 721])
def test_layout_is_even_and_holds_its_parts(size, pane_px):
    layout = expression_layout(*size, pane_px=pane_px)
    assert layout.width_px % 2 == layout.height_px % 2 == 0
    assert layout.frame_px[0] <= layout.left_px
    assert layout.frame_px[1] <= layout.pane_px


def test_every_frame_is_shown_at_its_own_time():
    made = rendered()
    assert [t for _, t in made] == pytest.approx(np.arange(70) / FPS)
    assert {p.shape for p, _ in made} == {(LAYOUT.height_px, LAYOUT.width_px, 3)}
    assert {p.dtype for p, _ in made} == {np.dtype(np.uint8)}


def test_the_frame_itself_is_in_the_middle(pictures):
    middle = pictures[0][: LAYOUT.pane_px, LAYOUT.units_px : -LAYOUT.scores_px]
    assert near(middle, GROUND, within=2)[40:-40].mean() > 0.95


def test_the_cursor_stands_where_the_diagram_says_the_time_is(pictures):
    """The bar of happy in the row "one leads" begins and ends at times that the intervals know."""
    _, _, intervals = tables()
    leads = intervals.filter(analysis="one_dominant", names="happy").row(0, named=True)
    still = np.median([diagram_of(p) for p in pictures[::7]], axis=0)
    happy = near(still, HAPPY)
    # Rows from above: label, last seconds, one leads; of their runs of rows the last one.
    full = np.flatnonzero(happy.sum(axis=1) > 40)
    last = full[np.flatnonzero(np.diff(full, prepend=-9) > 1)[-1] :]
    columns = np.flatnonzero(happy[last[len(last) // 4]])
    edges = float(columns.min()), float(columns.max() + 1)
    px_per_s = (edges[1] - edges[0]) / leads["duration_s"]
    others = [diagram_of(p) for p in pictures[::7]]
    for row in (0, 13, 40, 69):
        expected = edges[0] + (row / FPS - leads["onset_s"]) * px_per_s
        assert cursor_of(diagram_of(pictures[row]), others) == pytest.approx(expected, abs=1.5)


def test_the_cursor_moves_by_less_than_a_pixel_where_time_does():
    _, expressions, intervals = tables()
    diagram = Diagram(expression_series(expressions, **MADE), intervals, size_px=(900, 300), dpi=120)
    assert diagram.picture.shape == (300, 900, 3)
    weights = []
    for x in (0.0, 0.25, 0.5):
        time_s = 3.0 + x * 7.0 / (diagram.x_of(7.0) - diagram.x_of(0.0))
        picture = np.full_like(diagram.picture, 255)
        diagram.paint_cursor(picture, time_s)
        dark = 255.0 - picture[150 - 60, :, 0]
        weights.append(float((dark * (np.arange(900) + 0.5)).sum() / dark.sum()))
        assert weights[-1] == pytest.approx(diagram.x_of(time_s), abs=0.02)
    assert np.diff(weights) == pytest.approx([0.25, 0.25], abs=0.02)


def test_the_diagram_keeps_everything_inside():
    """No letter is cut off at the edge, however long the words and the recording."""
    for story in (STORY, [("neutral", 1000), ("happy", 600), ("surprised", 400)]):
        _, expressions, intervals = tables(story)
        series = expression_series(expressions, **MADE)
        for size in ((320, 240), (640, 360), (1920, 800)):
            layout = expression_layout(*size)
            picture = Diagram(
                series, intervals, size_px=(layout.width_px, layout.diagram_px), dpi=layout.diagram_dpi
            ).picture
            frame = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])
            assert (frame == 255).all()


def test_a_long_recording_is_drawn_in_means_and_the_cursor_keeps_its_time():
    _, expressions, intervals = tables([("neutral", 300), ("happy", 100)], fps=10)
    series = expression_series(expressions, **MADE)
    assert len(series.time_s) <= MOST_MOMENTS < len(expressions)
    diagram = Diagram(series, intervals, size_px=(900, 300), dpi=120)
    first, last = diagram.x_of(0), diagram.x_of(400)
    assert diagram.x_of(300.1) == pytest.approx(first + (last - first) * 300.1 / 400)
    assert 0 < first < last < 900


def test_units_are_written_and_drawn_to_scale():
    """AU12 at 0, 2.9 and 5 of 5; the bar's length and colour follow."""
    values = np.array([0.0, 0.58, 1.0])
    units = units_table(np.arange(3) / FPS, {12: values})
    expressions, _ = map_expressions(units, options=Expressions())
    frames = expression_frames(units, expressions, expression_series(expressions, **MADE))
    assert frames.units[:, frames.unit_numbers.index(12)] == pytest.approx([0, 2.9, 5], abs=1e-6)
    shown = UnitList(frames, width_px=284, height_px=360)
    lengths = []
    for row, value in enumerate(values):
        picture = np.empty((360, 284, 3), np.uint8)
        shown.paint(picture, row)
        coloured = near(picture, intensity_colours()[round(255 * value)], within=2)
        lengths.append(int(coloured[:, 228:].any(axis=0).sum()))
        track = int(near(picture, TRACK, within=1)[:, 228:].any(axis=0).sum())
        assert track == 284 - 8 - 228 + 1
    assert lengths[0] == 0
    assert lengths[1] / lengths[2] == pytest.approx(0.58, abs=0.03)


def test_numbers_that_are_not_known_are_dashes_not_zeros():
    units = units_table(np.arange(2) / FPS, {12: np.array([0.0, 0.0])})
    units = units.with_columns(
        pl.when(pl.col("frame_id") == 1).then("au_12").otherwise(None).alias("au_12").cast(pl.Float32)
    )
    expressions, _ = map_expressions(units, options=Expressions(bridge_s=0))
    frames = expression_frames(units, expressions, expression_series(expressions, **MADE))
    assert np.isnan(frames.units[0, frames.unit_numbers.index(12)])
    pictures = []
    for row in range(2):
        pictures.append(np.empty((360, 284, 3), np.uint8))
        UnitList(frames, width_px=284, height_px=360).paint(pictures[-1], row)
    differ = np.nonzero((pictures[0] != pictures[1]).any(axis=2))
    assert 170 < differ[1].min() <= differ[1].max() < 225, "only the numbers of one row differ"
    assert np.ptp(differ[0]) < 20


@pytest.mark.parametrize("zoom", [240 / 360, 1.0, 2.0])
def test_nothing_in_the_lists_is_cut_or_written_over(zoom):
    """All action units of any estimator and all expressions: words end before what comes next."""
    height, width = round(360 * zoom), round(284 * zoom)
    units = units_table(np.arange(4) / FPS)
    more = [f"au_{n:02d}" for n in UNIT_NAMES if f"au_{n:02d}" not in units.columns]
    units = units.with_columns(pl.lit(1.0, pl.Float32).alias(name) for name in more)
    expressions, _ = map_expressions(units, options=Expressions(names=list(EXPRESSIONS)))
    series = expression_series(expressions, **MADE)
    frames = expression_frames(units, expressions, series)
    assert set(frames.unit_numbers) == set(UNIT_NAMES)
    shown = UnitList(frames, width_px=width, height_px=height, zoom=zoom)
    letters = shown._list.letters_px
    assert letters >= 6
    assert letters <= shown._list.row_px
    longest = max(draw.text_width(word, letters) for word in UNIT_NAMES.values())
    number = draw.text_width("5", letters, bold=True)
    assert round(50 * zoom) + longest <= round(189 * zoom) - number
    assert draw.text_width("AU43", letters, bold=True) <= round(40 * zoom)
    listed = ScoreList(frames, series, width_px=round(244 * zoom), height_px=height, zoom=zoom)
    assert listed._name_px + round(18 * zoom) < round((244 - 42 - 20) * zoom)
    for each, side in ((shown, width), (listed, round(244 * zoom))):
        picture = np.empty((height, side, 3), np.uint8)
        each.paint(picture, 0)
        for edge in (picture[0], picture[-1], picture[:, 0], picture[:, -1]):
            assert (edge == PAPER).all()
    # 31 names and neutral do not fit: the last line counts those that are left out.
    assert len(listed._columns) < 32
    assert listed._list.n_rows == len(listed._columns) + 1


def test_what_counts_stands_on_its_colour_of_the_diagram(pictures):
    """Happy is orange in every figure: its name's ground from 4 to 6 s, only a stripe before."""

    def ground(row: int) -> int:
        return int(near(scores_of(pictures[row]), HAPPY).sum())

    assert ground(50) > 4 * ground(20) > 0
    # The frame's label in the list and the score in the diagram are those of the table.
    _, expressions, _ = tables()
    assert expressions["label"][50] == "happy"
    stripe = near(diagram_of(pictures[50]), HAPPY)
    assert stripe.any()


def test_the_list_goes_by_the_neutral_threshold():
    units, expressions, _ = tables()
    series = expression_series(expressions, **MADE)
    frames = expression_frames(units, expressions, series)
    listed = ScoreList(frames, series, width_px=244, height_px=360)
    for row in range(0, 70, 3):
        picture = np.empty((360, 244, 3), np.uint8)
        listed.paint(picture, row)
        for i, name in enumerate(frames.names):
            y = listed._list.y(i)
            colour = listed._colours[i]
            on_ground = near(picture[y - 5 : y + 6, 12 : 12 + listed._name_px], colour).mean() > 0.3
            counts = frames.scores[row, i] >= frames.threshold or frames.label[row] == name
            assert on_ground == counts, (row, name)


def test_ink_stands_out_from_every_ground():
    def luminance(colour):
        shares = np.array(colour) / 255
        linear = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
        return linear @ [0.2126, 0.7152, 0.0722]

    for name in (*COLOURS, "#E3E3E3", "#A6A6A6"):
        ground = tuple(int(name[i : i + 2], 16) for i in (1, 3, 5))
        low, high = sorted((luminance(ground), luminance(ink_on(ground))))
        assert (high + 0.05) / (low + 0.05) > 4.0


def test_a_frame_without_a_face_says_so_and_lists_dashes(pictures):
    lost = [30 < row < 39 for row in range(70)]
    for row in (10, 35, 50):
        foot = pictures[row][LAYOUT.pane_px - 20 : LAYOUT.pane_px, LAYOUT.units_px : -LAYOUT.scores_px]
        assert near(foot, draw.VERMILLION, within=12).any() == lost[row]
    assert (units_of(pictures[35]) == units_of(pictures[34])).all()
    assert (scores_of(pictures[35]) == scores_of(pictures[34])).all()
    bars = units_of(pictures[35])[:, 228 : LAYOUT.units_px - 8]
    assert near(bars, TRACK, within=1).any()
    assert (near(bars, TRACK, within=1) | near(bars, PAPER, within=1)).mean() > 0.97


def test_nobody_there_and_one_frame():
    time_s = np.arange(4) / FPS
    nobody = units_table(time_s, lost=np.ones(4, bool))
    assert len(rendered((nobody, *map_expressions(nobody, options=Expressions())))) == 4
    one = units_table(time_s[:1])
    assert len(rendered((one, *map_expressions(one, options=Expressions())))) == 1


def test_landmarks_are_drawn_when_asked_for():
    faces = faces_from_codes(*random_codes(4, seed=1), gaps=(2,))
    units = units_table(faces["time_s"].to_numpy(), lost=np.arange(4) == 2)
    made = (units, *map_expressions(units, options=Expressions()))
    layout = expression_layout(640, 360)
    frames = plain_frames(units["time_s"].to_numpy(), width=640, height=360)
    with_points = rendered(made, frames=frames, layout=layout, faces=[faces[:3], faces[3:]])
    without = rendered(made, frames=frames, layout=layout)
    for row, ((a, _), (b, _)) in enumerate(zip(with_points, without, strict=True)):
        differ = (a != b).any(axis=2)
        assert differ.any() == (row != 2)
        if row == 2:
            continue
        points = faces["landmarks_px"][row].to_numpy().reshape(-1, 3)[:, :2]
        y, x = np.nonzero(differ)
        x = x - layout.units_px
        assert x.min() >= points[:, 0].min() - 6
        assert x.max() <= points[:, 0].max() + 6
        assert y.max() <= points[:, 1].max() + 6


@pytest.mark.parametrize("simulated", [True, False])
def test_simulated_recordings_are_labelled(simulated):
    picture, _ = rendered(simulated=simulated)[0]
    head = picture[:22, LAYOUT.units_px : -LAYOUT.scores_px]
    assert (np.count_nonzero(near(head, draw.YELLOW)) > 200) == simulated


def test_inputs_stay_as_they_are():
    made = tables()
    before = [t.clone() for t in made]
    rendered(made)
    assert all(a.equals(b) for a, b in zip(before, made, strict=True))


def test_frames_are_taken_from_the_reader_one_by_one():
    units, expressions, intervals = tables()
    taken = []

    def reader():
        for frame in plain_frames(units["time_s"].to_numpy()):
            taken.append(frame.frame_id)
            yield frame

    pictures = render_expressions(
        reader(), units, expressions, intervals, boxes_of(units), layout=LAYOUT, recording_id="S01_a", **MADE
    )
    for n, _ in enumerate(pictures, start=1):
        assert len(taken) == n


def test_what_does_not_fit_together_is_one_error():
    units, expressions, intervals = tables()
    frames = plain_frames(units["time_s"].to_numpy())
    with pytest.raises(TableError, match=r"S01_a: frame 50 .* no row in its expressions \(50 rows\)"):
        rendered((units[:50], expressions[:50], intervals), frames=frames)
    with pytest.raises(TableError, match=r"not of the same frames \(70 and 60 rows\)"):
        rendered((units, expressions[:60], intervals), frames=frames)
    with pytest.raises(TableError, match="expressions have no row"):
        rendered((units, expressions[:0], intervals), frames=frames)


def write_inputs(folder) -> list[float]:
    """Video with uneven times and the tables; returns the times."""
    time_s = np.cumsum([0, 0.04, 0.04, 0.12, 0.2, 0.04, 0.04, 0.3, 0.04, 0.5])
    lost = np.isin(np.arange(10), [3, 4])
    units = units_table(time_s, {12: np.linspace(0, 1, 10)}, lost=lost)
    expressions, intervals = map_expressions(units, options=Expressions())
    with VideoWriter(folder / "in.mp4", 320, 240, time_base=Fraction(1, 1000)) as writer:
        for frame in plain_frames(time_s):
            writer.write(frame.rgb, frame.time_s)
    write_table(units, folder / "units.parquet", "action_units")
    write_table(expressions, folder / "expressions.parquet", "expressions")
    write_table(intervals, folder / "intervals.parquet", "expression_intervals")
    write_table(faces_table(codes_table(time_s, lost=lost)), folder / "faces.parquet", "faces")
    return time_s.tolist()


def run(folder, name, **params):
    names = ("faces", "units", "expressions", "intervals")
    run_script(
        "render_expressions",
        folder,
        inputs={"video": folder / "in.mp4", **{n: folder / f"{n}.parquet" for n in names}},
        outputs={"video": folder / name},
        params={"height_px": 240, "crf": 23, "landmarks": False, "simulated": False, **MADE, **params},
        wildcards={"recording_id": "S01_a", "units": "geometric"},
    )
    return folder / name


def test_the_script_writes_a_video_with_the_times_of_the_source(tmp_path):
    times_s = write_inputs(tmp_path)
    one, two = run(tmp_path, "one.mp4", simulated=True), run(tmp_path, "two.mp4", simulated=True)
    assert one.read_bytes() == two.read_bytes()
    assert [f.time_s for f in read_frames(one)] == pytest.approx(times_s, abs=1e-9)
    with av.open(str(one)) as container:
        stream = container.streams.video[0]
        layout = expression_layout(320, 240, pane_px=240)
        assert (stream.width, stream.height) == (layout.width_px, layout.height_px)
        assert "simulated by affectflow" in container.metadata.get("comment", "")
    # No face of these tables has landmarks: nothing to draw, and nothing breaks.
    assert [f.time_s for f in read_frames(run(tmp_path, "points.mp4", landmarks=True))] == pytest.approx(
        times_s, abs=1e-9
    )


def test_the_script_says_in_one_line_what_does_not_fit(tmp_path, capsys):
    write_inputs(tmp_path)
    for name, kind in (("units", "action_units"), ("expressions", "expressions")):
        table = pl.read_parquet(tmp_path / f"{name}.parquet")[:5]
        write_table(table, tmp_path / f"{name}.parquet", kind)
    with pytest.raises(SystemExit) as left:
        run(tmp_path, "out.mp4")
    assert left.value.code == 1
    said = capsys.readouterr().err
    assert re.fullmatch(r"affectflow render_expressions: recording S01_a: frame 5 [^\n]*\n", said)
    assert [p.name for p in tmp_path.glob("*.mp4")] == ["in.mp4"]


def test_a_woman_who_laughs_is_happy_in_table_and_picture(shared):
    clip = shared / "data/media/woman_emotions_360p24.mp4"
    faces = pl.concat(track_faces(read_frames(clip), recording_id="woman"))
    units, _ = extract_units([faces], GeometricUnits.load())
    expressions, intervals = map_expressions(units, options=Expressions())
    near_14_s = expressions.filter(pl.col("time_s").is_between(13.5, 14.5))
    assert set(near_14_s["label"]) == {"happy"}
    layout = expression_layout(640, 360)
    made = render_expressions(
        (frame for frame in read_frames(clip) if frame.frame_id in (100, 336)),
        units,
        expressions,
        intervals,
        faces.select(BOX_COLUMNS),
        layout=layout,
        recording_id="woman",
        **MADE,
    )
    (before, _), (laughing, time_s) = made
    assert time_s == pytest.approx(14, abs=0.05)
    lists = [near(p[: layout.pane_px, -layout.scores_px :], HAPPY).sum() for p in (before, laughing)]
    assert lists[1] > 4 * lists[0] > 0
