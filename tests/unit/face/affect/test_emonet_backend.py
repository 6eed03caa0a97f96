"""The estimator emonet around its network: classes, mirror image, crops, what is missing."""

from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
import torch

from affectflow.config.affect import Affect
from affectflow.errors import MissingDependencyError
from affectflow.face.affect.emonet import EmoNetOutput
from affectflow.face.affect.emonet_backend import EmoNetBackend, Reading, class_names
from affectflow.face.affect.extract_affect import extract_affect, smoothed
from affectflow.face.affect.smoothing import WEIGHTS
from affectflow.face.picture_pass import PicturePass
from tests.support.synth_faces import faces_from_codes, random_codes


class Brightness(torch.nn.Module):
    """Stands for the network: valence is the left half's brightness, arousal 3 times the right one's."""

    def forward(self, x_nchw):
        left, right = (half.mean(dim=(1, 2, 3)) for half in x_nchw.chunk(2, dim=3))
        expression = torch.stack([left, right, *[torch.zeros_like(left)] * 6], dim=1)
        return EmoNetOutput(torch.zeros(1), expression, left, 3 * right)


def halves():
    """A picture, dark on the left and half bright on the right."""
    x = torch.zeros(1, 3, 256, 256)
    x[..., 128:] = 0.5
    return x


def test_valence_and_arousal_are_means_with_the_mirror_image_and_the_expression_is_not():
    plain, both = (Reading(Brightness(), flip=flip)(halves())[0] for flip in (False, True))
    # 3 · 0.5 is clipped; with the mirror image (0 + 1.5) / 2.
    np.testing.assert_allclose(plain[:2], [0, 1])
    np.testing.assert_allclose(both[:2], [0.25, 0.75])
    np.testing.assert_allclose(plain[2:], both[2:])
    expected = np.exp([0, 0.5, 0, 0, 0, 0, 0, 0])
    np.testing.assert_allclose(both[2:], expected / expected.sum(), rtol=1e-6)


def test_names_of_the_classes():
    assert class_names(Affect())[7] == "contempt"
    assert class_names(Affect(classes=5)) == ("neutral", "happy", "sad", "surprise", "anger")
    assert class_names(Affect(classes=5, fifth_class="fear"))[4] == "fear"


@pytest.mark.parametrize("crop", ["points", "box"])
def test_the_crop_is_of_the_face(crop):
    """A frame that is bright only where the face is."""
    faces = faces_from_codes(*random_codes(2, seed=1))
    box = faces.select("x0_px", "y0_px", "x1_px", "y1_px").row(0)
    frame = np.zeros((360, 640, 3), np.uint8)
    left, top, right, bottom = (int(v) for v in box)
    frame[top:bottom, left:right] = 255
    run = PicturePass(Reading(Brightness(), flip=False), device=torch.device("cpu"))
    backend = EmoNetBackend(run, Affect(crop=crop))
    frames = (SimpleNamespace(frame_id=i, rgb=frame) for i in range(2))
    bright = extract_affect([faces], backend, frames=frames)
    seen = pl.concat(bright)["valence"][0]
    # The box is the face alone; the square has a margin, of which the face is a part.
    assert seen > 0.95 if crop == "box" else 0.2 < seen < 0.95


@pytest.mark.parametrize(("n_threads", "batch_size"), [(1, 1), (2, 1), (2, 3)])
def test_threads_and_batches_change_nothing(n_threads, batch_size):
    crops = list(np.random.default_rng(0).integers(0, 256, (7, 256, 256, 3), dtype=np.uint8))
    run = PicturePass(
        Reading(Brightness(), flip=True),
        device=torch.device("cpu"),
        threads=n_threads,
        batch_size=batch_size,
    )
    before = torch.get_num_threads()
    found = run.run(crops)
    assert torch.get_num_threads() == before
    means = np.stack(crops).reshape(7, -1).mean(axis=1) / 255
    np.testing.assert_allclose(found[:, 0], means, rtol=1e-5)
    assert run.n_waiting == n_threads * batch_size


def test_on_a_cpu_a_pass_is_one_picture_and_on_a_gpu_many():
    sizes = [PicturePass(Brightness(), device=torch.device(d)).batch_size for d in ("cpu", "cuda")]
    assert sizes == [1, 32]


def test_a_file_that_was_not_converted_is_named(tmp_path):
    from affectflow.weights.convert_weights import convert_weights
    from affectflow.weights.open_model import open_model
    from tests.support.pseudo_weights import write_emonet

    convert_weights("emonet", write_emonet(tmp_path, classes=(8,)))
    with pytest.raises(MissingDependencyError, match=r"emonet_5\.pth was not there") as error:
        EmoNetBackend.load(open_model("emonet", tmp_path), options={"classes": 5})
    assert "\n" not in str(error.value)
    assert f"affectflow convert-weights emonet --folder {tmp_path}" in str(error.value)


def a_table(valence, valid):
    n = len(valence)
    logits = np.stack([np.array(valence) * 4, np.zeros(n)], axis=1)
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    there = pl.Series(valid)
    columns = {"valence": valence, "arousal": valence, "p_happy": chances[:, 0], "p_sad": chances[:, 1]}
    return pl.DataFrame(
        {
            "recording_id": ["a"] * n,
            "frame_id": pl.Series(range(n), dtype=pl.Int32),
            "time_s": np.arange(n) / 25,
            "valid": there,
            **{name: pl.Series(v, dtype=pl.Float32).set(~there, None) for name, v in columns.items()},
        }
    )


def test_smoothing_a_table_is_smoothing_the_networks_numbers():
    valence = [0.0, 0.0, 1.0, 0.0, 0.0, 0.0]
    table = a_table(valence, [True] * 6)
    found = smoothed(table)
    assert found["valence"][2] == pytest.approx(0.4 / 0.8)
    odds = found["p_happy"] / found["p_sad"]
    np.testing.assert_allclose(np.log(odds), 4 * found["valence"], atol=1e-5)
    assert found["valence"][5] == pytest.approx(WEIGHTS[3])
    np.testing.assert_allclose(found["p_happy"] + found["p_sad"], 1, rtol=1e-6)
    assert smoothed(table, legacy_zero_start=True)["valence"][2] == pytest.approx(0.4)


def test_smoothing_keeps_gaps_and_an_empty_table():
    found = smoothed(a_table([0.5] * 5, [True, False, True, True, True]))
    assert found["valence"].to_list() == [0.5, None, 0.5, 0.5, 0.5]
    assert found["p_sad"].is_null().to_list() == [False, True, False, False, False]
    assert smoothed(a_table([], pl.Series([], dtype=pl.Boolean))).is_empty()
