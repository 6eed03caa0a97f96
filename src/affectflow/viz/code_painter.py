"""Pictures of one EMOCA code: the head's geometry, with and without wrinkles, and the photograph it predicts.

The names are the reference's. Geometry is grey on black under five lamps;
output images are grey skin (albedo 0.5, there is no texture model) under the
light of the code, laid over the crop.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from affectflow.face.emoca.camera import project_3d
from affectflow.face.emoca.crop import CROP_PX
from affectflow.face.emoca.detail import DetailDecoder
from affectflow.face.emoca.flame import FlameModel
from affectflow.viz.detail_normals import TextureLayout, detail_normals, unit
from affectflow.viz.draw import Picture, draw_landmarks
from affectflow.viz.mesh_renderer import vertex_normals
from affectflow.viz.rasterisers.base import Fragments, Rasteriser
from affectflow.viz.surface_light import harmonic_light, lamp_light

logger = logging.getLogger("affectflow")

GEOMETRY_ALBEDO = 180 / 255
SKIN_ALBEDO = 0.5
PLAIN_KINDS = ("inputs", "landmarks_predicted", "geometry_coarse", "output_images_coarse")
DETAIL_KINDS = ("geometry_detail", "output_images_detail")
# The order in which they are shown.
KINDS = (
    "inputs",
    "landmarks_predicted",
    "geometry_coarse",
    "geometry_detail",
    "output_images_coarse",
    "output_images_detail",
)
MASK_TABLES = ("uv.coordinates", "uv.triangles", "uv.face_eye_mask")
# Where the official distribution keeps what pictures of wrinkles need.
SOURCES = {
    "uv.coordinates": "head_template.obj",
    "uv.triangles": "head_template.obj",
    "uv.fixed_displacement": "fixed_displacement_256.npy",
    "uv.face_eye_mask": "uv_face_eye_mask.png",
    "D_detail.l1.0.weight": "the checkpoint of mode detail",
}


@dataclass(frozen=True)
class VisCode:
    """The numbers of one frame that its pictures are drawn from.

    Attributes
    ----------
    shape, exp, pose, cam, light
        (100,), (50,), (6,), (3,), (27,) of the codes table.
    detail
        (128,), or None without a detail code.
    landmarks_68, landmarks_105
        (68, 2) and (105, 2) in unit coordinates of the crop.
    """

    shape: NDArray[np.float32]
    exp: NDArray[np.float32]
    pose: NDArray[np.float32]
    cam: NDArray[np.float32]
    light: NDArray[np.float32]
    detail: NDArray[np.float32] | None
    landmarks_68: NDArray[np.float32]
    landmarks_105: NDArray[np.float32]


class CodePainter:
    """Draws pictures of codes.

    Parameters
    ----------
    weights
        Name → array of the converted weights of EMOCA. Pictures with wrinkles
        also need `SOURCES`; without them they are left out, and the log says so.
    rasteriser
        What finds the triangle behind each pixel.
    with_detail
        Whether the codes have a detail code.
    """

    def __init__(
        self, weights: Mapping[str, NDArray[Any]], *, rasteriser: Rasteriser, with_detail: bool = True
    ) -> None:
        self._rasteriser = rasteriser
        self._flame = FlameModel.from_arrays(weights)
        self._triangles = self._flame.triangles
        self._layout: TextureLayout | None = None
        self._decoder: DetailDecoder | None = None
        if all(name in weights for name in MASK_TABLES):
            self._mask = np.asarray(weights["uv.face_eye_mask"], np.float32)
            self._layout = TextureLayout(
                weights["uv.coordinates"],
                weights["uv.triangles"],
                size_px=len(self._mask),
                rasteriser=rasteriser,
            )
        reason = missing_for_detail(weights)
        if not reason and not with_detail:
            reason = "the codes hold no detail code (face.codes.parameters)"
        if reason:
            logger.warning("%s are left out: %s", " and ".join(DETAIL_KINDS), reason)
        else:
            self._decoder = DetailDecoder.from_arrays(weights)
            self._fixed = np.asarray(weights["uv.fixed_displacement"], np.float32)

    @property
    def kinds(self) -> tuple[str, ...]:
        """Names of the pictures, in the order of `KINDS`."""
        return tuple(k for k in KINDS if k in PLAIN_KINDS or self._decoder)

    def paint(self, crop: Picture, code: VisCode) -> dict[str, Picture]:
        """Draw the pictures of one code.

        Parameters
        ----------
        crop
            (224, 224, 3) uint8 RGB, what the encoders saw.
        code
            What they made of it.

        Returns
        -------
        Name → (224, 224, 3) uint8 RGB, the names of `kinds`.
        """
        vertices = self._vertices(code)
        seen = self._rasterise(vertices, code.cam)
        normals = vertex_normals(vertices, self._triangles.astype(np.int32))
        coarse = unit(seen.spread(normals, self._triangles))
        face = self._face_share(seen)
        pictures = {
            "inputs": crop.copy(),
            "landmarks_predicted": _with_landmarks(crop, code),
            "geometry_coarse": _geometry(coarse, seen),
            "output_images_coarse": _output(coarse, face, code.light, crop),
        }
        if self._decoder and self._layout:
            fine = self._fine_normals(vertices, code, seen, self._decoder, self._layout)
            pictures["geometry_detail"] = _geometry(fine, seen)
            pictures["output_images_detail"] = _output(fine, face, code.light, crop)
        return {kind: pictures[kind] for kind in self.kinds}

    def _vertices(self, code: VisCode) -> NDArray[np.float32]:
        with torch.inference_mode():
            return self._flame.vertices(code.shape[None], code.exp[None], code.pose[None])[0].numpy()

    def _rasterise(self, vertices: NDArray[np.float32], cam: NDArray[np.float32]) -> Fragments:
        with torch.inference_mode():
            projected = project_3d(torch.from_numpy(vertices)[None], torch.tensor(cam)[None])[0].numpy()
        # A crop's pixel i shows the unit coordinate 2 i / 224 - 1, a rasteriser asks half a pixel further.
        shift = np.array([1 / CROP_PX, 1 / CROP_PX, 0], np.float32)
        return self._rasteriser.rasterise(projected + shift, self._triangles, size_px=CROP_PX)

    def _face_share(self, seen: Fragments) -> NDArray[np.float32]:
        """Where output images replace the photograph, (224, 224) 0..1: face and eyes; without a mask, the head."""
        if not self._layout:
            return seen.covered.astype(np.float32)
        return self._layout.look_up(self._mask[..., None], seen)[..., 0]

    def _fine_normals(
        self,
        vertices: NDArray[np.float32],
        code: VisCode,
        seen: Fragments,
        decoder: DetailDecoder,
        layout: TextureLayout,
    ) -> NDArray[np.float32]:
        if code.detail is None:
            raise ValueError("this code has no detail; make the painter with_detail=False")
        learnt = decoder.displacements(code.pose[None, 3:], code.exp[None], code.detail[None])[0]
        displacement = learnt * self._mask + self._fixed
        directions = detail_normals(vertices, self._triangles, displacement, self._mask, layout=layout)
        return unit(layout.look_up(directions, seen))


def missing_for_detail(weights: Mapping[str, Any]) -> str:
    """Say what pictures with wrinkles lack, or nothing."""
    absent = [name for name in SOURCES if name not in weights]
    if not absent:
        return ""
    files = ", ".join(dict.fromkeys(SOURCES[name] for name in absent))
    return (
        f"the weights lack {', '.join(absent)}. Place {files} in resources/models/emoca and run: "
        "affectflow convert-weights emoca"
    )


def _geometry(normals: NDArray[np.float32], seen: Fragments) -> Picture:
    shade = GEOMETRY_ALBEDO * lamp_light(normals) * seen.covered
    return _to_levels(np.repeat(shade[..., None], 3, axis=2))


def _output(
    normals: NDArray[np.float32], face: NDArray[np.float32], light: NDArray[np.float32], crop: Picture
) -> Picture:
    lit = np.clip(SKIN_ALBEDO * harmonic_light(normals, light), 0, 1)
    share = face[..., None]
    return _to_levels(share * lit + (1 - share) * (crop.astype(np.float32) / 255))


def _to_levels(picture: NDArray[np.float32]) -> Picture:
    return (np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8)


def _with_landmarks(crop: Picture, code: VisCode) -> Picture:
    picture = crop.copy()
    # Crop pixels with the centre of pixel i at i, which is how OpenCV counts too.
    points_68, points_105 = ((u * 0.5 + 0.5) * CROP_PX for u in (code.landmarks_68, code.landmarks_105))
    draw_landmarks(picture, points_68, points_105)
    return picture
