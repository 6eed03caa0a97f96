"""Colours of signed effects: even steps, both signs alike, told apart by colour-blind eyes."""

from __future__ import annotations

import numpy as np
import pytest

from affectflow.viz.diverging import diverging_map, lab_to_rgb, rgb_to_lab

# Machado, Oliveira and Fernandes (2009), severity 1, on linear light.
BLIND = {
    "protan": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deutan": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
}


def seen(rgb: np.ndarray, kind: str) -> np.ndarray:
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    out = np.clip(linear @ np.array(BLIND[kind]).T, 0, 1)
    return np.where(out <= 0.0031308, 12.92 * out, 1.055 * out ** (1 / 2.4) - 0.055)


def test_lab_is_that_of_its_author_and_turns_back() -> None:
    # Red of sRGB in the reference of Ottosson (2020).
    np.testing.assert_allclose(rgb_to_lab(np.array([[1.0, 0, 0]])), [[0.62796, 0.22486, 0.12585]], atol=2e-4)
    rgb = np.random.default_rng(0).uniform(0, 1, (50, 3))
    np.testing.assert_allclose(lab_to_rgb(rgb_to_lab(rgb)), rgb, atol=1e-6)


def test_steps_are_even_and_the_signs_alike() -> None:
    lab = rgb_to_lab(diverging_map(255)(np.arange(255))[:, :3])
    low, high = lab[127::-1], lab[127:]
    np.testing.assert_allclose(low[:, 0], high[:, 0], atol=1e-3)
    for side in (low, high):
        steps = np.linalg.norm(np.diff(side, axis=0), axis=1)
        assert np.ptp(steps) < 0.02 * steps.mean()
        assert (np.diff(side[:, 0]) < 0).all()
    assert np.linalg.norm(lab[127, 1:]) < 1e-3


@pytest.mark.parametrize("kind", BLIND)
def test_the_sign_is_seen_by_colour_blind_eyes(kind: str) -> None:
    colours = diverging_map(255)(np.arange(255))[:, :3]
    for i in (0, 60):
        low, high = (rgb_to_lab(seen(colours[[j]], kind))[0] for j in (i, 254 - i))
        # A difference of 0.02 is just visible.
        assert np.linalg.norm(low - high) > 0.08
