from __future__ import annotations

import numpy as np
import pytest

from affectflow.face import modes as module
from affectflow.face.anatomy import LOWER_LID, UPPER_LID
from affectflow.face.jaw import jaw_constraints
from affectflow.face.modes import PRIOR_RMS_CM, displacement_covariance, expression_modes
from affectflow.face.pose import pose_constraints
from affectflow.face.template import facemesh_template


def test_modes_are_orthonormal_and_ordered():
    modes = expression_modes()
    assert modes.basis.shape == (50, 1404)
    np.testing.assert_allclose(modes.basis @ modes.basis.T, np.eye(50), atol=1e-10)
    assert (np.diff(modes.deviation) < 0).all()
    assert modes.deviation[-1] > 0


def test_a_mode_is_its_own_mirror_image_or_the_negative_of_it():
    modes = expression_modes()
    mirror = facemesh_template().mirror
    pictured = modes.basis.reshape(50, 468, 3)[:, mirror] * (-1, 1, 1)
    expected = modes.basis.reshape(50, 468, 3) * modes.parity[:, None, None]
    np.testing.assert_allclose(pictured, expected, atol=1e-10)
    assert (modes.parity == 1).sum() > 25, "what left and right do together comes first"


def test_modes_hold_neither_head_pose_nor_jaw_rotation():
    equations = np.vstack([pose_constraints(), jaw_constraints()])
    sizes = np.linalg.norm(equations, axis=1)
    assert np.abs(expression_modes().basis @ (equations / sizes[:, None]).T).max() < 1e-10


def test_modes_are_the_same_each_time_and_their_order_and_sign_are_safe():
    first = expression_modes()
    expression_modes.cache_clear()
    again = expression_modes()
    assert np.array_equal(first.basis, again.basis)
    more = expression_modes(51)
    np.testing.assert_allclose(more.basis[:50], first.basis, atol=1e-9)
    # Rounding differs between machines by 1e-14 or so: far from swapping two modes or a sign.
    for parity in (1, -1):
        own = more.deviation[more.parity == parity]
        assert (-np.diff(own) / own[:-1]).min() > 1e-5
    assert (-np.diff(more.deviation) / more.deviation[:-1]).min() > 1e-5
    assert (first.basis @ module._generic_direction()).min() > 1e-4


def test_the_prior_has_the_size_it_says():
    covariance = displacement_covariance()
    assert np.sqrt(np.trace(covariance) / 468) == pytest.approx(PRIOR_RMS_CM)
    np.testing.assert_allclose(covariance, covariance.T, atol=1e-12)
    assert np.linalg.eigvalsh(covariance)[0] > -1e-10


def explained(displacements: np.ndarray) -> np.ndarray:
    """Share of each displacement (n, 1404) within the modes, once pose and jaw are taken out."""
    equations = np.vstack([pose_constraints(), jaw_constraints()])
    free = displacements - displacements @ np.linalg.pinv(equations) @ equations
    return ((free @ expression_modes().basis.T) ** 2).sum(axis=1) / (free**2).sum(axis=1)


def test_a_blink_is_one_of_the_movements_they_know():
    lid = np.zeros((468, 3))
    lid[list(UPPER_LID), 1] = -1.0
    both = lid + lid[facemesh_template().mirror]
    wrong = both.copy()
    wrong[list(LOWER_LID), 1] = -1.0
    shut = explained(both.reshape(1, -1))[0]
    assert shut > 0.5
    # White noise of the same points is not: the modes are a choice, not everything.
    noise = np.random.default_rng(0).normal(size=(20, 1404)) * (both != 0).ravel()
    assert explained(noise).mean() < shut / 2


def test_the_53_expressions_of_an_artists_face_model_are_explained(shared):
    model = np.load(shared / "data/facemodel/ict_face_mp468.npz")
    shares = explained(model["expressions"].astype(np.float64).reshape(53, -1))
    named = dict(zip(model["expression_names"].tolist(), shares, strict=True))
    assert np.median(shares) > 0.8
    assert named["mouthSmile_L"] > 0.9
    assert named["eyeBlink_L"] > 0.7
    assert named["browDown_L"] > 0.75
