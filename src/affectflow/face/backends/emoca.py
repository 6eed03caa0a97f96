"""EMOCA v2: face codes from pixels, through three networks and the FLAME head model.

Expression from EMOCA's network (Daněček, Black and Bolkart 2022), head and jaw
rotation from DECA's (Feng, Feng, Black and Bolkart 2021), landmarks from the
FLAME head they stand for (Li, Bolkart, Black, Li and Romero 2017). Weights are
the user's own: `affectflow convert-weights emoca`.

Decoding, cropping and the networks overlap: a thread decodes, some cut crops,
the caller's thread runs the networks on crops that are ready.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from functools import cached_property
from itertools import islice
from typing import Any

import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray

from affectflow.config.face import Codes, Emoca
from affectflow.errors import MissingDependencyError
from affectflow.face.ahead import map_ahead
from affectflow.face.aligned import align_faces
from affectflow.face.backends.base import FaceBackend
from affectflow.face.emoca.codes import has_encoder
from affectflow.face.emoca.crop import CROP_PX, table_square
from affectflow.face.emoca.crop_frames import Cropper, face_frames, usable_landmarks
from affectflow.face.emoca.encoders import Encoders
from affectflow.face.emoca.flame import GLOBAL, FlameModel, full_pose, rotation_matrices
from affectflow.face.emoca.flame_views import flame_views
from affectflow.face.emoca.warp import FaceCrop
from affectflow.face.emoca.whole import whole_picture
from affectflow.face.extract_codes import codes_table
from affectflow.face.measures import measure_faces
from affectflow.schema import EXP, POSE

logger = logging.getLogger("affectflow")
Arrays = dict[str, NDArray[np.float32]]
# Centre and side of the reference's square, as `FaceCrop` has them.
Square = tuple[NDArray[np.float64], int]
CM = 100.0
# Passes whose crops are made ahead: one that runs next, one that is being filled.
PASSES_AHEAD = 2
# Meshes built at once.
CHUNK_MESHES = 256


class EmocaBackend(FaceBackend):
    """Codes from EMOCA's networks, meshes from FLAME."""

    name = "emoca"
    needs_video = True
    needs_gpu = True
    takes_whole = True

    def __init__(
        self,
        weights: Mapping[str, NDArray[Any]],
        *,
        device: str = "cpu",
        settings: Emoca | None = None,
        parameters: tuple[str, ...] = (),
    ) -> None:
        self._weights, self._device = weights, torch.device(device)
        self._settings, self._parameters = settings or Emoca(), parameters
        self.triangles = np.asarray(weights["flame.faces_tensor"], np.int32)

    @classmethod
    def load(
        cls,
        weights: Mapping[str, NDArray[Any]] | None = None,
        *,
        device: str = "cpu",
        options: Mapping[str, Any] | None = None,
    ) -> EmocaBackend:
        """Make the backend ready; networks are read by the first `extract`. See `FaceBackend.load`."""
        if weights is None:
            raise MissingDependencyError(
                "backend emoca cannot work without its weights. Run: affectflow convert-weights emoca"
            )
        options = dict(options or {})
        parameters = Codes(parameters=options.pop("parameters", [])).parameters
        for name in Codes(parameters=options.pop("parameters_if_there", [])).parameters:
            if name == "detail" and not has_encoder(weights, "E_detail"):
                logger.warning(
                    "the weights hold no E_detail (a coarse checkpoint), so the codes hold no detail and pictures with "
                    "wrinkles are left out"
                )
            elif name not in parameters:
                parameters.append(name)
        return cls(weights, device=device, settings=Emoca(**options), parameters=tuple(parameters))

    @cached_property
    def _encoders(self) -> Encoders:
        return Encoders.from_arrays(
            self._weights,
            device=self._device,
            precision=self._settings.precision,
            batch_size=self._settings.batch_size,
            compile=self._settings.compile,
            detail="detail" in self._parameters,
        )

    @cached_property
    def _landmark_model(self) -> FlameModel:
        return FlameModel.from_arrays(self._weights, device=self._device).landmarks_only()

    @cached_property
    def _mesh_model(self) -> FlameModel:
        return FlameModel.from_arrays(self._weights)

    @cached_property
    def _cropper(self) -> Cropper:
        settings = self._settings
        return Cropper(points=settings.points, method=settings.crop, device=str(self._device))

    def extract(
        self, faces: Iterable[pl.DataFrame], frames: Iterable[Any] | None = None
    ) -> Iterator[pl.DataFrame]:
        """Make codes from pixels; see `FaceBackend.extract`."""
        if frames is None:
            raise ValueError("emoca looks at pixels and needs the frames")
        started, n_frames, n_coded = time.monotonic(), 0, 0
        with _torch_threads(self._settings.threads), closing(self._encode(faces, frames)) as encoded:
            for piece, squares, codes in encoded:
                n_frames, n_coded = n_frames + piece.height, n_coded + len(codes["pose"])
                yield self._table(piece, squares, codes)
        self._say_how(n_frames, n_coded, time.monotonic() - started)

    def extract_whole(self, frames: Iterable[Any]) -> Iterator[pl.DataFrame]:
        """Make codes of whole pictures, a pass of the networks at a time; see `FaceBackend.extract_whole`."""
        coming = iter(frames)
        while some := list(islice(coming, self._encoders.batch_size)):
            with _torch_threads(self._settings.threads):
                codes = self._encoders.encode(_stack([whole_picture(frame.rgb) for frame in some]))
            columns = dict(zip((*EXP, *POSE), np.hstack([codes["exp"], codes["pose"]]).T, strict=True))
            for name in self._parameters:
                columns |= _numbered(name, codes[name])
            made = pl.DataFrame(
                [pl.Series(name, values, dtype=pl.Float32) for name, values in columns.items()]
            )
            ids = pl.Series("frame_id", [frame.frame_id for frame in some], dtype=pl.Int32)
            yield made.select(ids, pl.lit(True).alias("valid"), pl.all())

    def _encode(
        self, faces: Iterable[pl.DataFrame], frames: Iterable[Any]
    ) -> Generator[tuple[pl.DataFrame, list[Square | None], Arrays], None, None]:
        """Yield each piece of faces with the crops' squares of its rows and the codes of those that have one."""
        n_pass = self._encoders.batch_size
        crops = map_ahead(
            face_frames(faces, frames),
            self._cropper,
            workers=self._settings.threads,
            results_ahead=PASSES_AHEAD * n_pass,
        )
        rows: list[Square | None] = []
        waiting: list[NDArray[np.uint8]] = []
        passes: list[Arrays] = []
        with closing(crops):
            for crop in crops:
                at_end = isinstance(crop, pl.DataFrame)
                if isinstance(crop, FaceCrop):
                    waiting.append(crop.rgb)
                # Passes end with their piece: its numbers then do not depend on what came before.
                if len(waiting) == n_pass or at_end:
                    passes.append(self._encoders.encode(_stack(waiting)))
                    waiting = []
                if isinstance(crop, pl.DataFrame):
                    codes = {name: np.concatenate([p[name] for p in passes]) for name in passes[0]}
                    yield crop, rows, codes
                    rows, passes = [], []
                else:
                    # Not the crop itself: the pixels of a piece are 150 MiB.
                    rows.append(None if crop is None else (crop.centre, crop.size))

    def _table(self, faces: pl.DataFrame, squares: list[Square | None], codes: Arrays) -> pl.DataFrame:
        """Lay the codes of a piece, and what follows from them, beside their frames."""
        coded = np.array([square is not None for square in squares], bool)
        tracked, landmarks = usable_landmarks(faces)
        _, aligned = align_faces(landmarks[coded[tracked]])
        centre, size = table_square(
            np.array([square[0] for square in squares if square is not None]).reshape(-1, 2),
            np.array([square[1] for square in squares if square is not None]),
        )
        columns = dict(zip(EXP, codes["exp"].T, strict=True)) | dict(zip(POSE, codes["pose"].T, strict=True))
        columns |= measure_faces(aligned) | flame_views(self._landmark_model, codes)
        columns |= {"crop_x_px": centre[:, 0], "crop_y_px": centre[:, 1], "crop_size_px": size}
        for name in self._parameters:
            columns |= _numbered(name, codes[name])
        return codes_table(faces, coded, columns)

    def mesh(self, exp: NDArray[np.floating], pose: NDArray[np.floating]) -> NDArray[np.float32]:
        """Build FLAME heads of the mean shape, (n, 5023, 3); see `FaceBackend.mesh`."""
        exp, pose = np.asarray(exp, np.float32), np.asarray(pose, np.float32)
        starts = range(0, max(len(pose), 1), CHUNK_MESHES)
        parts = [self._heads(exp[i : i + CHUNK_MESHES], pose[i : i + CHUNK_MESHES]) for i in starts]
        return np.concatenate(parts)

    @torch.inference_mode()
    def _heads(self, exp: NDArray[np.float32], pose: NDArray[np.float32]) -> NDArray[np.float32]:
        model = self._mesh_model
        posed = full_pose(torch.from_numpy(pose))
        vertices, joints = model.skin(posed, None, torch.from_numpy(exp))
        # FLAME turns a head about the base of its neck; here its middle stays at the origin.
        template = model.template_3v
        middle = (template.amin(dim=1) + template.amax(dim=1)) / 2
        arm = middle - model.joint_template[:3]
        turned = rotation_matrices(posed[:, GLOBAL]) @ arm + joints[:, 0]
        return ((vertices - turned[:, None]) * CM).numpy()

    def _say_how(self, n_frames: int, n_coded: int, seconds: float) -> None:
        encoders = self._encoders
        memory = ""
        if self._device.type == "cuda":
            peak = torch.cuda.max_memory_allocated(self._device) / 2**30
            memory = f", at most {peak:.1f} GiB of {torch.cuda.get_device_name(self._device)}"
        logger.info(
            "emoca: %d frames, %d with a face, %.1f frames per second on %s in %s, %d crops per pass%s",
            n_frames,
            n_coded,
            n_frames / max(seconds, 1e-9),
            self._device.type,
            str(encoders.dtype).removeprefix("torch."),
            encoders.batch_size,
            memory,
        )


def _numbered(name: str, code_nk: NDArray[np.float32]) -> Arrays:
    """Return a further code as columns: name_00, name_01 and so on."""
    width = max(len(str(code_nk.shape[1] - 1)), 2)
    return {f"{name}_{i:0{width}d}": numbers for i, numbers in enumerate(code_nk.T)}


def _stack(crops: list[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    return np.stack(crops) if crops else np.empty((0, CROP_PX, CROP_PX, 3), np.uint8)


@contextmanager
def _torch_threads(n: int) -> Iterator[None]:
    """Let torch use so many threads of the CPU, and put the number back."""
    before = torch.get_num_threads()
    torch.set_num_threads(n)
    try:
        yield
    finally:
        torch.set_num_threads(before)
