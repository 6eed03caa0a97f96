"""Contact sheets: which frames, what is drawn, nothing more decoded into pictures than shown."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from matplotlib.image import imread

from affectflow.errors import TableError
from affectflow.io.tables import write_table
from affectflow.io.video_writer import VideoWriter
from affectflow.viz import draw
from affectflow.viz.contact_sheet import contact_sheet, evenly_spaced
from affectflow.viz.series import code_series
from affectflow.viz.style import write_figure
from tests.support.scripts import run_script
from tests.support.synth_codes import codes_table, plain_frames

TIMES = np.arange(100) / 25


def sheet(codes, frames=None, **options):
    series = code_series(codes)
    return contact_sheet(
        plain_frames(series.time_s) if frames is None else frames, series, recording_id="S01_a", **options
    )


def texts(figure) -> list[str]:
    return [t.get_text() for t in figure.findobj(lambda a: hasattr(a, "get_text")) if t.get_text()]


def images(figure) -> list[np.ndarray]:
    return [np.asarray(image.get_array()) for axis in figure.get_axes() for image in axis.get_images()]


class TestEvenlySpaced:
    def test_middles_of_equal_parts(self):
        assert evenly_spaced(np.arange(101.0), 10).tolist() == [5, 15, 25, 35, 45, 55, 65, 75, 85, 95]

    def test_by_time_and_not_by_row(self):
        """Of 100 frames in the first second and 10 in the next nine, most shown are from the nine."""
        time_s = np.concatenate([np.arange(100) / 100, np.arange(1, 11)])
        chosen = evenly_spaced(time_s, 10)
        assert (chosen >= 100).sum() >= 8

    @pytest.mark.parametrize("n_frames", [1, 2, 3, 5])
    def test_fewer_frames_than_wanted(self, n_frames):
        chosen = evenly_spaced(np.arange(n_frames) / 25, 12)
        assert len(set(chosen.tolist())) == len(chosen) <= n_frames
        assert chosen.min() >= 0
        assert chosen.max() < n_frames


def test_only_the_frames_shown_become_pictures():
    frames = plain_frames(TIMES)
    figure = sheet(codes_table(TIMES), frames, n_frames=8)
    assert frames[0].asked == evenly_spaced(TIMES, 8).tolist()
    assert len(images(figure)) == 8


def test_the_rest_is_not_read_after_the_last_one():
    taken = []

    def reader():
        for frame in plain_frames(TIMES):
            taken.append(frame.frame_id)
            yield frame

    sheet(codes_table(TIMES), reader(), n_frames=4)
    assert max(taken) == evenly_spaced(TIMES, 4)[-1]


def test_landmarks_and_times_are_on_the_pictures():
    lost = TIMES > 2
    figure = sheet(codes_table(TIMES, lost=lost), n_frames=4)
    marked = [(np.abs(i.astype(int) - draw.ORANGE) < 20).all(axis=2).any() for i in images(figure)]
    assert marked == [True, True, False, False]
    titles = [t for t in texts(figure) if " s" in t]
    assert sum("no face" in t for t in titles) == 2
    assert f"{TIMES[evenly_spaced(TIMES, 4)[0]]:.2f} s" in titles
    assert any("face in 51.0% of 100 frames" in t for t in titles)


def test_traces_show_the_table_with_gaps():
    lost = (TIMES > 2) & (TIMES < 2.5)
    codes = codes_table(TIMES, lost=lost)
    figure = sheet(codes)
    lines = {line.get_label(): line for axis in figure.get_axes() for line in axis.get_lines()}
    assert {"yaw", "pitch", "roll", "jaw", "smile", "brow raise", "mouth open"} <= set(lines)
    jaw = np.asarray(lines["jaw"].get_ydata())
    assert np.isnan(jaw[lost]).all()
    assert jaw[~lost] == pytest.approx(np.degrees(codes["pose_03"].to_numpy()[~lost]), abs=1e-4)
    spans = [p for axis in figure.get_axes() for p in axis.patches]
    starts = sorted(round(float(p.get_x()), 3) for p in spans if p.get_x() > 2)
    assert TIMES[lost][0] in starts  # orange from the first lost frame on


def test_a_recording_without_a_face_has_a_sheet(tmp_path):
    figure = sheet(codes_table(TIMES, lost=np.ones(100, bool)))
    found = texts(figure)
    assert any("no face found" in t for t in found)
    write_figure(figure, tmp_path / "sheet.png")
    assert imread(tmp_path / "sheet.png").shape[0] > 500


@pytest.mark.parametrize("n", [1, 2, 7])
def test_short_recordings_have_a_sheet(tmp_path, n):
    write_figure(sheet(codes_table(TIMES[:n])), tmp_path / "sheet.png")
    assert (tmp_path / "sheet.png").stat().st_size > 10_000


def test_simulated_data_are_marked():
    codes = codes_table(TIMES)
    assert "simulated data" in texts(sheet(codes, n_frames=4, simulated=True))
    assert "simulated data" not in texts(sheet(codes, n_frames=4))


def test_codes_of_another_video_are_an_error():
    codes = codes_table(TIMES)
    with pytest.raises(TableError, match=r"recording S01_a: the video ends before frame \d+"):
        sheet(codes, plain_frames(TIMES[:50]))
    with pytest.raises(TableError, match="is shown at"):
        sheet(codes, plain_frames(TIMES * 1.1))


def test_the_script_writes_the_same_bytes_twice(tmp_path):
    with VideoWriter(tmp_path / "in.mp4", 320, 240, time_base=Fraction(1, 1000)) as writer:
        for frame in plain_frames(TIMES):
            writer.write(frame.rgb, frame.time_s)
    write_table(codes_table(TIMES), tmp_path / "codes.parquet", "codes")
    written = []
    for name in ("a.png", "b.png"):
        run_script(
            "contact_sheet",
            tmp_path,
            inputs={"video": tmp_path / "in.mp4", "codes": tmp_path / "codes.parquet"},
            outputs={"sheet": tmp_path / name},
            params={"n_frames": 4, "close_below": 0.65, "open_above": 0.8, "simulated": True},
            wildcards={"recording_id": "S01_a"},
        )
        written.append((tmp_path / name).read_bytes())
    assert written[0] == written[1]
