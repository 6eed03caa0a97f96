"""What training sees: the right crop, changed by as much as was asked for, the same for the same seed."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from affectflow.face.affect.crops import points_crop
from affectflow.face.box_crop import box_crop
from affectflow.pictures.batches import Changes, PictureBatches
from affectflow.pictures.emonet_model import face_crop
from tests.support.stills import drawn_stills


@pytest.fixture(scope="module")
def stills():
    return drawn_stills(people=4, each=3)


def test_points_come_before_the_box_and_the_box_before_the_whole(stills):
    row = stills.pictures.row(0, named=True)
    rgb = stills.read(row["path"])
    points = np.array(row["landmarks"]).reshape(-1, 2)
    box = {"face_x": 20.0, "face_y": 10.0, "face_width": 60.0, "face_height": 90.0}
    around = points_crop(rgb, points - 0.5)
    boxed = box_crop(rgb, (20, 10, 80, 100))
    whole = box_crop(rgb, (0, 0, rgb.shape[1], rgb.shape[0]))
    np.testing.assert_array_equal(face_crop(rgb, row), around)
    np.testing.assert_array_equal(face_crop(rgb, row | box), around)
    np.testing.assert_array_equal(face_crop(rgb, row | box | {"landmarks": None}), boxed)
    np.testing.assert_array_equal(face_crop(rgb, row | {"landmarks": None}), whole)
    # Points or a box beside the picture show nothing.
    far = {"landmarks": row["landmarks"] + np.float32(1000)}
    np.testing.assert_array_equal(face_crop(rgb, row | far | box), boxed)
    np.testing.assert_array_equal(face_crop(rgb, row | far | box | {"face_x": 900.0}), whole)


def grey(n=6, side=32):
    """A white square in the upper left quarter."""
    x = torch.zeros(n, 3, side, side)
    x[:, :, 2:12, 2:12] = 0.5
    return x


def test_without_changes_nothing_changes():
    x = grey()
    made = Changes(flip=False, rotation_deg=0, brightness=0).apply(x, np.random.default_rng(0))
    torch.testing.assert_close(made, x, atol=1e-6, rtol=0)


def test_half_are_mirrored_exactly():
    x = grey(200)
    made = Changes(flip=True, rotation_deg=0, brightness=0).apply(x, np.random.default_rng(0))
    mirrored = [bool(torch.allclose(a, b, atol=1e-5)) for a, b in zip(made, x.flip(3), strict=True)]
    same = [bool(torch.allclose(a, b, atol=1e-5)) for a, b in zip(made, x, strict=True)]
    assert [a != b for a, b in zip(mirrored, same, strict=True)] == [True] * 200
    assert 75 < sum(mirrored) < 125


def test_turns_stay_within_the_angle_and_use_it():
    x = torch.zeros(300, 3, 64, 64)
    x[:, :, 30:34, 50:54] = 1.0
    made = Changes(flip=False, rotation_deg=30, brightness=0).apply(x, np.random.default_rng(1))
    rows, columns = np.mgrid[0:64, 0:64] - 31.5
    weight = made[:, 0].numpy()
    at = np.stack([(weight * g).sum(axis=(1, 2)) / weight.sum(axis=(1, 2)) for g in (rows, columns)])
    angle = np.rad2deg(np.arctan2(*at))
    assert np.abs(angle).max() < 30.5
    assert angle.min() < -28
    assert angle.max() > 28


def test_brightness_is_a_factor_within_its_range():
    x = grey(200)
    made = Changes(flip=False, rotation_deg=0, brightness=0.2).apply(x, np.random.default_rng(2))
    factor = made[:, 0, 5, 5] / 0.5
    assert 0.8 <= float(factor.min()) < 0.82
    assert 1.18 < float(factor.max()) <= 1.2
    torch.testing.assert_close(made, (x * factor[:, None, None, None]).clamp(0, 1), atol=1e-5, rtol=0)


def batches(stills, **changes):
    labels = np.arange(stills.pictures.height, dtype=np.float32)[:, None]
    return PictureBatches(stills.pictures, labels, stills.read, face_crop, torch.device("cpu"), **changes)


def test_batches_are_the_same_for_any_number_of_workers_and_follow_torchs_seed(stills):
    order = np.random.default_rng(0).permutation(stills.pictures.height)

    def seen(seed, workers):
        torch.manual_seed(seed)
        made = list(batches(stills, changes=Changes(), workers=workers).run(order, 5))
        return torch.cat([x[0] for x, _ in made]), torch.cat([y for _, y in made])

    x, y = seen(1, 0)
    assert y[:, 0].tolist() == order.tolist()
    assert torch.equal(x, seen(1, 3)[0])
    assert not torch.equal(x, seen(2, 0)[0])


def test_no_batch_has_a_single_picture(stills):
    """A batch norm refuses one, and there is no concordance in it."""
    for n in range(2, 12):
        sizes = [len(y) for _, y in batches(stills).run(np.arange(n), 5)]
        assert sum(sizes) == n
        assert max(sizes) - min(sizes) <= 1
        assert min(sizes) >= 2
    assert list(batches(stills).run(np.arange(0), 5)) == []


@pytest.mark.parametrize(("n", "size"), [(5, 2), (9, 2), (3, 2), (17, 4), (9, 8), (2, 2)])
def test_no_batch_is_of_one_picture(stills, n, size):
    """A batch norm over features refuses one, and a concordance of one is none."""
    table = stills.pictures.sample(n, with_replacement=True, seed=0)
    batches = PictureBatches(
        table, np.zeros((n, 2), np.float32), stills.read, lambda rgb, _: rgb[:8, :8], torch.device("cpu")
    )
    sizes = [len(labels) for _, labels in batches.run(np.arange(n), size)]
    assert sum(sizes) == n
    assert min(sizes) >= 2
    assert max(sizes) <= max(size, 3)
