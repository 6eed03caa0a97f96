"""Follow faces from frame to frame: what is one face, when it is lost, when it is the same one again."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.optimize import linear_sum_assignment

from affectflow.face.box_motion import BoxMotion
from affectflow.face.regions import Detection, Region, box_of_landmarks, overlap, region_of_landmarks

# A second look at a detection takes in this many times the mesh's square (three times the face's box), which
# shows the face at the size that the detector knows best. True faces then score 0.68 and more, lettering and
# clouds that passed the first look stay below 0.58 (the sample videos, every sixth frame).
SECOND_LOOK_SCALE = 2.0
# A detection's square is rough; the mesh's own square settles within three passes.
SETTLING_PASSES = 3
# Two tracks that share this much of their boxes follow the same face.
SAME_FACE_OVERLAP = 0.5
# A face that comes back within the gap and shares this much with where the track was heading is the same one.
RETURN_OVERLAP = 0.2
# Below this the mesh network has no more than guesses to offer (its input is 192 pixels wide).
SMALLEST_FACE_PX = 12.0


class Detector(Protocol):
    """Finds faces in a picture or a region of it; see `networks.FaceDetector`."""

    def detect(self, rgb: np.ndarray, region: Region | None = None) -> list[Detection]:
        """Return detections with `score` and `region`."""


class Mesh(Protocol):
    """Measures the face in a region; see `networks.MeshNetwork`."""

    def measure(self, rgb: np.ndarray, region: Region) -> tuple[float, np.ndarray]:
        """Return the presence score and the landmarks in pixels."""

    def close(self) -> None:
        """Free the network."""


@dataclass(frozen=True)
class Face:
    """A face measured in one frame."""

    track_id: int
    score: float
    detection_score: float
    box_px: np.ndarray
    landmarks_px: np.ndarray


@dataclass(kw_only=True, eq=False)
class _Track(BoxMotion):
    track_id: int
    detection_score: float
    region: Region


@dataclass(frozen=True)
class _Measured:
    """What the mesh says of a region, before it is known whose face that is."""

    score: float
    landmarks_px: np.ndarray
    box_px: np.ndarray
    region: Region


class FaceTracker:
    """Follow up to `max_faces` faces through the frames of one recording, in order.

    A detection starts a track; from then on the mesh follows the square around
    its own landmarks, which is several times faster than detecting and holds
    faces that the detector misses. When the presence score falls below
    `score_min`, the detector is asked again in the same frame.

    Parameters
    ----------
    detector, mesh
        The two networks. What the detector finds in the whole picture is looked at again, closer.
    max_faces
        Faces followed at once.
    detection_score_min
        Score from which on the second look at a detection starts a track, 0..1.
    presence_score_min
        Presence score below which a face counts as lost, 0..1.
    detect_every_s
        Time between looks for further faces while fewer than `max_faces` are followed.
    max_gap_s
        A face found again within this time, where its track was heading, keeps its number.
    """

    def __init__(
        self,
        detector: Detector,
        mesh: Mesh,
        *,
        max_faces: int = 1,
        detection_score_min: float = 0.6,
        presence_score_min: float = 0.5,
        detect_every_s: float = 0.5,
        max_gap_s: float = 0.5,
    ) -> None:
        self._detector, self._mesh = detector, mesh
        self._max_faces = max_faces
        self._detection_score_min, self._presence_score_min = detection_score_min, presence_score_min
        self._detect_every_s, self._max_gap_s = detect_every_s, max_gap_s
        self._tracks: list[_Track] = []
        self._n_tracks = 0
        self._detected_s = -np.inf

    def step(self, rgb: np.ndarray, time_s: float) -> list[Face]:
        """Return the faces of the next frame, ordered by track.

        Parameters
        ----------
        rgb
            uint8 (height, width, 3), C-contiguous.
        time_s
            Its presentation time, not before that of the frame before.
        """
        self._tracks = [t for t in self._tracks if time_s - t.seen_s <= self._max_gap_s]
        faces: list[Face] = []
        # Oldest first: where two tracks meet on one face, the older one keeps it.
        for track in list(self._tracks):
            measured = self._measure(rgb, track.region)
            if measured is None:
                continue
            if _shared(measured.box_px, faces) > SAME_FACE_OVERLAP:
                self._tracks.remove(track)
                continue
            faces.append(self._accept(track, measured, time_s))
        if self._should_detect(len(faces), time_s):
            self._detected_s = time_s
            faces += self._detect(rgb, time_s, faces)
        return sorted(faces, key=lambda f: f.track_id)

    def _should_detect(self, n_found: int, time_s: float) -> bool:
        if n_found >= self._max_faces:
            return False
        lost_one = n_found < min(len(self._tracks), self._max_faces)
        return n_found == 0 or lost_one or time_s - self._detected_s >= self._detect_every_s

    def _measure(self, rgb: np.ndarray, region: Region) -> _Measured | None:
        """Ask the mesh; None when it sees no face, or none that can be one."""
        score, landmarks_px = self._mesh.measure(rgb, region)
        if not score >= self._presence_score_min or not np.isfinite(landmarks_px).all():
            return None
        box_px = box_of_landmarks(landmarks_px)
        if not _plausible(box_px, rgb.shape[1], rgb.shape[0]):
            return None
        return _Measured(score, landmarks_px, box_px, region_of_landmarks(landmarks_px))

    def _accept(self, track: _Track, measured: _Measured, time_s: float) -> Face:
        track.move_to(measured.box_px, time_s)
        track.region = measured.region
        return Face(
            track.track_id, measured.score, track.detection_score, measured.box_px, measured.landmarks_px
        )

    def _detect(self, rgb: np.ndarray, time_s: float, known: list[Face]) -> list[Face]:
        """Look for faces that no track holds; the largest and surest come first."""
        detections = self._detector.detect(rgb)
        detections = sorted(detections, key=lambda d: -d.score * d.region.size_px**2)
        new: list[tuple[float, _Measured]] = []
        for detection in detections:
            if len(known) + len(new) >= self._max_faces:
                break
            if _holds(detection.region, [f.box_px for f in known] + [m.box_px for _, m in new]):
                continue
            closer = self._look_again(rgb, detection.region)
            measured = self._settle(rgb, closer.region) if closer else None
            if closer is None or measured is None:
                continue
            if _shared(measured.box_px, known) > SAME_FACE_OVERLAP:
                continue
            if any(overlap(measured.box_px, m.box_px)[0, 0] > SAME_FACE_OVERLAP for _, m in new):
                continue
            new.append((closer.score, measured))
        return self._name(new, time_s, {f.track_id for f in known})

    def _look_again(self, rgb: np.ndarray, region: Region) -> Detection | None:
        """Look at a detection from nearby; None when it is no face after all."""
        nearby = Region(region.x_px, region.y_px, SECOND_LOOK_SCALE * region.size_px, 0.0)
        for closer in self._detector.detect(rgb, nearby):
            if closer.score < self._detection_score_min:
                break
            # A neighbour who comes into view has a detection of their own.
            if (
                math.hypot(closer.region.x_px - region.x_px, closer.region.y_px - region.y_px)
                < region.size_px / 2
            ):
                return closer
        return None

    def _settle(self, rgb: np.ndarray, region: Region) -> _Measured | None:
        """Measure a detected face, letting the square find its place."""
        measured = None
        for _ in range(SETTLING_PASSES):
            measured = self._measure(rgb, region)
            if measured is None:
                return None
            region = measured.region
        return measured

    def _name(self, new: list[tuple[float, _Measured]], time_s: float, taken: set[int]) -> list[Face]:
        """Give new faces to the lost tracks they continue, and numbers of their own to the others."""
        lost = [t for t in self._tracks if t.track_id not in taken]
        same: dict[int, _Track] = {}
        if lost and new:
            expected = np.stack([t.expected_box(time_s) for t in lost])
            shares = overlap(np.stack([m.box_px for _, m in new]), expected)
            for i, j in zip(*linear_sum_assignment(-shares), strict=True):
                if shares[i, j] >= RETURN_OVERLAP:
                    same[int(i)] = lost[j]
        faces = []
        for i, (detection_score, measured) in enumerate(new):
            track = same.get(i)
            if track is None:
                track = _Track(
                    track_id=self._n_tracks,
                    detection_score=detection_score,
                    box_px=measured.box_px,
                    region=measured.region,
                    seen_s=time_s,
                )
                self._n_tracks += 1
                self._tracks.append(track)
            track.detection_score = detection_score
            faces.append(self._accept(track, measured, time_s))
        # A lost track gives way once its place is needed.
        found = taken | {f.track_id for f in faces}
        if len(found) >= self._max_faces:
            self._tracks = [t for t in self._tracks if t.track_id in found]
        return faces


def _plausible(box_px: np.ndarray, width: int, height: int) -> bool:
    """Tell whether a box is large enough and at least half of it lies in the picture."""
    sides = box_px[2:] - box_px[:2]
    if sides.min() < SMALLEST_FACE_PX or sides.max() > 4 * max(width, height):
        return False
    inside = np.minimum(box_px[2:], (width, height)) - np.maximum(box_px[:2], 0)
    return bool(np.prod(np.clip(inside, 0, None)) >= 0.5 * np.prod(sides))


def _shared(box_px: np.ndarray, faces: list[Face]) -> float:
    """Return the largest overlap of a box with known faces."""
    return max((float(overlap(box_px, f.box_px)[0, 0]) for f in faces), default=0.0)


def _holds(region: Region, boxes_px: list[np.ndarray]) -> bool:
    """Tell whether the centre of a detection lies in a face that is known already."""
    centre = np.array([region.x_px, region.y_px])
    return any(bool(np.all(centre >= b[:2]) and np.all(centre <= b[2:])) for b in boxes_px)
