"""The two networks that find and measure a face: MediaPipe's full-range detector and its 478-point mesh.

Both run in MediaPipe graphs of our own instead of `mp.solutions`, for three
reasons: the region of interest is ours, so a tracker can follow several faces
and knows the network's presence score, which the ready-made solution hides;
everything runs on the calling thread, so that two recordings on two cores do
not disturb each other; and the points are read as one block of bytes instead
of 478 Python objects. The results are those of `mp.solutions.face_mesh` for
the same region.

Models: Bazarevsky et al. 2019 (BlazeFace), Kartynnik et al. 2019 (face mesh),
Grishchenko et al. 2020 (attention mesh with irises).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import numpy as np

from affectflow.face import graphs
from affectflow.face.regions import Detection, Region, region_of_box
from affectflow.schema import N_LANDMARKS

# Read once, when MediaPipe's library is loaded: no notes about its own start on stderr.
os.environ.setdefault("GLOG_minloglevel", "2")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import mediapipe
from mediapipe.framework.formats import rect_pb2
from mediapipe.python import packet_creator, packet_getter
from mediapipe.python._framework_bindings import _packet_getter, calculator_graph, image_frame, resource_util


class _Graph:
    """A MediaPipe graph that answers one picture at a time, on the calling thread."""

    def __init__(self, text: str, outputs: tuple[str, ...]) -> None:
        # Models are named relative to the folder that holds the package.
        resource_util.set_resource_dir(str(Path(mediapipe.__file__).parents[1]))
        self._answers: dict[str, Any] = {}
        self._step = 0
        with _quiet_stderr():
            self._graph = calculator_graph.CalculatorGraph(graph_config=text)
            for name in outputs:
                self._graph.observe_output_stream(name, self._answers.__setitem__)
            self._graph.start_run({})
            self._graph.wait_until_idle()

    def run(self, rgb: np.ndarray, region: Region) -> dict[str, Any]:
        """Feed a picture and the region to look at; return the packets that came out."""
        height, width = rgb.shape[:2]
        rect = rect_pb2.NormalizedRect(
            x_center=region.x_px / width,
            y_center=region.y_px / height,
            width=region.size_px / width,
            height=region.size_px / height,
            rotation=region.angle_rad,
        )
        self._answers.clear()
        self._step += 1
        # MediaPipe shares the memory of a picture that cannot be written, and copies one that can.
        shared = rgb.view()
        shared.flags.writeable = False
        picture = packet_creator.create_image_frame(shared, image_format=image_frame.ImageFormat.SRGB)
        self._graph.add_packet_to_input_stream("image", picture.at(self._step))
        self._graph.add_packet_to_input_stream("region", packet_creator.create_proto(rect).at(self._step))
        self._graph.wait_until_idle()
        return self._answers

    def close(self) -> None:
        self._graph.close()


class MeshNetwork:
    """The attention mesh: 478 points and a presence score within a given region."""

    def __init__(self) -> None:
        model = "mediapipe/modules/face_landmark/face_landmark_with_attention.tflite"
        self._graph = _Graph(graphs.COMMON % {"model": model} + graphs.MESH, ("score", "landmarks"))

    def measure(self, rgb: np.ndarray, region: Region) -> tuple[float, np.ndarray]:
        """Find the points of the face in a region.

        Parameters
        ----------
        rgb
            uint8 (height, width, 3), C-contiguous.
        region
            Where the face is thought to be. What lies outside the picture is
            filled with the picture's edge.

        Returns
        -------
        score
            Probability that the region holds a face, 0..1.
        landmarks_px
            float32 (478, 3): x right, y down, z away from the camera in the
            scale of x. Meaningless when the score is low.
        """
        answers = self._graph.run(rgb, region)
        score = packet_getter.get_float(answers["score"])
        unit = points_of_message(_packet_getter._get_serialized_proto(answers["landmarks"]))
        return score, region.to_picture(unit)

    def close(self) -> None:
        """Free the network."""
        self._graph.close()


class FaceDetector:
    """The full-range detector: all faces of a picture, down to about 1/16 of its width.

    Parameters
    ----------
    score_min
        Detections below are left out, 0..1.
    """

    def __init__(self, *, score_min: float) -> None:
        model = "mediapipe/modules/face_detection/face_detection_full_range_sparse.tflite"
        text = graphs.COMMON % {"model": model} + graphs.DETECTOR % {"score_min": float(score_min)}
        self._graph = _Graph(text, ("detections",))

    def detect(self, rgb: np.ndarray, region: Region | None = None) -> list[Detection]:
        """Find the faces of a picture or of a part of it.

        Parameters
        ----------
        rgb
            uint8 (height, width, 3), C-contiguous.
        region
            The part to look at; None for the whole picture. The network sees it
            at 192 × 192 pixels.

        Returns
        -------
        list of Detection
            The highest score first, in pixels of the picture.
        """
        height, width = rgb.shape[:2]
        whole = Region(width / 2, height / 2, max(width, height), 0.0)
        answers = self._graph.run(rgb, region or whole)
        if "detections" not in answers:
            return []
        found = []
        for message in packet_getter.get_proto_list(answers["detections"]):
            box = message.location_data.relative_bounding_box
            eyes = message.location_data.relative_keypoints
            face = region_of_box(
                box.xmin * width,
                box.ymin * height,
                (box.xmin + box.width) * width,
                (box.ymin + box.height) * height,
                eye_right=(eyes[0].x * width, eyes[0].y * height),
                eye_left=(eyes[1].x * width, eyes[1].y * height),
            )
            found.append(Detection(float(message.score[0]), face))
        return sorted(found, key=lambda d: -d.score)

    def close(self) -> None:
        """Free the network."""
        self._graph.close()


# A NormalizedLandmarkList on the wire: for each point the tag and length of a message, then x, y and z,
# each a tag byte and the four bytes of a float.
_POINT_BYTES = 17
_TAGS_AT = np.array([0, 1, 2, 7, 12])
_TAGS = np.array([0x0A, 15, 0x0D, 0x15, 0x1D], dtype=np.uint8)
_VALUES_AT = np.array([3, 4, 5, 6, 8, 9, 10, 11, 13, 14, 15, 16])


def points_of_message(content: bytes, *, n: int = N_LANDMARKS) -> np.ndarray:
    """Read a serialised landmark list without making an object per point.

    Parameters
    ----------
    content
        A `NormalizedLandmarkList` of points that have x, y and z and nothing else.
    n
        How many points there must be.

    Returns
    -------
    float32 (n, 3), in the unit of the message.

    Raises
    ------
    ValueError
        If the bytes have another layout: another release of MediaPipe.
    """
    if len(content) == n * _POINT_BYTES:
        points = np.frombuffer(content, np.uint8).reshape(n, _POINT_BYTES)
        if np.array_equal(points[:, _TAGS_AT], np.broadcast_to(_TAGS, (n, len(_TAGS)))):
            return points.take(_VALUES_AT, axis=1).view("<f4")
    raise ValueError(f"MediaPipe's landmark message is not {n} plain points ({len(content)} bytes)")


@contextmanager
def _quiet_stderr() -> Iterator[None]:
    """Swallow what native code writes to stderr at the start of a graph.

    MediaPipe announces its processor features there for every graph; a failure
    arrives as an exception all the same.
    """
    saved = os.dup(2)
    try:
        with TemporaryFile() as sink:
            os.dup2(sink.fileno(), 2)
            yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
