"""Valence and arousal from pixels while a face is being watched: as often as the network keeps up."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from affectflow.config.study import Study
from affectflow.face.affect import AFFECT, NEEDS_VIDEO
from affectflow.face.affect.base import AffectBackend
from affectflow.registry import load
from affectflow.weights import WEIGHTS
from affectflow.weights.base import converted_path, manifest_path
from affectflow.weights.open_model import open_model

if TYPE_CHECKING:
    from affectflow.live.stream import Picture

# A reading older than this says nothing of the face that is shown.
FRESH_S = 2.0
# Nothing was chosen: the first of these whose weights are installed.
NONE = "none"


@dataclass(frozen=True)
class Affect:
    """One reading.

    Attributes
    ----------
    row
        One row of `schema.AFFECT`.
    time_s
        Of the picture that was read.
    """

    row: pl.DataFrame
    time_s: float

    @property
    def valence(self) -> float | None:
        """-1..1; None where there was no face to read."""
        return self.row["valence"][0]

    @property
    def arousal(self) -> float | None:
        """-1..1; None where there was no face to read."""
        return self.row["arousal"][0]


class AffectReader:
    """Reads pictures in a thread of its own; a picture that comes while it is busy is left out.

    Parameters
    ----------
    backend
        A loaded estimator.
    """

    def __init__(self, backend: AffectBackend) -> None:
        self.name, self._backend = backend.name, backend
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="affect")
        self._busy: Future[Affect] | None = None
        self._newest: Affect | None = None

    def read(self, face: pl.DataFrame, picture: Picture) -> Affect:
        """Read a picture and wait for the answer.

        Parameters
        ----------
        face
            Its row of `schema.FACES`.
        picture
            What to look at.
        """
        return Affect(pl.concat(self._backend.extract([face], [picture])), picture.time_s)

    def offer(self, face: pl.DataFrame, picture: Picture) -> Affect | None:
        """Read a picture if nothing else is being read; return the newest reading that is still fresh."""
        if self._busy is not None and self._busy.done():
            self._newest, self._busy = self._busy.result(), None
        if self._busy is None:
            self._busy = self._thread.submit(self.read, face, picture)
        if self._newest is not None and picture.time_s - self._newest.time_s > FRESH_S:
            self._newest = None
        return self._newest

    def close(self) -> None:
        """Wait for what is being read, and end the thread."""
        self._thread.shutdown(wait=True, cancel_futures=True)


def open_affect(study: Study, models: Path) -> AffectReader | None:
    """Open the network that reads valence and arousal: the study's, else one that is installed.

    Parameters
    ----------
    study
        `face.affect.backend` names it; with none, any whose converted weights lie in `models` is taken.
    models
        Such as resources/models.

    Returns
    -------
    None without a network: nothing is installed, or the study wants the rough estimate from expressions.

    Raises
    ------
    MissingDependencyError
        If the study names one whose weights are not there.
    """
    name = study.face.affect.backend
    if name == NONE:
        name = next((n for n in AFFECT if _installed(n, models)), NONE)
    if name == NONE or (name in AFFECT and name not in NEEDS_VIDEO):
        return None
    kind: type[AffectBackend] = load(AFFECT, name, "face.affect.backend")
    device = kind.choose_device(study.device, granted_gpus=1)
    settings = study.face.affect.model_dump(exclude={"backend", "smoothing", "legacy_zero_start"})
    return AffectReader(kind.load(open_model(name, models / name), device=device, options=settings))


def _installed(name: str, models: Path) -> bool:
    paths = (converted_path(name, models / name), manifest_path(name, models / name))
    return name in WEIGHTS and all(path.is_file() for path in paths)
