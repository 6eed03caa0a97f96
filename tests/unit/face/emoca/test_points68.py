from __future__ import annotations

import socket
import sys
from enum import IntEnum
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
import torch

from affectflow.errors import MissingDependencyError
from affectflow.face.anatomy import IBUG68
from affectflow.face.emoca import points68
from affectflow.face.emoca.points68 import FaceAlignmentPoints, overlap, tracked_points68

URL = "https://weights.example/python-fan/"
SFD = "s3fd-0123456789.pth"
RGB = np.zeros((120, 160, 3), np.uint8)


class OldKinds(IntEnum):
    _2D = 1
    _3D = 3


class NewKinds(IntEnum):
    TWO_D = 1
    THREE_D = 3


class FakeModel:
    """Detects what `found` holds, and puts each face's 68 points on the diagonal of its rectangle."""

    found: tuple = ((10, 20, 50, 60, 0.99), (80, 30, 120, 90, 0.95))
    made: list[FakeModel]

    def __init__(self, **options) -> None:
        self.options = options
        self.asked: list = []
        self.face_detector = SimpleNamespace(detect_from_image=self.detect)
        self.made.append(self)

    def detect(self, rgb):
        rgb[:] = 7  # the caller's frame must not notice
        return [np.array(box) for box in self.found]

    def get_landmarks_from_image(self, rgb, detected_faces=None):
        assert rgb.max() == 0
        self.asked.append(detected_faces)
        return [np.linspace(box[:2], box[2:4], 68, dtype=np.float32) for box in detected_faces]


class OldModel(FakeModel):
    def __init__(
        self,
        landmarks_type,
        network_size=4,
        device="cuda",
        flip_input=False,
        face_detector="sfd",
        face_detector_kwargs=None,
        verbose=False,
    ) -> None:
        kwargs = face_detector_kwargs
        super().__init__(
            kind=landmarks_type, device=device, flip=flip_input, detector=face_detector, kwargs=kwargs
        )


class NewModel(FakeModel):
    def __init__(
        self,
        landmarks_type,
        network_size=4,
        device="cuda",
        dtype=None,
        flip_input=True,
        face_detector="sfd",
        face_detector_kwargs=None,
        verbose=False,
        compile=True,
        max_batch_size=1,
    ) -> None:
        kwargs = face_detector_kwargs
        super().__init__(
            kind=landmarks_type,
            device=device,
            flip=flip_input,
            detector=face_detector,
            kwargs=kwargs,
            compile=compile,
        )


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The folder where torch keeps downloaded weights, empty."""
    monkeypatch.setattr(torch.hub, "_hub_dir", None)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    checkpoints = tmp_path / "hub" / "checkpoints"
    checkpoints.mkdir(parents=True)
    return checkpoints


@pytest.fixture
def offline(monkeypatch):
    """Make any use of the network an error."""

    def refuse(*args, **kwargs):
        raise AssertionError("the network was asked")

    for name in ("socket", "create_connection", "getaddrinfo"):
        monkeypatch.setattr(socket, name, refuse)


@pytest.fixture(params=["1.3.4", "1.3.4 for torch 1.6", "1.5.0"])
def installed(request, monkeypatch, folder, offline):
    """One generation of the package, as far as it concerns us, and the names of its weights."""
    old = request.param != "1.5.0"
    release = ".".join(torch.__version__.split(".")[:2])
    package, api = ModuleType("face_alignment"), ModuleType("face_alignment.api")
    package.__version__ = request.param
    package.LandmarksType = OldKinds if old else NewKinds
    package.FaceAlignment = OldModel if old else NewModel
    monkeypatch.setattr(FakeModel, "made", [], raising=False)
    if old:
        known = release if request.param != "1.3.4" else "1.5"
        api.models_urls = {known: {"2DFAN-4": URL + "2DFAN4_of_a_release.zip"}}
        api.default_model_urls = {"2DFAN-4": URL + "2DFAN4_of_others.zip"}
        fan = "2DFAN4_of_others.zip" if known == "1.5" else "2DFAN4_of_a_release.zip"
    else:
        api.models_urls = {"2DFAN-4": URL + "2DFAN4-new.pth.tar", "3DFAN-4": URL + "3DFAN4-new.pth.tar"}
        fan = "2DFAN4-new.pth.tar"
    detector = ModuleType("face_alignment.detection.sfd.sfd_detector")
    detector.models_urls = {"s3fd": URL + SFD}
    for module in (
        package,
        api,
        ModuleType("face_alignment.detection"),
        ModuleType("face_alignment.detection.sfd"),
        detector,
    ):
        module.__path__ = []
        monkeypatch.setitem(sys.modules, module.__name__, module)
    return SimpleNamespace(old=old, version=request.param, fan=fan)


def put(folder, *names: str) -> None:
    for name in names:
        (folder / name).write_bytes(b"weights")


def test_tracked_points_are_in_index_space():
    landmarks = np.random.default_rng(0).uniform(0, 500, (3, 478, 3)).astype(np.float32)
    points = tracked_points68(landmarks)
    assert points.shape == (3, 68, 2)
    np.testing.assert_allclose(points + 0.5, landmarks[:, list(IBUG68), :2], rtol=0, atol=1e-9)


def test_the_package_is_called_as_its_version_asks(installed, folder):
    put(folder, SFD, installed.fan)
    FaceAlignmentPoints(device="cpu")
    (model,) = FakeModel.made
    wanted = {
        "kind": OldKinds._2D if installed.old else NewKinds.TWO_D,
        "device": "cpu",
        "flip": False,
        "detector": "sfd",
        "kwargs": {"filter_threshold": 0.9, "path_to_detector": str(folder / SFD)},
    }
    if not installed.old:
        wanted["compile"] = False
    assert model.options == wanted


@pytest.mark.parametrize("there", [[], [SFD], ["fan"]])
def test_missing_weights_are_named_before_anything_is_loaded(installed, folder, there):
    put(folder, *[installed.fan if name == "fan" else name for name in there])
    with pytest.raises(MissingDependencyError) as caught:
        FaceAlignmentPoints()
    message = str(caught.value)
    assert FakeModel.made == []
    assert f"face-alignment {installed.version}" in message
    assert str(folder) in message
    assert (URL + SFD in message) == (SFD not in there)
    assert (URL + installed.fan in message) == ("fan" not in there)
    assert "face.emoca.points: track_faces" in message
    assert "\n" not in message


def test_without_the_package(monkeypatch, folder, offline):
    monkeypatch.setitem(sys.modules, "face_alignment", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'affectflow\[face-alignment\]'"):
        FaceAlignmentPoints()


def test_the_tracked_face_is_taken_whichever_comes_first(installed, folder):
    put(folder, SFD, installed.fan)
    source = FaceAlignmentPoints()
    for box in FakeModel.found:
        points = source.find(RGB, np.array(box[:4]) + 3)
        assert (points.shape, points.dtype) == ((68, 2), np.float64)
        np.testing.assert_allclose(points[[0, -1]], [box[:2], box[2:4]])
    # Only the wanted face was measured.
    assert [len(asked) for asked in FakeModel.made[0].asked] == [1, 1]


def test_a_face_that_is_not_detected_has_no_points(installed, folder, monkeypatch):
    put(folder, SFD, installed.fan)
    source = FaceAlignmentPoints()
    assert source.find(RGB, (55, 60, 79, 100)) is None
    # 40 × 40 against the same, moved: a third shared, then less than 0.3.
    assert source.find(RGB, (30.5, 20.5, 70.5, 60.5)) is not None
    assert source.find(RGB, (32.5, 20.5, 72.5, 60.5)) is None
    monkeypatch.setattr(FakeModel, "found", ())
    assert source.find(RGB, (10, 20, 50, 60)) is None
    assert source.find(RGB, np.full(4, np.nan)) is None


def test_overlap_is_intersection_over_union():
    boxes = np.array([[0, 0, 2, 2], [1, 1, 3, 3], [2, 0, 4, 2], [0, 0, 0, 0], [3, 3, 1, 1]], np.float64)
    np.testing.assert_allclose(overlap(boxes, np.array([0.0, 0, 2, 2])), [1, 1 / 7, 0, 0, 0])
    assert overlap(np.zeros((0, 4)), np.zeros(4)).shape == (0,)


def test_the_installed_package_knows_what_we_ask_of_it(folder, offline):
    """No weights, no network: its enumeration, the names of its weights, its options."""
    package = pytest.importorskip("face_alignment")
    assert int(points68._two_dimensional(package)) == 1
    with pytest.raises(MissingDependencyError) as caught:
        FaceAlignmentPoints()
    assert "s3fd-" in str(caught.value)
    assert "2DFAN4-" in str(caught.value)


@pytest.mark.slow
def test_the_installed_package_runs_offline_on_random_weights(folder, offline):
    """The real classes load from the very files we looked for, and give points where a face was detected."""
    package = pytest.importorskip("face_alignment", minversion="1.5.0")
    from face_alignment.detection.sfd.net_s3fd import s3fd
    from face_alignment.models import FAN

    torch.manual_seed(0)
    names = [url.rsplit("/", 1)[1] for url in points68._weight_urls(package, torch.__version__)]
    for name, network in zip(names, (s3fd(), FAN(4)), strict=True):
        torch.save(network.state_dict(), folder / name)
    source = FaceAlignmentPoints()
    rgb = np.random.default_rng(0).integers(0, 256, (96, 128, 3)).astype(np.uint8)
    detector = source._model.face_detector
    assert detector.filter_threshold == 0.9
    # Random weights detect nothing in particular; what matters is that they can be asked.
    assert isinstance(detector.detect_from_image(rgb[:32, :32].copy()), list)
    detector.detect_from_image = lambda image: [np.array([30, 20, 90, 80, 0.99])]
    points = source.find(rgb, (31, 19, 92, 83))
    assert points.shape == (68, 2)
    assert np.isfinite(points).all()
    assert points.std() > 0
