"""The estimator resnet_au around its networks: the merged list, the order of colours, the crop."""

from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
import torch

from affectflow.face.extract_units import extract_units
from affectflow.face.picture_pass import PicturePass
from affectflow.face.units.resnet_au import BP4D, DISFA, MERGED, Merged, ResNetUnits
from tests.support.synth_faces import faces_from_codes, random_codes


class Says(torch.nn.Module):
    """Gives the same numbers for every picture."""

    def __init__(self, *numbers):
        super().__init__()
        self.numbers = torch.tensor(numbers)

    def forward(self, x_nchw):
        return self.numbers.expand(len(x_nchw), -1)


class Colours(torch.nn.Module):
    """Gives the mean of each colour, repeated, whatever it is asked for."""

    def __init__(self, n):
        super().__init__()
        self.n = n

    def forward(self, x_nchw):
        return x_nchw.mean(dim=(2, 3)).repeat(1, self.n)[:, : self.n]


def test_disfa_goes_first_and_bp4d_adds_two():
    assert MERGED == (1, 2, 4, 5, 6, 9, 10, 12, 14, 15, 17, 20, 25, 26)
    assert ResNetUnits.columns[6:9] == ("au_10", "au_12", "au_14")
    disfa = Says(*(unit / 100 for unit in DISFA))
    bp4d = Says(*(0.5 + unit / 100 for unit in BP4D))
    found = Merged(disfa, bp4d)(torch.zeros(2, 3, 4, 4))
    expected = [unit / 100 + (0.5 if unit in (10, 14) else 0) for unit in MERGED]
    np.testing.assert_allclose(found, [expected, expected], rtol=1e-6)


def test_intensities_are_cut_to_their_range():
    found = Merged(Says(*[-0.5, 1.5] * 6), Says(*[2.0] * 5))(torch.zeros(1, 3, 4, 4))
    assert found.tolist()[0][:2] == [0, 1]
    assert found.max() == 1


def test_blue_comes_first_unless_told_otherwise():
    x = torch.zeros(1, 3, 4, 4)
    x[:, 2] = 0.8
    assert Merged(Colours(12), Colours(5))(x)[0, 0] == pytest.approx(0.8)
    assert Merged(Colours(12), Colours(5), blue_first=False)(x)[0, 0] == 0


def test_the_picture_is_the_tracked_box_without_a_margin():
    faces = faces_from_codes(*random_codes(2, seed=1))
    left, top, right, bottom = (int(v) for v in faces.select("x0_px", "y0_px", "x1_px", "y1_px").row(0))
    frame = np.zeros((360, 640, 3), np.uint8)
    frame[top:bottom, left:right] = (10, 20, 255)
    run = PicturePass(Merged(Colours(12), Colours(5)), device=torch.device("cpu"))
    frames = (SimpleNamespace(frame_id=i, rgb=frame) for i in range(2))
    units, _ = extract_units([faces[:1]], ResNetUnits(run), frames=frames)
    # B, G, R of a face that fills the picture.
    np.testing.assert_allclose(
        units.select("au_01", "au_02", "au_04").row(0), np.divide((255, 20, 10), 255), rtol=1e-5
    )
    assert units["method"].to_list() == ["resnet_au"]
    assert units["au_43"].dtype == pl.Float32


@pytest.mark.usefixtures("one_thread")
def test_with_weights_of_the_true_shapes_it_is_both_networks(resnet_au_weights, shared):
    with np.load(shared / "golden" / "emonet.npz") as arrays:
        picture = torch.from_numpy(arrays["input_u8"][None]).permute(0, 3, 1, 2).float() / 255
    backend = ResNetUnits.load(resnet_au_weights, options={"resnet_au": {"channels": "rgb"}, "threads": 1})
    found = backend._network.run([(picture[0] * 255).round().byte().permute(1, 2, 0).numpy()])[0]
    with np.load(shared / "golden" / "action-units.npz") as golden:
        by_unit = dict(zip(BP4D, golden["au5_out"][0], strict=True))
        by_unit |= dict(zip(DISFA, golden["au12_out"][0], strict=True))
    np.testing.assert_allclose(found, np.clip([by_unit[u] for u in MERGED], 0, 1), atol=1e-5)
