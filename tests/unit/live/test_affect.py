"""The network beside the page: read as often as it keeps up, chosen where it is installed."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from affectflow.config.affect import Affect as AffectSettings
from affectflow.config.study import Study
from affectflow.errors import MissingDependencyError
from affectflow.face.affect.base import AffectBackend
from affectflow.face.affect.extract_affect import extract_affect
from affectflow.live.affect import FRESH_S, AffectReader, open_affect
from affectflow.live.stream import LiveStream, Picture
from tests.support.faces import background, paste_face
from tests.support.live import smiling

FACES = smiling(np.zeros(10))


class Slow(AffectBackend):
    """Answers when it is allowed to, with the frame's number."""

    name = "slow"
    columns = ()

    def __init__(self) -> None:
        self.go = threading.Semaphore(0)

    @classmethod
    def load(cls, weights=None, *, device="cpu", options=None):
        return cls()

    def extract(self, rows, frames=None):
        for face, frame in zip(rows, frames, strict=True):
            self.go.acquire()
            valence = pl.lit(frame.frame_id / 10, dtype=pl.Float32)
            yield face.select("recording_id", "frame_id", "time_s", "valid").with_columns(
                valence=valence, arousal=valence
            )


def picture(i: int, time_s: float | None = None) -> Picture:
    return Picture(i, i / 10 if time_s is None else time_s, np.zeros((8, 8, 3), np.uint8))


def test_pictures_that_come_while_it_reads_are_left_out():
    backend = Slow()
    reader = AffectReader(backend)
    assert reader.offer(FACES[0], picture(0)) is None
    assert reader.offer(FACES[1], picture(1)) is None
    backend.go.release()
    reader._busy.result()
    told = reader.offer(FACES[2], picture(2))
    assert (told.valence, told.time_s) == (0.0, 0.0)
    backend.go.release()
    reader._busy.result()
    assert reader.offer(FACES[3], picture(3)).time_s == 0.2
    backend.go.release()
    reader.close()


def test_an_old_reading_says_nothing_of_the_face_that_is_shown():
    backend = Slow()
    reader = AffectReader(backend)
    reader.offer(FACES[0], picture(0))
    backend.go.release()
    reader._busy.result()
    assert reader.offer(FACES[1], picture(1, FRESH_S + 0.1)) is None
    backend.go.release()
    reader.close()


def test_without_weights_there_is_none(tmp_path):
    assert open_affect(Study(), tmp_path) is None


def test_a_study_that_wants_the_rough_estimate_opens_no_network(emonet_weights):
    """Although one is installed."""
    models = Path(emonet_weights.path).parent.parent
    face = Study().face.model_copy(update={"affect": AffectSettings(backend="from_expressions")})
    assert open_affect(Study().model_copy(update={"face": face}), models) is None


def test_a_network_that_the_study_asks_for_must_be_there(tmp_path):
    study = Study().model_copy(
        update={"face": Study().face.model_copy(update={"affect": AffectSettings(backend="emonet")})}
    )
    with pytest.raises(MissingDependencyError, match="emonet"):
        open_affect(study, tmp_path)


def test_installed_weights_are_used_and_say_what_the_stage_says(emonet_weights):
    reader = open_affect(Study(), Path(emonet_weights.path).parent.parent)
    assert reader.name == "emonet"
    rgb = paste_face(background(320, 240), x=40, y=0, face_px=120)
    stream = LiveStream(Study().face, Study().features.blink, affect=reader, every_frame=True)
    seen = stream.step(rgb, 0.0)
    stage = pl.concat(extract_affect([seen.face], reader._backend, frames=[seen.picture]))
    assert seen.affect.row.equals(stage)
    assert -1 <= seen.affect.valence <= 1
    stream.close()
    reader.close()
