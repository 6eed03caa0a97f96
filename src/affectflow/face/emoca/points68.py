"""Where the 68 points (iBUG order) that place a face's crop come from.

Either our own tracked landmarks, or the face-alignment package as in the
reference (FAN: Bulat and Tzimiropoulos 2017, on faces of the SFD detector).
Points are in index space (see `crop`).
"""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import numpy as np
from numpy.typing import ArrayLike, NDArray

from affectflow.errors import MissingDependencyError
from affectflow.face.anatomy import IBUG68
from affectflow.face.emoca.crop import PIXEL_CENTRE

PACKAGE = "face_alignment"
INSTEAD = "or set face.emoca.points: track_faces"
# The reference's threshold with videos (with single images it takes 0.5).
DETECTION_SCORE_MIN = 0.9
# A detection that overlaps the tracked face less than this (intersection over union) is another face.
OVERLAP_MIN = 0.3


def tracked_points68(landmarks_px: ArrayLike) -> NDArray[np.float64]:
    """Take the 68 points out of tracked faces.

    Parameters
    ----------
    landmarks_px
        (..., 468 or 478, 2 or 3) landmarks of track_faces, pixels in picture space.

    Returns
    -------
    (..., 68, 2) pixels in index space.
    """
    landmarks_px = np.asarray(landmarks_px, np.float64)
    return landmarks_px[..., list(IBUG68), :2] - PIXEL_CENTRE


class FaceAlignmentPoints:
    """The 68 points of the face-alignment package, any version from 1.3.4 on.

    For one thread at a time. Nothing is ever downloaded.

    Parameters
    ----------
    device
        "cpu" or "cuda", for both networks.

    Raises
    ------
    MissingDependencyError
        If the package or a file of its weights is not there.
    """

    def __init__(self, *, device: str = "cpu") -> None:
        package = _import_package()
        detector, _ = _weight_files(package)
        known = inspect.signature(package.FaceAlignment).parameters
        # Off: compiling takes minutes, and the reference's versions cannot.
        further = {"compile": False} if "compile" in known else {}
        self._model = package.FaceAlignment(
            _two_dimensional(package),
            device=str(device),
            flip_input=False,
            face_detector="sfd",
            # With a path the package does not ask the network, and reads plain tensors (torch 2.6 on).
            face_detector_kwargs={
                "filter_threshold": DETECTION_SCORE_MIN,
                "path_to_detector": str(detector),
            },
            **further,
        )

    def find(self, rgb: NDArray[np.uint8], box_px: ArrayLike) -> NDArray[np.float64] | None:
        """Find the points of the face that was tracked.

        Parameters
        ----------
        rgb
            (h, w, 3) uint8 frame.
        box_px
            (4,) left, top, right, bottom of the tracked face (x0_px, y0_px,
            x1_px, y1_px), pixels in picture space.

        Returns
        -------
        (68, 2) pixels in index space; None if no detection overlaps the
        tracked box by 0.3 or more.
        """
        found = self._model.face_detector.detect_from_image(rgb.copy())
        boxes = np.array([np.asarray(box)[:4] for box in found], np.float64).reshape(-1, 4)
        overlaps = overlap(boxes, np.asarray(box_px, np.float64) - PIXEL_CENTRE)
        if not (overlaps >= OVERLAP_MIN).any():
            return None
        # The other faces' points are not wanted, and would cost as much again each.
        best = found[int(overlaps.argmax())]
        points = self._model.get_landmarks_from_image(rgb, detected_faces=[best])
        return np.asarray(points[0], np.float64)[:, :2]


def overlap(boxes: NDArray[np.float64], box: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return intersection over union, 0..1, of boxes (n, 4) and one box (4,), left, top, right, bottom."""
    sides = np.minimum(boxes[:, 2:], box[2:]) - np.maximum(boxes[:, :2], box[:2])
    shared = np.clip(sides, 0, None).prod(axis=1)
    areas = np.clip(boxes[:, 2:] - boxes[:, :2], 0, None).prod(axis=1)
    union = areas + np.clip(box[2:] - box[:2], 0, None).prod() - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)


def _import_package() -> Any:
    try:
        return importlib.import_module(PACKAGE)
    except ImportError as error:
        raise MissingDependencyError(
            f"face.emoca.points: face_alignment needs the package face-alignment, which cannot be imported ({error}). "
            f"Run: pip install 'affectflow[face-alignment]', {INSTEAD}."
        ) from error


def _two_dimensional(package: Any) -> Any:
    """The word for points in the picture plane: _2D up to face-alignment 1.3.4, TWO_D from 1.3.5 on."""
    kinds = package.LandmarksType
    return kinds.TWO_D if hasattr(kinds, "TWO_D") else kinds._2D


def _weight_files(package: Any) -> tuple[Path, Path]:
    """Where the weights of detector and points lie, or one message that says where they should.

    Looked up before the package does, because it would download what is absent.
    """
    import torch

    folder = Path(torch.hub.get_dir()) / "checkpoints"
    urls = _weight_urls(package, torch.__version__)
    files = [folder / Path(urlparse(url).path).name for url in urls]
    missing = {file.name: url for file, url in zip(files, urls, strict=True) if not file.is_file()}
    if missing:
        raise MissingDependencyError(
            f"face-alignment {getattr(package, '__version__', '')}: {' and '.join(missing)} not found in {folder}. "
            f"Nothing is downloaded during a run: put {' and '.join(missing.values())} there, {INSTEAD}."
        )
    return files[0], files[1]


def _weight_urls(package: Any, torch_version: str) -> tuple[str, str]:
    """What the installed version would fetch for detector and points."""
    detectors = importlib.import_module(f"{package.__name__}.detection.sfd.sfd_detector")
    points = importlib.import_module(f"{package.__name__}.api")
    networks = points.models_urls
    if "2DFAN-4" not in networks:
        # Before 1.5 a table for some versions of torch, and one for all others.
        release = ".".join(torch_version.split(".")[:2])
        networks = networks.get(release, points.default_model_urls)
    return detectors.models_urls["s3fd"], networks["2DFAN-4"]
