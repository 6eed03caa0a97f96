"""Videos of maps: what is covered, what is said where nothing was told, times that a video can have."""

from __future__ import annotations

import numpy as np

from affectflow.viz.render_eda_maps import map_layout, render_eda_maps
from tests.support.eda import Crops, crops_file

N, SIZE = 24, 32


def files(**changes):
    crops = crops_file(1, n=N, size_px=SIZE)
    maps = np.zeros((N, SIZE, SIZE), np.float32)
    maps[:, 8:16, 8:16] = 0.5
    explained = np.arange(N) >= 4
    maps[~explained] = np.nan
    told = np.where(explained, np.sin(np.arange(N)), np.nan)
    return crops, Crops(
        maps=maps, time_s=crops["time_s"], explained=explained, predicted=told, measured=-told, **changes
    )


def drawn(crops, maps, layout, **options):
    options = {"recording_id": "R1", "network": "physnet, fold 0", **options}
    return list(render_eda_maps(crops, maps, layout=layout, **options))


def test_the_map_covers_its_place_and_no_other():
    layout = map_layout(240)
    crops, maps = files()
    pictures = drawn(crops, maps, layout)
    assert [t for _, t in pictures] == (np.arange(N) / 4).tolist()
    picture = pictures[10][0]
    assert picture.shape == (layout.height_px, layout.width_px, 3)
    assert layout.height_px % 2 == layout.width_px % 2 == 0
    top, side = layout.line_px, layout.pane_px
    left, right = (picture[top : top + side, x : x + side].astype(int) for x in (0, side))
    changed = np.abs(left - right).max(axis=2) > 8
    assert changed[70:110, 70:110].mean() > 0.95
    # One of 32 pixels is 7.5 here, and maps are drawn smooth.
    changed[52:128, 52:128] = False
    assert not changed.any()
    # The light end of viridis: much red and green, less blue.
    assert right[90, 90, :2].min() > right[90, 90, 2]


def test_where_nothing_was_told_only_the_face_is_seen_and_where_no_face_was_found_nothing():
    layout = map_layout(240)
    crops, maps = files()
    crops["valid"][2] = False
    pictures = drawn(crops, maps, layout)
    top, side = layout.line_px, layout.pane_px
    panes = pictures[1][0][top : top + side - 40]
    np.testing.assert_array_equal(panes[:, :side], panes[:, side:])
    assert panes.std() > 10
    assert np.ptp(pictures[2][0][top : top + side - 40].astype(int), axis=(0, 1)).max() == 0


def test_the_line_moves_with_time_and_marks_are_made():
    layout = map_layout(240)
    crops, maps = files()
    plain, marked = drawn(crops, maps, layout), drawn(crops, maps, layout, simulated=True)
    strip = -layout.strip_px + layout.line_px
    first, last = (np.argmax((plain[i][0][strip:] > 200).all(axis=2).sum(axis=0)) for i in (0, N - 1))
    assert first < last
    assert last - first > 0.9 * (layout.width_px - 30)
    assert (plain[5][0][: layout.line_px] != marked[5][0][: layout.line_px]).any()
    np.testing.assert_array_equal(plain[5][0], drawn(crops, maps, layout)[5][0])


def test_samples_before_the_video_do_not_stop_it():
    crops, maps = files()
    crops["time_s"] = maps["time_s"] = np.arange(N) / 4 - 0.3
    times = [t for _, t in drawn(crops, maps, map_layout(240))]
    assert times[0] == 0
    assert len(times) == N - 1
    assert (np.diff(times) > 0).all()


def test_maps_of_zero_are_drawn_as_nothing():
    crops, maps = files()
    maps["maps"] = np.where(np.isnan(maps["maps"]), np.nan, 0).astype(np.float32)
    layout = map_layout(240)
    panes = drawn(crops, maps, layout)[10][0][layout.line_px : layout.line_px + layout.pane_px]
    np.testing.assert_array_equal(panes[:, : layout.pane_px], panes[:, layout.pane_px :])
