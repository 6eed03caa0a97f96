"""What the networks see, against the golden vectors and by hand."""

from __future__ import annotations

import cv2
import numpy as np

from affectflow.eda.inputs import difference_normalised, standardised
from affectflow.eda.networks.deepphys import DeepPhys


def test_two_pictures_by_hand():
    clip = np.array([[[[100.0, 50.0]]], [[[120.0, 50.0]]]])
    change = np.array([20 / 220, 0.0])
    made = difference_normalised(clip)
    np.testing.assert_allclose(made[0, 0, 0], change / change.std(), rtol=1e-6)
    assert (made[1] == 0).all()


def test_nothing_changes():
    still = np.full((4, 2, 2, 3), 90, np.uint8)
    assert (difference_normalised(still) == 0).all()
    assert (standardised(still) == 0).all()


def test_golden_inputs(golden):
    clip = golden["clip_u8"]
    for made, name in ((difference_normalised(clip), "diffnorm"), (standardised(clip), "standardized")):
        stats = [made.mean(dtype=np.float64), made.std(dtype=np.float64), made.min(), made.max()]
        np.testing.assert_allclose(stats, golden[f"{name}_stats"], atol=1e-5)
        np.testing.assert_allclose(made[[0, 1, 15, 31]][:, ::8, ::8], golden[f"{name}_sub"], atol=1e-5)
    np.testing.assert_allclose(
        difference_normalised(clip).transpose(3, 0, 1, 2)[None], golden["physnet_in"], atol=1e-5
    )


def test_raw_pictures_to_deepphys_at_72(golden, filled, run):
    clip = np.stack(
        [
            cv2.resize(f.astype(np.float64), (72, 72), interpolation=cv2.INTER_LINEAR)
            for f in golden["clip_u8"][:16]
        ]
    )
    both = np.concatenate([difference_normalised(clip), standardised(clip)], axis=3).transpose(0, 3, 1, 2)
    np.testing.assert_allclose(run(filled(DeepPhys(72)), both), golden["deepphys_out_72"], atol=1e-4)
