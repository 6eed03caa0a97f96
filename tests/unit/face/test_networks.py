"""The networks: as MediaPipe's own solution answers, and read without loss."""

from __future__ import annotations

import numpy as np
import pytest
import skimage.data
from mediapipe.framework.formats import landmark_pb2
from numpy.testing import assert_allclose, assert_array_equal

from affectflow.face.networks import FaceDetector, MeshNetwork, points_of_message
from affectflow.face.regions import Region, box_of_landmarks, region_of_landmarks
from tests.support.faces import background, paste_face


@pytest.fixture(scope="module")
def mesh():
    network = MeshNetwork()
    yield network
    network.close()


@pytest.fixture(scope="module")
def detector():
    network = FaceDetector(score_min=0.4)
    yield network
    network.close()


def message_of(points: np.ndarray, **more: float) -> bytes:
    return landmark_pb2.NormalizedLandmarkList(
        landmark=[landmark_pb2.NormalizedLandmark(x=x, y=y, z=z, **more) for x, y, z in points.tolist()]
    ).SerializeToString()


def test_points_are_read_from_the_message_bit_by_bit():
    points = np.random.default_rng(0).normal(size=(478, 3)).astype(np.float32)
    points[5] = 0.0
    points[6] = [np.inf, -0.0, np.float32(1e-42)]
    assert_array_equal(points_of_message(message_of(points)), points)


def test_another_layout_is_refused():
    points = np.ones((478, 3), dtype=np.float32)
    torn = bytearray(message_of(points))
    torn[17 * 9 + 7] = 0x1D
    for content in (message_of(points[:477]), message_of(points, visibility=1.0), b"", bytes(torn)):
        with pytest.raises(ValueError, match="478 plain points"):
            points_of_message(content)


def test_the_mesh_is_that_of_mediapipes_solution(mesh):
    """The same region gives the same points: FaceMesh's second frame follows the first one's landmarks."""
    from mediapipe.python.solutions.face_mesh import FaceMesh

    rgb = skimage.data.astronaut()
    size = np.array([rgb.shape[1], rgb.shape[0], rgb.shape[1]])
    with FaceMesh(refine_landmarks=True) as solution:
        first, second = (
            np.array([[p.x, p.y, p.z] for p in solution.process(rgb).multi_face_landmarks[0].landmark]) * size
            for _ in range(2)
        )
    score, landmarks = mesh.measure(rgb, region_of_landmarks(first))
    assert score > 0.99
    assert_allclose(landmarks, second, atol=0.002)
    assert np.abs(first - second).max() > 0.05


def test_presence_tells_face_from_no_face(mesh):
    rgb = paste_face(background(), x=200, y=30, face_px=90)
    face, _ = mesh.measure(rgb, Region(330, 130, 180, 0.0))
    wall, _ = mesh.measure(rgb, Region(90, 100, 180, 0.0))
    assert face > 0.99
    assert wall < 0.1


def test_a_region_beyond_the_picture_is_answered(mesh):
    score, landmarks = mesh.measure(background(), Region(-500, 900, 100, 1.0))
    assert score < 0.1
    assert landmarks.shape == (478, 3)


def test_detection_finds_the_face_from_afar_and_nearby(detector, mesh):
    rgb = paste_face(background(1280, 720), x=500, y=200, face_px=70)
    (far,) = detector.detect(rgb)
    (near,) = detector.detect(rgb, Region(far.region.x_px, far.region.y_px, 2 * far.region.size_px, 0.0))
    _, landmarks = mesh.measure(rgb, near.region)
    box = box_of_landmarks(landmarks)
    for detection in (far, near):
        assert_allclose([detection.region.x_px, detection.region.y_px], (box[:2] + box[2:]) / 2, atol=12)
        assert detection.region.size_px == pytest.approx(1.5 * (box[3] - box[1]), rel=0.35)
    assert detector.detect(background()) == []


def test_networks_do_not_write_into_the_picture(detector, mesh):
    rgb = paste_face(background(), x=200, y=30, face_px=90)
    before = rgb.copy()
    detector.detect(rgb)
    mesh.measure(rgb, Region(330, 130, 180, 0.0))
    assert_array_equal(rgb, before)
    assert rgb.flags.writeable
