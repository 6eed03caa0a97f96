"""FLAME: head shape, expression and pose → vertices and landmarks (Li, Bolkart, Black, Li and Romero 2017).

Linear blend skinning of 5023 vertices over five joints: root, neck, jaw, left
eye, right eye. Metres; x to the picture's right when the head faces the camera,
y up, z towards the camera.

Everything linear is one matrix product: template, 100 shape and 50 expression
directions and 36 pose correctives side by side. The joints are linear in shape
and expression too, so they never need the vertices, and a model that keeps only
some vertices (`landmarks_only`) poses them exactly as the whole one does.

Geometry is computed in the model's own precision, whatever autocast says.

Axes: n = frames, v = vertices, j = joints, b = coefficients.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from affectflow.errors import InputError
from affectflow.face.emoca.flame_landmarks import LandmarkTables, contour_rows

N_SHAPE, N_EXP, N_JOINTS = 100, 50, 5
N_VERTICES, N_TRIANGLES = 5023, 9976
# Where the joints lie in a full pose of 15 numbers.
GLOBAL, NECK, JAW, EYES = slice(0, 3), slice(3, 6), slice(6, 9), slice(9, 15)
ALMOST_ZERO = 1e-8
SHAPES: dict[str, tuple[int, ...]] = {
    "v_template": (N_VERTICES, 3),
    "shapedirs": (N_VERTICES, 3, N_SHAPE + N_EXP),
    "posedirs": (9 * (N_JOINTS - 1), N_VERTICES * 3),
    "J_regressor": (N_JOINTS, N_VERTICES),
    "parents": (N_JOINTS,),
    "lbs_weights": (N_VERTICES, N_JOINTS),
    "faces_tensor": (N_TRIANGLES, 3),
    "lmk_faces_idx": (51,),
    "lmk_bary_coords": (51, 3),
    "dynamic_lmk_faces_idx": (79, 17),
    "dynamic_lmk_bary_coords": (79, 17, 3),
    "full_lmk_faces_idx": (1, 68),
    "full_lmk_bary_coords": (1, 68, 3),
    "lmk_faces_idx_mediapipe": (105,),
    "lmk_bary_coords_mediapipe": (105, 3),
}

F = TypeVar("F", bound=Callable[..., Any])


def in_full_precision(method: F) -> F:
    """Compute a model's method outside autocast: a vertex in bfloat16 is millimetres off."""

    @wraps(method)
    def guarded(self: FlameModel, *given: Any, **named: Any) -> Any:
        with torch.autocast(self.template_3v.device.type, enabled=False):
            return method(self, *given, **named)

    return guarded  # type: ignore[return-value]


@dataclass(frozen=True)
class FlameModel:
    """A FLAME head, or some of its vertices.

    Attributes
    ----------
    template_3v
        (3, v) neutral head, metres.
    basis_b
        (186, 3 * v): displacements of 100 shape, 50 expression and 36 pose coefficients.
    weights_jv
        (5, v) how far each vertex follows each joint, adding up to 1.
    joint_template
        (15,) joints of the neutral head.
    joint_basis
        (150, 15) displacements of the joints.
    parents
        Parent of each joint; -1 = none.
    tables
        Where the landmarks lie.
    triangles
        (9976, 3) int64, counter-clockwise seen from outside; of the whole head also in a reduced model.
    """

    template_3v: Tensor
    basis_b: Tensor
    weights_jv: Tensor
    joint_template: Tensor
    joint_basis: Tensor
    parents: tuple[int, ...]
    tables: LandmarkTables
    triangles: NDArray[np.int64]

    @classmethod
    def from_arrays(
        cls,
        weights: Mapping[str, NDArray[Any]],
        *,
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float32,
    ) -> FlameModel:
        """Make the model from the tables ``flame.*`` of the converted weights file.

        Raises
        ------
        InputError
            If a table is missing or has another shape than FLAME's.
        """
        arrays = {name: _table(weights, f"flame.{name}", shape) for name, shape in SHAPES.items()}
        directions = np.moveaxis(np.asarray(arrays["shapedirs"], np.float64), 2, 0)
        correctives = np.asarray(arrays["posedirs"], np.float64).reshape(-1, N_VERTICES, 3)
        template = np.asarray(arrays["v_template"], np.float64)
        regressor = np.asarray(arrays["J_regressor"], np.float64)
        # Coordinates apart from each other: the vertices then are the long, last axis of everything.
        basis = np.concatenate([directions, correctives]).swapaxes(1, 2)

        def tensor(array: NDArray[Any]) -> Tensor:
            return torch.tensor(np.ascontiguousarray(array), dtype=dtype, device=device)

        return cls(
            tensor(template.T),
            tensor(basis.reshape(len(basis), -1)),
            tensor(arrays["lbs_weights"].T),
            tensor((regressor @ template).ravel()),
            tensor((regressor @ directions).reshape(len(directions), -1)),
            tuple(int(p) for p in arrays["parents"]),
            LandmarkTables.from_arrays(arrays, device=device, dtype=dtype),
            np.array(arrays["faces_tensor"], np.int64),
        )

    @property
    def n_vertices(self) -> int:
        """How many vertices the model has."""
        return self.template_3v.shape[1]

    def landmarks_only(self) -> FlameModel:
        """Return the model with only those vertices that landmarks depend on.

        Its `vertices` are fewer; its landmarks are the same, several times faster.
        """
        kept = self.tables.touched()
        n_rows = len(self.basis_b)
        return replace(
            self,
            template_3v=self.template_3v[:, kept].contiguous(),
            basis_b=self.basis_b.reshape(n_rows, 3, -1)[:, :, kept].reshape(n_rows, -1).contiguous(),
            weights_jv=self.weights_jv[:, kept].contiguous(),
            tables=self.tables.renumbered(kept),
        )

    def vertices(self, shape: Any, exp: Any, pose: Any, eye_pose: Any | None = None) -> Tensor:
        """Return the vertices of heads.

        Parameters
        ----------
        shape
            (n, 100) shape coefficients; None = the mean face.
        exp
            (n, 50) expression coefficients; None = the neutral face.
        pose
            (n, 6) radians: global rotation, jaw rotation, axis-angle.
        eye_pose
            (n, 6) radians: left eye, right eye; None = straight ahead.

        Returns
        -------
        (n, v, 3) metres.
        """
        return self.skin(full_pose(self._as(pose), eye_pose), shape, exp)[0]

    @in_full_precision
    def skin(self, full_pose_n15: Any, shape: Any = None, exp: Any = None) -> tuple[Tensor, Tensor]:
        """Pose heads with all five joints.

        Parameters
        ----------
        full_pose_n15
            (n, 15) radians: root, neck, jaw, left eye, right eye, axis-angle.
        shape, exp
            (n, 100) and (n, 50) coefficients; None = zeros.

        Returns
        -------
        Vertices (n, v, 3) and joints (n, 5, 3), metres.
        """
        rotations_nj33 = rotation_matrices(self._as(full_pose_n15).unflatten(-1, (N_JOINTS, 3)))
        n = len(rotations_nj33)
        coefficients = torch.cat(
            [self._coefficients(shape, n, N_SHAPE), self._coefficients(exp, n, N_EXP)], dim=1
        )
        joints_nj3 = (self.joint_template + coefficients @ self.joint_basis).reshape(n, N_JOINTS, 3)
        identity = torch.eye(3, dtype=rotations_nj33.dtype, device=rotations_nj33.device)
        correctives = (rotations_nj33[:, 1:] - identity).flatten(1)
        unposed = torch.addmm(
            self.template_3v.reshape(-1), torch.cat([coefficients, correctives], dim=1), self.basis_b
        )
        transforms_nj34, posed_joints = self._joint_transforms(rotations_nj33, joints_nj3)
        # (n * 12, 5) times (5, v): each vertex's own transform, coordinates before vertices.
        blended = transforms_nj34.flatten(2).transpose(1, 2).reshape(n * 12, N_JOINTS)
        own_n34v = (blended @ self.weights_jv).reshape(n, 3, 4, self.n_vertices)
        turned_n3v = (own_n34v[:, :, :3] * unposed.reshape(n, 1, 3, self.n_vertices)).sum(dim=2) + own_n34v[
            :, :, 3
        ]
        return turned_n3v.transpose(1, 2).contiguous(), posed_joints

    @in_full_precision
    def landmarks68(self, vertices_nv3: Tensor, full_pose_n15: Any) -> Tensor:
        """Return the 68 points as the camera sees them: 17 of the contour by yaw, 51 fixed; (n, 68, 3)."""
        return self.tables.seen68(self._rows(full_pose_n15)).on(vertices_nv3)

    @in_full_precision
    def landmarks68_static(self, vertices_nv3: Tensor) -> Tensor:
        """Return the 68 points as fixed places on the head, (n, 68, 3)."""
        return self.tables.still.on(vertices_nv3)

    @in_full_precision
    def landmarks105(self, vertices_nv3: Tensor) -> Tensor:
        """Return the 105 MediaPipe points in the order of `face.anatomy.EMOCA105`, (n, 105, 3)."""
        return self.tables.mediapipe.on(vertices_nv3)

    @in_full_precision
    def weak_visibility(self, vertices_nv3: Tensor, full_pose_n15: Any) -> tuple[Tensor, Tensor]:
        """Tell which landmarks lie on surface that is turned to the camera.

        A point counts when the normal of its triangle, after shape, expression
        and pose, has z > 0. That is the geometry's own occlusion only: a cheek
        behind the nose, a hand or hair are not seen by it, and neither are the
        pixels.

        Parameters
        ----------
        vertices_nv3, full_pose_n15
            As `skin` takes and gives them.

        Returns
        -------
        (n, 68) bool of the points of `landmarks68`, (n, 105) bool of those of `landmarks105`.
        """
        seen = self.tables.seen68(self._rows(full_pose_n15))
        return seen.facing(vertices_nv3), self.tables.mediapipe.facing(vertices_nv3)

    def _rows(self, full_pose_n15: Any) -> Tensor:
        given = self._as(full_pose_n15)
        return contour_rows(rotation_matrices(given[:, GLOBAL]) @ rotation_matrices(given[:, NECK]))

    def _joint_transforms(self, rotations_nj33: Tensor, joints_nj3: Tensor) -> tuple[Tensor, Tensor]:
        """Return what each joint does to points of the unposed head (n, j, 3, 4), and where it ends up."""
        rotations, places = [rotations_nj33[:, 0]], [joints_nj3[:, 0]]
        for j in range(1, N_JOINTS):
            above = self.parents[j]
            arm = (joints_nj3[:, j] - joints_nj3[:, above])[..., None]
            places.append(places[above] + (rotations[above] @ arm)[..., 0])
            rotations.append(rotations[above] @ rotations_nj33[:, j])
        turn_nj33, posed_nj3 = torch.stack(rotations, dim=1), torch.stack(places, dim=1)
        shift_nj31 = posed_nj3[..., None] - turn_nj33 @ joints_nj3[..., None]
        return torch.cat([turn_nj33, shift_nj31], dim=-1), posed_nj3

    def _coefficients(self, given: Any, n: int, width: int) -> Tensor:
        return self.template_3v.new_zeros(n, width) if given is None else self._as(given)

    def _as(self, values: Any) -> Tensor:
        like = self.template_3v
        if isinstance(values, Tensor):
            return values.to(device=like.device, dtype=like.dtype)
        return torch.tensor(np.asarray(values), dtype=like.dtype, device=like.device)


def full_pose(pose: Tensor, eye_pose: Any | None = None) -> Tensor:
    """Lay a pose of six numbers out over the five joints; the neck stays straight.

    Parameters
    ----------
    pose
        (n, 6) radians: global rotation, jaw rotation.
    eye_pose
        (n, 6) radians: left eye, right eye; None = straight ahead.

    Returns
    -------
    (n, 15) radians: root, neck, jaw, left eye, right eye.
    """
    full = pose.new_zeros(len(pose), 3 * N_JOINTS)
    full[:, GLOBAL], full[:, JAW] = pose[:, :3], pose[:, 3:]
    if eye_pose is not None:
        full[:, EYES] = torch.as_tensor(eye_pose, dtype=pose.dtype, device=pose.device)
    return full


def rotation_matrices(vectors: Tensor) -> Tensor:
    """Turn axis-angle vectors (..., 3), radians, into rotations (..., 3, 3).

    Rodrigues' formula with the reference's guard against zero: the angle is
    the length of the vector with 1e-8 added to each component.
    """
    angle = torch.linalg.vector_norm(vectors + ALMOST_ZERO, dim=-1, keepdim=True)
    x, y, z = (vectors / angle).unbind(dim=-1)
    zero = torch.zeros_like(x)
    cross = torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], dim=-1).unflatten(-1, (3, 3))
    angle = angle[..., None]
    identity = torch.eye(3, dtype=vectors.dtype, device=vectors.device)
    return identity + torch.sin(angle) * cross + (1 - torch.cos(angle)) * (cross @ cross)


def _table(weights: Mapping[str, NDArray[Any]], name: str, shape: tuple[int, ...]) -> NDArray[Any]:
    try:
        found = weights[name]
    except KeyError:
        raise InputError(
            f"{name} is missing from the weights of emoca. Run: affectflow convert-weights emoca"
        ) from None
    if found.shape != shape:
        raise InputError(
            f"{name} of the weights of emoca has the shape {found.shape}, FLAME 2020 has {shape}. "
            "Place the official files and run: affectflow convert-weights emoca"
        )
    return found
